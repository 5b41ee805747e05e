import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFile } from '../../../src/config/cache.js';
import { configTarget, loadConfig, loadConfigQuick, locateConfig } from '../../../src/config/load.js';
import { packagedConfig } from '../../../src/config/source.js';
import { WilsonError } from '../../../src/errors.js';

let folder: string;
let cwd: string;
let notes: string[];
let options: { env: Record<string, string>; cwd: string; onNote: (note: string) => void };
const userFile = () => join(folder, 'config', 'wilson', 'config.yaml');
const ours = (maxConcurrent: number) => `workers:\n  max_concurrent: ${maxConcurrent}\n`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wilson-config-'));
  cwd = join(folder, 'project');
  mkdirSync(cwd);
  mkdirSync(join(folder, 'config', 'wilson'), { recursive: true });
  notes = [];
  const env = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), WILSON_HOME: join(folder, 'state') };
  options = { env, cwd, onNote: (note) => notes.push(note) };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function refusal(promise: Promise<unknown>): Promise<WilsonError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof WilsonError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** Old enough for its state to be kept. */
function writeSettled(file: string, text: string): void {
  writeFileSync(file, text);
  // The kernel sets the time of change, so only waiting would make it older; the clock is moved instead.
  utimesSync(file, new Date(0), new Date(0));
}

