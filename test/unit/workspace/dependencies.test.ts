import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dependenciesOf, findDependencies } from '../../../src/workspace/dependencies.js';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'wilson-dependencies-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function make(...folders: readonly string[]): void {
  for (const name of folders) mkdirSync(path.join(folder, name), { recursive: true });
}

function makeEnvironment(name: string): void {
  make(name);
  writeFileSync(path.join(folder, name, 'pyvenv.cfg'), 'home = /usr/bin\n');
}

it('finds packages and environments, the own ones first, those of folders two deep', () => {
  make(
    'node_modules/a/node_modules',
    'web/node_modules',
    'packages/one/node_modules',
    'packages/one/deep/node_modules',
  );
  makeEnvironment('.venv');
  makeEnvironment('api/venv');
  expect(findDependencies(folder).map((one) => one.at)).toEqual([
    'node_modules',
    '.venv',
    'api/venv',
    'web/node_modules',
    'packages/one/node_modules',
  ]);
});

it('takes a folder for an environment only with the file that makes it one', () => {
  make('venv/bin', '.venv');
  writeFileSync(path.join(folder, 'node_modules'), '');
  expect(findDependencies(folder)).toEqual([]);
});

it('says where a symlink leads', () => {
  make('store/modules');
  symlinkSync('store/modules', path.join(folder, 'node_modules'));
  symlinkSync('nowhere', path.join(folder, '.venv'));
  expect(findDependencies(folder)).toEqual([
    { from: path.join(folder, 'store/modules'), at: 'node_modules', isEnvironment: false, isLinked: true },
  ]);
});

it('gives nothing for a folder that is no workspace', async () => {
  make('node_modules', 'tree/node_modules');
  expect(await dependenciesOf(folder)).toEqual([]);
  expect(await dependenciesOf(path.join(folder, 'tree'))).toEqual([]);
});
