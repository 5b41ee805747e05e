import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tryLock } from '../../../src/models/download-lock.js';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { tempFolder } from '../../helpers/temp-folder.js';

describe('the lock of a download', () => {
  it('is held by one and free again after its release', async () => {
    const path = join(tempFolder(), 'm.lock');
    const first = await tryLock(path);
    expect(await tryLock(path)).toEqual({ taken: false, holderPid: process.pid });
    if (first.taken) await first.release();
    expect((await tryLock(path)).taken).toBe(true);
  });

  it.each([
    ['another boot', { ...ownIdentity(), bootId: 'before the power failed' }],
    ['a dead process', { ...ownIdentity(), pid: 0x7fffffff }],
    ['a pid that belongs to a stranger now', { ...ownIdentity(), startTime: '1' }],
  ])('is taken over from %s', async (_what, identity) => {
    const path = join(tempFolder(), 'm.lock');
    writeFileSync(path, JSON.stringify({ ...identity, token: 'theirs' }));
    expect((await tryLock(path)).taken).toBe(true);
    expect((await tryLock(path)).taken).toBe(false);
  });

  it('is taken over when it is no lock at all, and leaves nothing behind', async () => {
    const folder = tempFolder();
    const path = join(folder, 'm.lock');
    writeFileSync(path, 'half a rec');
    const lock = await tryLock(path);
    expect(readdirSync(folder)).toEqual(['m.lock']);
    if (lock.taken) await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes to exactly one of many who ask at once', async () => {
    const path = join(tempFolder(), 'm.lock');
    const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(path)));
    expect(attempts.filter((attempt) => attempt.taken)).toHaveLength(1);
  });

  it('does not take away the lock of whoever came after', async () => {
    const path = join(tempFolder(), 'm.lock');
    const first = await tryLock(path);
    writeFileSync(path, JSON.stringify({ ...ownIdentity(), token: 'a later one' }));
    if (first.taken) await first.release();
    expect((await tryLock(path)).taken).toBe(false);
  });
});