describe.each([
  ['loadConfig', loadConfig],
  ['loadConfigQuick', loadConfigQuick],
])('%s', (_name, load) => {
  it('looks in each place in turn', async () => {
    expect((await load(options)).file).toBe(packagedConfig());
    writeFileSync(userFile(), ours(3));
    expect(await load(options)).toMatchObject({ file: userFile(), workers: { maxConcurrent: 3 } });
    writeFileSync(join(cwd, 'config.yaml'), ours(4));
    expect(await load(options)).toMatchObject({ file: join(cwd, 'config.yaml'), workers: { maxConcurrent: 4 } });
    writeFileSync(join(folder, 'named.yaml'), ours(5));
    const env = { ...options.env, WILSON_CONFIG: '../named.yaml' };
    expect(await load({ ...options, env })).toMatchObject({ workers: { maxConcurrent: 5 } });
    writeFileSync(join(folder, 'other.yaml'), ours(6));
    expect(await load({ ...options, env, path: join(folder, 'other.yaml') })).toMatchObject({
      workers: { maxConcurrent: 6 },
    });
    expect(notes).toEqual([]);
  });

  it("passes over another program's ./config.yaml and says so", async () => {
    writeFileSync(join(cwd, 'config.yaml'), 'title: My blog\ntheme: dark\n');
    expect((await load(options)).file).toBe(packagedConfig());
    expect(notes).toEqual([
      expect.stringMatching(/project\/config\.yaml is passed over: it has none of the keys llms/),
    ]);
  });

  it.each([
    ['a folder', (file: string) => mkdirSync(file)],
    ['a binary', (file: string) => writeFileSync(file, Buffer.from([1, 0, 2]))],
    ['a template', (file: string) => writeFileSync(file, '{{- if x }}\n a: {{ .y }}\n')],
    ['empty', (file: string) => writeFileSync(file, '')],
  ])('passes over a ./config.yaml that is %s', async (_kind, make) => {
    make(join(cwd, 'config.yaml'));
    expect((await load(options)).file).toBe(packagedConfig());
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(join(cwd, 'config.yaml'));
  });

  it('does not pass over a ./config.yaml of its own that is wrong', async () => {
    writeFileSync(join(cwd, 'config.yaml'), 'workers:\n  max_concurrent: many\n');
    const error = await refusal(load(options));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`${join(cwd, 'config.yaml')}:2:19 workers.max_concurrent: found "many"`);
    expect(error.hint).toContain('If the file belongs to another program');
  });

  it.each([
    ['a file that is not there', 'CONFIG_MISSING', () => undefined],
    ['a folder', 'CONFIG_UNREADABLE', (file: string) => mkdirSync(file)],
    ['a file of 2 MB', 'CONFIG_UNREADABLE', (file: string) => writeFileSync(file, 'a'.repeat(2_000_000))],
    ['a binary', 'CONFIG_NOT_YAML', (file: string) => writeFileSync(file, Buffer.from('llms:\n\n\0x'))],
    ['UTF-16', 'CONFIG_NOT_YAML', (file: string) => writeFileSync(file, Buffer.from('\ufeffllms:', 'utf16le'))],
    ['Latin-1', 'CONFIG_NOT_YAML', (file: string) => writeFileSync(file, Buffer.from('llms:\n# f\u00fcr\n', 'latin1'))],
    ['an empty file', 'CONFIG_INVALID', (file: string) => writeFileSync(file, '')],
  ])('refuses %s that was named', async (_kind, code, make) => {
    const path = join(folder, 'named.yaml');
    make(path);
    const error = await refusal(load({ ...options, path }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
    expect(error.hint).not.toBe('');
  });

  it('says on which line a file stops being text', async () => {
    const path = join(folder, 'named.yaml');
    writeFileSync(path, Buffer.from('llms:\n# f\u00fcr\n', 'latin1'));
    expect((await refusal(load({ ...options, path }))).message).toContain(`${path}:2 a character there`);
  });

  it('takes a byte order mark', async () => {
    writeFileSync(userFile(), `\ufeff${ours(7)}`);
    expect(await load(options)).toMatchObject({ workers: { maxConcurrent: 7 } });
  });

  it.skipIf(process.getuid?.() === 0)('does not pass over a file that may not be read', async () => {
    writeFileSync(join(cwd, 'config.yaml'), ours(3));
    chmodSync(join(cwd, 'config.yaml'), 0);
    expect((await refusal(load(options))).code).toBe('CONFIG_UNREADABLE');
  });
});

describe('the copy that loadConfigQuick keeps', () => {
  const cache = () => cacheFile(join(folder, 'state'));
  const later = { now: Date.now };
  /** A file counts as settled once the clock has moved on a little. */
  function moveClock(ms: number): void {
    Date.now = () => later.now() + ms;
  }
  afterEach(() => {
    Date.now = later.now;
  });

  it('is used until the file changes, also when its size and time stay', async () => {
    moveClock(1_000);
    writeSettled(userFile(), ours(3));
    await loadConfigQuick(options);
    const kept = readFileSync(cache(), 'utf8');
    expect(kept).toContain('maxConcurrent');
    expect(await loadConfigQuick(options)).toEqual(await loadConfig(options));
    expect(readFileSync(cache(), 'utf8')).toBe(kept);
    writeSettled(userFile(), ours(4));
    expect(await loadConfigQuick(options)).toMatchObject({ workers: { maxConcurrent: 4 } });
  });

  it('is what is read while the file stays as it is', async () => {
    moveClock(1_000);
    writeFileSync(userFile(), ours(3));
    await loadConfigQuick(options);
    const before = statSync(cache()).ino;
    await loadConfigQuick(options);
    // Had the file been parsed again, the cache would have been replaced.
    expect(statSync(cache()).ino).toBe(before);
  });

  it('is not made of a file that was written a moment ago', async () => {
    writeFileSync(userFile(), ours(3));
    await loadConfigQuick(options);
    expect(readdirSync(folder)).not.toContain('state');
  });

  it('remembers whose file it is, and still says that it is passed over', async () => {
    moveClock(1_000);
    writeFileSync(join(cwd, 'config.yaml'), 'title: x\n');
    await loadConfigQuick(options);
    await loadConfigQuick(options);
    expect(notes).toHaveLength(2);
    expect(notes[1]).toBe(notes[0]);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['with one figure changed', (text: string) => text.replace(/maxConcurrent\\":3/, 'maxConcurrent\\":9')],
    ['of another shape', () => '[{"file": 1}, null, 7]'],
    ['no JSON', () => '\0\u0001garbage'],
    ['empty', () => ''],
  ])('is ignored where it is %s', async (_kind, damage) => {
    moveClock(1_000);
    writeFileSync(userFile(), ours(3));
    await loadConfigQuick(options);
    const damaged = damage(readFileSync(cache(), 'utf8'));
    writeFileSync(cache(), damaged);
    expect(await loadConfigQuick(options)).toEqual(await loadConfig(options));
    expect(readFileSync(cache(), 'utf8')).not.toBe(damaged);
  });

  it('keeps a bounded number of folders and leaves no temporary file', async () => {
    moveClock(1_000);
    for (let index = 0; index < 20; index++) {
      const path = join(folder, `${index}.yaml`);
      writeFileSync(path, ours(3));
      await loadConfigQuick({ ...options, path });
    }
    expect(JSON.parse(readFileSync(cache(), 'utf8'))).toHaveLength(16);
    expect(readdirSync(join(folder, 'state'))).toEqual(['config-cache.json']);
  });

  it('is not needed: a state folder that cannot be written costs nothing but time', async () => {
    moveClock(1_000);
    writeFileSync(join(folder, 'state'), 'a file');
    writeFileSync(userFile(), ours(3));
    expect(await loadConfigQuick(options)).toMatchObject({ workers: { maxConcurrent: 3 } });
  });
});

describe('where a new configuration goes', () => {
  it('is over the one in force, even when that is invalid, else into the config folder', async () => {
    expect(await configTarget(options)).toBe(userFile());
    writeFileSync(join(cwd, 'config.yaml'), 'workers: nonsense\n');
    expect(await configTarget(options)).toBe(join(cwd, 'config.yaml'));
    expect(await configTarget({ ...options, path: 'new.yaml' })).toBe(join(cwd, 'new.yaml'));
  });

  it('is never over the packaged one, and never over a stranger', async () => {
    writeFileSync(join(cwd, 'config.yaml'), 'title: x\n');
    expect(await configTarget(options)).toBe(userFile());
    expect((await locateConfig(options)).origin).toBe('packaged');
  });
});
