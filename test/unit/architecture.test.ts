import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';

/*
 * The import rule of docs/architecture.md: imports go one way, and nothing on the workers' side of the process boundary
 * reaches the supervisor, the store or the chat. `biome` refuses cycles.
 */

const root = fileURLToPath(new URL('../../', import.meta.url));
const base = ['src/errors.ts', 'src/clock.ts', 'src/log.ts', 'src/task', 'src/platform', 'src/config'];
/** Types alone: what the supervisor asks of others and offers to them. */
const supervisorPort = 'src/supervisor/port.ts';

/** What files below a place may import, besides what lies below the same place. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/errors.ts': [],
  'src/clock.ts': [],
  'src/log.ts': ['src/errors.ts', 'src/config/paths.ts'],
  'src/task': ['src/errors.ts'],
  'src/platform': ['src/errors.ts', 'src/clock.ts', 'src/task'],
  'src/config': ['src/errors.ts', 'src/platform', 'src/task', 'src/providers/ollama-host.ts'],
  'src/catalog': base,
  'src/protocol': base,
  'src/workspace': base,
  'src/verification': [...base, 'src/workspace'],
  'src/providers': [...base, 'src/protocol', 'src/catalog'],
  'src/tools': [...base, 'src/workspace', 'src/providers'],
  'src/agents': [...base, 'src/tools', 'src/providers', 'src/protocol', 'src/workspace', 'src/verification'],
  workers: [...base, 'src/agents', 'src/tools', 'src/providers', 'src/protocol', 'src/workspace'],
  'src/store': [...base, 'src/workspace'],
  'src/supervisor': [...base, 'src/store', 'src/protocol', 'src/workspace'],
  'src/models': [...base, 'src/store', 'src/catalog', 'src/providers', 'src/protocol', supervisorPort],
  'src/terminal': [...base, supervisorPort],
  'src/chat': [...base, 'src/terminal', 'src/providers/provider.ts', supervisorPort],
  'src/cli': ['src'],
  'src/main.ts': ['src/cli', 'src/terminal/end-process.ts'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function below(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const target = normalize(join(dirname(file), match[1] ?? ''))
      .replaceAll('\\', '/')
      .replace(/\.js$/, '.ts');
    found.push({ from: file, to: target });
  }
  return found;
}

function isAllowed({ from, to }: Import): boolean {
  const place = Object.keys(allowed).find((candidate) => below(from, candidate));
  if (place === undefined) return false;
  return below(to, place) || (allowed[place] ?? []).some((target) => below(to, target));
}

const files = globSync(['src/**/*.ts', 'workers/**/*.ts'], { cwd: root });

describe('imports', () => {
  it('go one way', () => {
    expect(files.length).toBeGreaterThan(100);
    const wrong = files
      .flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))
      .filter((one) => !isAllowed(one));
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('of supervisor/port.ts outside the supervisor are types', () => {
    const values = files
      .filter((file) => !below(file, 'src/supervisor') && !below(file, 'src/cli'))
      .filter((file) => /^import (?!type\b)[^;]*supervisor\/port\.js'/m.test(readFileSync(join(root, file), 'utf8')));
    expect(values).toEqual([]);
  });

  it.each([
    ['src/agents/x.ts', "import { Store } from '../store/store.js';"],
    ['src/tools/x.ts', "const s = await import('../supervisor/supervisor.js');"],
    ['workers/x.ts', "import type { T } from '../src/chat/turns.js';"],
    ['src/chat/x.ts', "import { Supervisor } from '../supervisor/supervisor.js';"],
    ['src/platform/x.ts', "import { run } from '../cli/run.js';"],
  ])('of a forbidden kind are found (%s)', (file, text) => {
    expect(importsOf(file, text).filter((one) => !isAllowed(one))).toHaveLength(1);
  });
});

describe('a source file', () => {
  it('has at most 400 lines', () => {
    const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });
});
