import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { wideFolder } from '../../../src/workspace/wide-folder.js';
import { tempFolder } from '../../helpers/temp-folder.js';

it('a disk, a home folder and what holds it are too wide; a folder in it or beside it is not', async () => {
  const top = tempFolder();
  const home = join(top, 'people/anna');
  mkdirSync(join(home, 'project'), { recursive: true });
  mkdirSync(join(top, 'people/anna-2'));
  symlinkSync(home, join(top, 'link'));
  expect(await wideFolder('/', home)).toBe('a whole disk');
  expect(await wideFolder(home, home)).toBe('your home folder');
  expect(await wideFolder(`${home}/`, home)).toBe('your home folder');
  expect(await wideFolder(join(top, 'link'), home)).toBe('your home folder');
  expect(await wideFolder(home, join(top, 'link'))).toBe('your home folder');
  expect(await wideFolder(join(top, 'people'), home)).toBe('the folder that holds your home folder');
  expect(await wideFolder(join(home, 'project'), home)).toBeNull();
  expect(await wideFolder(join(top, 'people/anna-2'), home)).toBeNull();
  expect(await wideFolder(join(top, 'nowhere'), join(top, 'no-home'))).toBeNull();
});
