import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfigQuick } from '../../../src/config/load.js';

describe('loadConfigQuick', () => {
  let folder: string;
  const now = Date.now;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wilson-quick-'));
    // A file counts as settled once the clock has moved on a little.
    Date.now = () => now() + 1_000;
  });
  afterAll(() => {
    Date.now = now;
    vi.doUnmock('yaml');
    vi.doUnmock('zod');
    rmSync(folder, { recursive: true, force: true });
  });

  it('imports neither yaml nor zod for a file that an earlier call has read', async () => {
    const path = join(folder, 'config.yaml');
    writeFileSync(path, 'workers: {max_concurrent: 3}\n');
    const options = { path, cwd: folder, env: { HOME: folder, WILSON_HOME: join(folder, 'state') } };
    const first = await loadConfigQuick(options);

    const refuse = (): never => {
      throw new Error('imported a heavy package');
    };
    vi.resetModules();
    vi.doMock('yaml', refuse);
    vi.doMock('zod', refuse);
    const fresh = await import('../../../src/config/load.js');
    expect(await fresh.loadConfigQuick(options)).toEqual(first);

    writeFileSync(path, 'workers: {max_concurrent: 4}\n');
    await expect(fresh.loadConfigQuick(options)).rejects.toThrow();
  });
});
