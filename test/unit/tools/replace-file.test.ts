import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFolder } from '../../../src/tools/folder-handle.js';
import { resolveInside } from '../../../src/tools/jail.js';
import { replaceFile } from '../../../src/tools/replace-file.js';
import { tempFolder } from '../../helpers/temp-folder.js';

let root: string;
let outside: string;

beforeEach(() => {
  const top = tempFolder();
  root = path.join(top, 'root');
  outside = path.join(top, 'outside');
  mkdirSync(path.join(root, 'sub'), { recursive: true });
  mkdirSync(path.join(outside, 'deep'), { recursive: true });
  writeFileSync(path.join(outside, 'file'), 'precious');
});

/** What another process may do between the check of a path and its use. */
function swap(): void {
  renameSync(path.join(root, 'sub'), path.join(root, 'aside'));
  symlinkSync(outside, path.join(root, 'sub'));
}

describe('a folder that became a link after its path was checked', () => {
  it.each(['sub/file', 'sub/new', 'sub/deep/new', 'sub/other/new'])('is not written through for %s', async (name) => {
    const absolute = await resolveInside(root, name);
    swap();
    await expect(replaceFile(root, absolute, Buffer.from('escaped'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(PATH_OUTSIDE_WORKSPACE|BAD_ARGUMENTS)$/),
    });
    expect(readFileSync(path.join(outside, 'file'), 'utf8')).toBe('precious');
    expect(readdirSync(outside).sort()).toEqual(['deep', 'file']);
    expect(readdirSync(path.join(outside, 'deep'))).toEqual([]);
  });

  it('is not opened', async () => {
    const absolute = await resolveInside(root, 'sub');
    swap();
    await expect(openFolder(root, absolute, false)).rejects.toMatchObject({
      code: expect.stringMatching(/^(PATH_OUTSIDE_WORKSPACE|BAD_ARGUMENTS)$/),
    });
  });
});

describe.runIf(process.platform === 'linux')('a folder that was opened before it became a link', () => {
  it('stays the one that was meant', async () => {
    const folder = await openFolder(root, path.join(root, 'sub'), false);
    try {
      swap();
      writeFileSync(folder.child('new'), 'inside');
      expect(readdirSync(folder.self)).toEqual(['new']);
    } finally {
      await folder.close();
    }
    expect(readFileSync(path.join(root, 'aside/new'), 'utf8')).toBe('inside');
    expect(readdirSync(outside).sort()).toEqual(['deep', 'file']);
  });
});

describe('what is no file', () => {
  it('is not replaced', async () => {
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    for (const name of ['pipe', 'sub']) {
      await expect(replaceFile(root, path.join(root, name), Buffer.from('x'))).rejects.toMatchObject({
        code: 'BAD_ARGUMENTS',
      });
    }
    expect(readdirSync(root).sort()).toEqual(['pipe', 'sub']);
  });
});
