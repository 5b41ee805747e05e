import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import type { CommandRunner } from '../../src/platform/command.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import type { CheckResult, CheckSpec } from '../../src/task/definition-of-done.js';
import { type RunChecksOptions, runChecks } from '../../src/verification/run-checks.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { dependenciesOf } from '../../src/workspace/dependencies.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { put } from './folder-snapshot.js';

/** A fresh workspace for every test of a file, in which checks are run on what was put there. */
export interface CheckRig {
  top: string;
  owner: string;
  workspace: Workspace;
  commands: CommandRunner;
  /** Writes files of the workspace, as a task would. */
  put(files: Readonly<Record<string, string>>): void;
  /** Puts a project that has the packages of Wilson itself in the place of the workspace, lent as they are to tasks. */
  takeProject(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs one check, and sees that it left nothing in the workspace and no copy beside it. */
  check(spec: CheckSpec, testsMs?: number, more?: Partial<RunChecksOptions>): Promise<CheckResult>;
}

let count = 0;

/** Registers the set-up and the clean-up of a test file. */
export function checkRig(): CheckRig {
  const rig: CheckRig = {
    top: '',
    owner: '',
    workspace: {} as Workspace,
    commands: {} as CommandRunner,
    put(files) {
      for (const [name, content] of Object.entries(files)) put(rig.workspace.root, name, content);
    },
    async takeProject(files) {
      const folder = path.join(rig.top, 'with-packages');
      mkdirSync(folder);
      for (const [name, text] of Object.entries(files)) put(folder, name, text);
      put(folder, '.gitignore', 'node_modules\n');
      symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), path.join(folder, 'node_modules'));
      const stateFolder = path.join(rig.top, 'state');
      rig.workspace = await createWorkspace({ taskId: 'TASK-002', folder, stateFolder });
      const dependencies = await dependenciesOf(rig.workspace.root);
      rig.commands = await createCommandRunner({
        ownerToken: rig.owner,
        env: process.env,
        hide: [stateFolder],
        dependencies,
      });
    },
    async check(spec, testsMs = 30_000, more = {}) {
      const { workspace, commands } = rig;
      const before = listing(workspace.root);
      const signal = new AbortController().signal;
      const [result] = await runChecks([spec], { workspace, commands, signal, timeouts: { testsMs }, ...more });
      if (result === undefined) throw new Error('no result');
      expect(listing(workspace.root)).toEqual(before);
      expect(readdirSync(workspace.metaDir).filter((name) => name.startsWith('check-'))).toEqual([]);
      return result;
    },
  };

  beforeEach(async () => {
    rig.top = realpathSync(mkdtempSync(path.join(tmpdir(), 'wilson-verify-')));
    const [folder, stateFolder] = [path.join(rig.top, 'project'), path.join(rig.top, 'state')];
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'README.md'), '# Project\n');
    writeFileSync(path.join(folder, 'old.py'), 'def old(x):\n    return x + 1\n');
    rig.workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder });
    count += 1;
    rig.owner = `verification-test-${process.pid}-${count}`;
    rig.commands = await createCommandRunner({ ownerToken: rig.owner, env: process.env, hide: [stateFolder] });
  });

  afterEach(() => {
    rmSync(rig.top, { recursive: true, force: true });
    expect(ownedProcesses(rig.owner)).toEqual([]);
  });

  return rig;
}

/** Whether a program can be run here. */
export function works(argv: readonly [string, ...string[]]): boolean {
  try {
    execFileSync(argv[0], argv.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Every file of a folder with its content. */
function listing(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => `${file} ${readFileSync(file, 'utf8')}`)
    .sort();
}
