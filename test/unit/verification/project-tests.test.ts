import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectTestCommand, testCommandFor } from '../../../src/verification/project-tests.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'wilson-project-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
}

const vitest = '{"scripts": {"test": "vitest run"}}';
const placeholder = '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}';
const unittests = 'import unittest\n';

describe('projectTestCommand', () => {
  it.each<[string, Record<string, string>, string, string]>([
    ['a script', { 'package.json': vitest }, 'npm test', 'the test script of package.json: vitest run'],
    ['a script of pnpm', { 'package.json': vitest, 'pnpm-lock.yaml': '' }, 'pnpm test', 'package.json'],
    ['a script of yarn', { 'package.json': vitest, 'yarn.lock': '' }, 'yarn test', 'package.json'],
    ['a script of bun', { 'package.json': vitest, 'bun.lock': '' }, 'bun run test', 'package.json'],
    ['test files and no script', { 'package.json': placeholder, 'a.test.mjs': '' }, 'node --test', 'a.test.mjs'],
    ['a folder of JavaScript tests', { 'test/test-a.js': '' }, 'node --test', 'test/test-a.js'],
    ['pytest.ini', { 'pytest.ini': '' }, 'python3 -m pytest', 'pytest.ini'],
    ['pyproject.toml', { 'pyproject.toml': '[tool.pytest.ini_options]\n' }, 'python3 -m pytest', 'pyproject.toml'],
    ['setup.cfg', { 'setup.cfg': '[tool:pytest]\n' }, 'python3 -m pytest', 'setup.cfg'],
    ['tox.ini', { 'tox.ini': '[tox]\n[pytest]\n' }, 'python3 -m pytest', 'tox.ini'],
    ['fixtures', { 'tests/conftest.py': '' }, 'python3 -m pytest', 'tests/conftest.py'],
    ['tests with pytest', { 'test_a.py': 'import pytest\n' }, 'python3 -m pytest', 'imports pytest'],
    [
      'a requirement',
      { 'requirements-dev.txt': 'pytest>=8\n', 'test_a.py': '' },
      'python3 -m pytest',
      'asks for pytest',
    ],
    ['unittest', { 'test_a.py': unittests, 'pyproject.toml': '[project]\n' }, 'python3 -m unittest', 'test_a.py'],
    [
      'unittest in a package',
      { 'tests/__init__.py': '', 'tests/test_a.py': unittests },
      'python3 -m unittest',
      'tests/test_a.py',
    ],
    ['unittest in a folder', { 'tests/test_a.py': unittests }, 'python3 -m unittest discover -s tests', 'tests/'],
    ['Go', { 'go.mod': 'module x\n', Makefile: 'test:\n\tgo test\n' }, 'go test ./...', 'go.mod'],
    ['Rust', { 'Cargo.toml': '[package]\n' }, 'cargo test', 'Cargo.toml'],
    ['Maven', { 'pom.xml': '<project/>' }, 'mvn -B -o test', 'pom.xml'],
    ['RSpec', { 'spec/a_spec.rb': '' }, 'rspec', 'spec/a_spec.rb'],
    ['Rake', { Rakefile: 'Rake::TestTask.new\n' }, 'rake test', 'Rakefile'],
    [
      'a runner without a script',
      { 'package.json': '{"devDependencies": {"vitest": "4"}}' },
      'npx --no-install vitest run',
      'vitest in package.json',
    ],
    ['make', { Makefile: 'all:\n\ntest: all\n\t./run\n' }, 'make test', 'the target test of Makefile'],
  ])('reads %s', async (_name, files, command, basis) => {
    put(files);
    const found = await projectTestCommand(root);
    expect(found?.command.join(' ')).toBe(command);
    expect(found?.basis).toContain(basis);
  });

  it.each<[string, Record<string, string>]>([
    ['nothing is there', {}],
    ['the script is that of npm init', { 'package.json': placeholder }],
    ['the manifest is broken', { 'package.json': '{' }],
    ['the Makefile has no such target', { Makefile: 'test := 1\ntesting:\n' }],
    ['there is only code', { 'latest.py': '', 'contest.js': '', 'requirements.txt': 'pytest\n' }],
  ])('gives none when %s', async (_name, files) => {
    put(files);
    expect(await projectTestCommand(root)).toBeNull();
  });

  it('takes the language that is asked for where a project has several', async () => {
    put({ 'package.json': vitest, 'test_a.py': unittests, 'go.mod': 'module x\n' });
    expect((await projectTestCommand(root))?.language).toBe('javascript');
    expect((await projectTestCommand(root, 'python'))?.command).toEqual(['python3', '-m', 'unittest']);
    expect((await projectTestCommand(root, 'rust'))?.language).toBe('javascript');
  });

  it('rejects for a folder that is not there', async () => {
    await expect(projectTestCommand(path.join(root, 'gone'))).rejects.toThrow(/ENOENT/);
  });
});

describe('testCommandFor', () => {
  it('takes the command of the language, in the nearest folder that has one', async () => {
    put({ 'web/package.json': vitest, 'web/src/a.test.ts': '', 'test_a.py': unittests, 'Cargo.toml': '[package]\n' });
    expect(await testCommandFor(root, ['web/src/a.test.ts'])).toMatchObject({
      folder: 'web',
      own: { command: ['npm', 'test'] },
    });
    expect(await testCommandFor(root, ['web/tests/a.rs'])).toMatchObject({
      folder: '',
      own: { command: ['cargo', 'test'] },
    });
    expect(await testCommandFor(root, ['src/ATest.java'])).toBeNull();
    expect(await testCommandFor(root, ['web/src/a.test.ts', 'b.test.ts'])).toBeNull();
  });
});
