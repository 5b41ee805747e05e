import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openInside, resolveInside } from '../../../src/tools/jail.js';

let top: string;
let root: string;

beforeEach(() => {
  top = realpathSync(mkdtempSync(path.join(tmpdir(), 'wilson-jail-')));
  root = path.join(top, 'root');
  mkdirSync(path.join(root, 'sub'), { recursive: true });
  mkdirSync(path.join(top, 'root-other'));
  writeFileSync(path.join(top, 'secret'), 'secret');
  writeFileSync(path.join(root, 'file'), 'file');
  writeFileSync(path.join(root, 'sub', 'inner'), 'inner');
  symlinkSync('../secret', path.join(root, 'out'));
  symlinkSync(top, path.join(root, 'up'));
  symlinkSync('sub', path.join(root, 'in'));
  symlinkSync(path.join(root, 'sub'), path.join(root, 'in-absolute'));
  symlinkSync('loop', path.join(root, 'loop'));
  symlinkSync('../../secret', path.join(root, 'sub', 'far'));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

describe('resolveInside', () => {
  it.each([
    ['file', 'file'],
    ['./sub/../file', 'file'],
    ['sub//inner', 'sub/inner'],
    ['sub\\inner', 'sub/inner'],
    ['in/inner', 'sub/inner'],
    ['in-absolute/inner', 'sub/inner'],
    ['new/deep/file', 'new/deep/file'],
    ['..file', '..file'],
    ['.', ''],
    ['', ''],
  ])('takes %j', async (name, inside) => {
    expect(await resolveInside(root, name)).toBe(path.join(root, inside));
  });

  it.each([
    '..',
    '../secret',
    'sub/../../secret',
    'sub\\..\\..\\secret',
    '../root-other/x',
    '/etc/passwd',
    'out',
    'up/secret',
    'in/far',
    'sub/far',
    'loop',
    'loop/x',
    'file\0',
    '~/.ssh/id_rsa',
    '~root/x',
    'C:\\Windows\\system32',
    'c:file',
    '\\\\server\\share\\x',
    '//server/share/x',
    '\\\\?\\C:\\x',
    'file:///etc/passwd',
    '.git/config',
    'sub/.GIT/hooks/pre-commit',
    '.git',
  ])('refuses %j', async (name) => {
    await expect(resolveInside(root, name)).rejects.toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
  });

  it('takes an absolute path that is inside, and refuses a sibling whose name begins alike', async () => {
    expect(await resolveInside(root, path.join(root, 'sub', 'inner'))).toBe(path.join(root, 'sub', 'inner'));
    await expect(resolveInside(root, `${root}-other/x`)).rejects.toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
    await expect(resolveInside(root, `${root}/../secret`)).rejects.toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
  });

  it('never leaves the root, whatever the parts', async () => {
    const part = fc.constantFrom('..', '.', 'sub', 'in', 'up', 'out', 'far', 'file', 'new', 'in-absolute', '');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.constantFrom('/', '\\'), async (parts, separator) => {
        try {
          const absolute = await resolveInside(root, parts.join(separator));
          return absolute === root || absolute.startsWith(`${root}/`);
        } catch {
          return true;
        }
      }),
    );
  });
});

describe('openInside', () => {
  it('opens a file and says what is none', async () => {
    const { file } = await openInside(root, 'in/inner');
    expect((await file.readFile()).toString()).toBe('inner');
    await file.close();
    await expect(openInside(root, 'missing')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(openInside(root, 'file/below')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(openInside(root, 'sub')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('refuses a hard link to a file outside', async () => {
    linkSync(path.join(top, 'secret'), path.join(root, 'hard'));
    await expect(openInside(root, 'hard')).rejects.toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
  });
});
