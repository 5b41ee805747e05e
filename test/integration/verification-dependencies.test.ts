import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandResult } from '../../src/platform/command.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { dependenciesOf } from '../../src/workspace/dependencies.js';
import { diffWorkspace } from '../../src/workspace/diff.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { checkRig, works } from '../helpers/check-rig.js';

/*
 * A workspace holds no installed packages, since they are ignored. Commands and tests see those of the user's folder,
 * and cannot write into them.
 */

const rig = checkRig();
const { put, check } = rig;
const sandboxWorks = (await createCommandRunner({ ownerToken: 'probe', env: process.env })).sandbox === 'bwrap';

/** Writes files of the user's folder. */
function install(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(rig.workspace.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

async function borrow(workspace: Workspace = rig.workspace): Promise<void> {
  const dependencies = await dependenciesOf(workspace.root);
  const hide = [path.join(rig.top, 'state')];
  rig.commands = await createCommandRunner({ ownerToken: rig.owner, env: process.env, hide, dependencies });
}

/** As an agent runs a command in its workspace. */
async function run(...argv: [string, ...string[]]): Promise<CommandResult> {
  const root = rig.workspace.root;
  const signal = new AbortController().signal;
  return rig.commands.run({ argv, cwd: root, workspaceRoot: root, timeoutMs: 20_000, outputLimitBytes: 9_000, signal });
}

async function changedPaths(): Promise<string[]> {
  return (await diffWorkspace(rig.workspace)).files.map((file) => file.path);
}

const padCode = 'const pad = require("pad");\nmodule.exports = (text) => pad(text, 5);\n';
const padTest =
  'const test = require("node:test");\nconst assert = require("node:assert");\nconst wide = require("./wide.js");\ntest("pads", () => assert.equal(wide("a"), "    a"));\n';

describe.runIf(sandboxWorks)('the node_modules of the user', () => {
  const index = 'module.exports = (text, width) => text.padStart(width);\n';

  beforeEach(async () => {
    install({
      'node_modules/pad/package.json': '{"name": "pad", "version": "1.0.0"}',
      'node_modules/pad/index.js': index,
    });
    install({ 'node_modules/.bin/say': '#!/bin/sh\necho said\n' });
    await borrow();
  });

  it('are seen by tests, and are no part of what is measured or changed', async () => {
    put({ 'wide.js': padCode, 'wide.test.js': padTest });
    expect(await check({ check: 'tests_pass' })).toMatchObject({
      passed: true,
      evidence: { ran: 1, coverage: 100, failsWithoutCode: true },
    });
    expect(await check({ check: 'coverage_at_least', percent: 100 })).toMatchObject({
      passed: true,
      evidence: { paths: ['wide.js'] },
    });
    expect(await changedPaths()).toEqual(['wide.js', 'wide.test.js']);
  });

  it('cannot be written by tests', async () => {
    const writing = 'require("node:fs").writeFileSync("node_modules/pad/index.js", "module.exports = () => {};\\n");\n';
    put({
      'wide.js': padCode,
      'wide.test.js': padTest.replace('test("pads"', () => `test("writes", () => { ${writing} });\ntest("pads"`),
    });
    const result = await check({ check: 'tests_pass' });
    expect(result).toMatchObject({ passed: false, evidence: { ran: 2, failed: 1 } });
    expect(result.evidence.detail).toMatch(/EROFS|read-only/i);
    expect(readFileSync(path.join(rig.workspace.folder, 'node_modules/pad/index.js'), 'utf8')).toBe(index);
  });

  it('are seen by the commands of an agent, which cannot change or remove them', async () => {
    put({ 'wide.js': padCode });
    expect(await run('node', '-e', 'console.log(require("./wide.js")("b"))')).toMatchObject({ stdout: '    b\n' });
    const attempts: [string, ...string[]][] = [
      ['sh', '-c', 'echo x > node_modules/new'],
      ['sh', '-c', 'rm -rf node_modules'],
      ['sh', '-c', 'mv node_modules elsewhere'],
      ['sh', '-c', 'chmod -R 777 node_modules'],
      ['sh', '-c', 'umount node_modules'],
    ];
    for (const argv of attempts) expect((await run(...argv)).exitCode).not.toBe(0);
    expect(readdirSync(path.join(rig.workspace.folder, 'node_modules/pad'))).toEqual(['index.js', 'package.json']);
    expect(lstatSync(path.join(rig.workspace.folder, 'node_modules/pad/index.js')).mode & 0o777).toBe(0o644);
    expect(await changedPaths()).toEqual(['wide.js']);
  });

  it('give way to what the task put in their place, and never follow a link out of the workspace', async () => {
    put({ 'node_modules/pad/index.js': 'module.exports = () => "mine";\n' });
    expect(await run('node', '-p', 'require("pad")()')).toMatchObject({ stdout: 'mine\n' });
    const second = await createWorkspace({
      taskId: 'TASK-002',
      folder: rig.workspace.folder,
      stateFolder: path.join(rig.top, 'state'),
    });
    rig.workspace = second;
    const outside = path.join(rig.top, 'outside');
    mkdirSync(outside);
    symlinkSync(outside, path.join(second.root, 'node_modules'));
    expect((await run('node', '-p', 'require("pad")("a", 2)')).exitCode).not.toBe(0);
    expect(readdirSync(outside)).toEqual([]);
  });

  it('are those of the user in a subtask too, whose workspace is a copy of a workspace', async () => {
    const base = rig.workspace.root;
    put({ 'wide.js': padCode });
    rig.workspace = await createWorkspace({
      taskId: 'TASK-002',
      folder: base,
      stateFolder: path.join(rig.top, 'state'),
      plain: true,
    });
    await borrow();
    expect(await run('node', '-e', 'console.log(require("./wide.js")("c"))')).toMatchObject({ stdout: '    c\n' });
  });

  it('are found in folders of the project, and left alone where they lead to secrets', async () => {
    install({ 'web/node_modules/deep/index.js': 'module.exports = "deep";\n', 'web/index.js': '' });
    const home = path.join(rig.top, 'home');
    mkdirSync(path.join(home, '.ssh'), { recursive: true });
    writeFileSync(path.join(home, '.ssh', 'index.js'), 'module.exports = "secret";\n');
    mkdirSync(path.join(rig.workspace.folder, 'lib'));
    symlinkSync(path.join(home, '.ssh'), path.join(rig.workspace.folder, 'lib', 'node_modules'));
    put({ 'web/index.js': '', 'lib/index.js': '' });
    const dependencies = await dependenciesOf(rig.workspace.root);
    expect(dependencies.map((one) => one.at)).toEqual(['node_modules', 'lib/node_modules', 'web/node_modules']);
    const env = { ...process.env, HOME: home };
    rig.commands = await createCommandRunner({ ownerToken: rig.owner, env, dependencies });
    expect(await run('node', '-p', 'require("./web/node_modules/deep")')).toMatchObject({ stdout: 'deep\n' });
    expect((await run('sh', '-c', 'cat lib/node_modules/index.js')).exitCode).not.toBe(0);
  });
});

const hasVenv = works(['python3', '-m', 'venv', '--help']);
describe.runIf(sandboxWorks && hasVenv)('the Python environment of the user', () => {
  const table = 'def pad(text, width):\n    return text.rjust(width)\n';
  let packages: string;

  beforeEach(async () => {
    const place = path.join(rig.workspace.folder, '.venv');
    execFileSync('python3', ['-m', 'venv', '--without-pip', place]);
    const [version = ''] = readdirSync(path.join(place, 'lib'));
    packages = path.join(place, 'lib', version, 'site-packages');
    writeFileSync(path.join(packages, 'padding.py'), table);
    // As pip writes them: with the environment's own path.
    writeFileSync(
      path.join(place, 'bin', 'padder'),
      `#!${path.join(place, 'bin', 'python3')}\nimport padding, sys\nprint(padding.pad(sys.argv[1], 3), sys.prefix)\n`,
      { mode: 0o755 },
    );
    await borrow();
  });

  const code = 'import padding\n\n\ndef wide(text):\n    return padding.pad(text, 5)\n';
  const tests = `import unittest
from wide import wide

class T(unittest.TestCase):
    def test_it(self):
        self.assertEqual(wide("a"), "    a")
`;

  it('is seen by tests, and is no part of what is measured or changed', async () => {
    put({ 'wide.py': code, 'test_wide.py': tests });
    expect(await check({ check: 'tests_pass' })).toMatchObject({
      passed: true,
      evidence: { ran: 1, coverage: 100, failsWithoutCode: true },
    });
    expect(await check({ check: 'command_succeeds', command: ['python3', '-m', 'unittest'] })).toMatchObject({
      passed: true,
    });
    expect(await changedPaths()).toEqual(['test_wide.py', 'wide.py']);
  });

  it('cannot be written by tests', async () => {
    const trick = `\n    def test_a_trick(self):\n        import padding\n        open(padding.__file__, "w").close()\n`;
    put({ 'wide.py': code, 'test_wide.py': tests + trick });
    const result = await check({ check: 'tests_pass' });
    expect(result).toMatchObject({ passed: false, evidence: { ran: 2, failed: 1 } });
    expect(result.evidence.detail).toMatch(/Read-only file system/);
    expect(readFileSync(path.join(packages, 'padding.py'), 'utf8')).toBe(table);
  });

  it('lends an agent its interpreter and its programs', async () => {
    const inside = path.join(rig.workspace.root, '.venv');
    const prefix = await run('python3', '-c', 'import sys, padding; print(sys.prefix)');
    expect(prefix).toMatchObject({ stdout: `${inside}\n` });
    expect((await run('padder', 'a')).stdout).toMatch(/^ {2}a /);
    expect((await run('.venv/bin/padder', 'a')).stdout).toMatch(/^ {2}a /);
    expect((await run('sh', '-c', 'padder b && echo x > .venv/new')).stderr).toMatch(/Read-only/);
    expect(existsSync(path.join(rig.workspace.folder, '.venv', 'new'))).toBe(false);
  });

  it("does not bring the user's copy of the code along that it may hold", async () => {
    install({ 'src/app.py': 'NAME = "the old one"\n' });
    writeFileSync(path.join(packages, 'app.pth'), `${path.join(rig.workspace.folder, 'src')}\n`);
    put({ 'src/app.py': 'NAME = "the new one"\n' });
    expect(await run('python3', '-c', 'import app; print(app.NAME)')).toMatchObject({ stdout: 'the new one\n' });
  });
});

describe('where nothing isolates', () => {
  it('no packages are lent', async () => {
    install({ 'node_modules/pad/index.js': 'module.exports = (text, width) => text.padStart(width);\n' });
    const dependencies = await dependenciesOf(rig.workspace.root);
    expect(dependencies).toHaveLength(1);
    rig.commands = await createCommandRunner({ ownerToken: rig.owner, env: process.env, force: 'none', dependencies });
    put({ 'wide.js': padCode, 'wide.test.js': padTest });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: false });
    expect(existsSync(path.join(rig.workspace.root, 'node_modules'))).toBe(false);
  });
});
