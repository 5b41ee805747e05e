import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentFor } from '../../src/agents/registry.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { diffWorkspace } from '../../src/workspace/diff.js';
import { agentContext } from '../helpers/agent-context.js';
import { agentRig } from '../helpers/agent-rig.js';
import { ScriptedModel } from '../helpers/scripted-model.js';
import { tempFolder } from '../helpers/temp-folder.js';

const rig = agentRig();

function repository(): string {
  const folder = path.join(tempFolder(), 'project');
  mkdirSync(folder);
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', folder, '-c', 'user.name=T', '-c', 'user.email=t@example.com', ...args], {
      stdio: 'ignore',
    });
  };
  writeFileSync(path.join(folder, 'calc.py'), 'def old(x):\n    exec(x)\n\n\ndef add(a, b):\n    return a + b\n');
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  return folder;
}

const silent = ['{"problems": []}'];

describe('the review agent in a workspace', () => {
  it('reviews what is not committed, and nothing else', async () => {
    const folder = repository();
    writeFileSync(
      path.join(folder, 'calc.py'),
      'def old(x):\n    exec(x)\n\n\ndef add(a, b):\n    return eval(input())\n',
    );
    writeFileSync(path.join(folder, 'fresh.py'), 'exec(open("x").read())\n');
    const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder: tempFolder() });
    const description = 'Review my uncommitted changes';
    // The folder of a test lies where a sandboxed command sees nothing of it.
    const bare = await createCommandRunner({ ownerToken: rig.owner, env: process.env, force: 'none' });
    const context = agentContext({
      root: workspace.root,
      model: new ScriptedModel(silent),
      description,
      taskType: 'review',
      commands: bare,
    });
    const result = await agentFor(context.order)(context);
    expect(result.summary).toContain('in the uncommitted changes');
    const text = readFileSync(path.join(workspace.root, 'review.md'), 'utf8');
    expect(text).toContain('`calc.py:6` (blocker): eval runs what a user types as code');
    expect(text).toContain('`fresh.py:1` (major): exec runs a text as code');
    expect(text).not.toContain('calc.py:2');
  });

  it('judges the diff that the supervisor makes of a workspace, with the lines as they are in the files', async () => {
    const folder = repository();
    const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder: tempFolder() });
    writeFileSync(path.join(workspace.root, 'calc.py'), 'def old(x):\n    exec(x)\n\n\ndef add(a, b):\n    pass\n');
    writeFileSync(path.join(workspace.root, 'my notes.py'), 'import os\n');
    const { patch, files } = await diffWorkspace(workspace);
    const review = {
      patch,
      truncated: false,
      files: files.map((file) => file.path),
      evidence: [],
      request: 'Mend calc.py',
    };
    const context = agentContext({
      root: workspace.root,
      model: new ScriptedModel(silent),
      taskType: 'review',
      commands: rig.commands,
      review,
    });
    const result = await agentFor(context.order)(context);
    expect(result.review).toMatchObject({
      verdict: 'needs_changes',
      findings: [
        { file: 'calc.py', line: 5, severity: 'major', text: 'add does nothing: its body is missing' },
        { file: 'my notes.py', line: 1, severity: 'minor', text: 'os is imported and never used' },
      ],
    });
  });
});
