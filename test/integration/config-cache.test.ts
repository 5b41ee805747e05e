import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheFile } from '../../src/config/cache.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wilson-config-cache-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Reads every configuration again and again through the shared cache, and fails on the first wrong answer. */
const reader = `
const { loadConfigQuick } = await import(${JSON.stringify(pathToFileURL(join(process.cwd(), 'src/config/load.ts')).href)});
const now = Date.now;
Date.now = () => now() + 1_000; // files count as settled
const folder = process.env.FOLDER;
for (let round = 0; round < 10; round++) {
  for (let index = 1; index <= 20; index++) {
    const path = folder + '/' + index + '.yaml';
    const config = await loadConfigQuick({ path, cwd: folder, env: process.env });
    if (config.file !== path || config.workers.maxConcurrent !== index) throw new Error('wrong: ' + path);
  }
}
`;

it('serves several processes at once, more files than it keeps, and never half a copy', async () => {
  const state = join(folder, 'state');
  mkdirSync(join(folder, 'files'));
  for (let index = 1; index <= 20; index++) {
    writeFileSync(join(folder, 'files', `${index}.yaml`), `workers: {max_concurrent: ${index}}\n`);
  }
  const env = { ...process.env, FOLDER: join(folder, 'files'), WILSON_HOME: state };
  const children = Array.from({ length: 3 }, () => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', reader];
    return spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  });
  const ends = await Promise.all(children.map(ended));
  expect(ends).toEqual(children.map(() => ({ code: 0, stderr: '' })));
  expect(readdirSync(state)).toEqual(['config-cache.json']);
  expect(JSON.parse(readFileSync(cacheFile(state), 'utf8'))).toHaveLength(16);
  for (const { pid } of children) expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
});

async function ended(child: ChildProcess): Promise<{ code: unknown; stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
}
