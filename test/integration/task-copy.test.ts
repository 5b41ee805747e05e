import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Workspace } from '../../src/workspace/workspace.js';
import { startRig } from '../helpers/supervisor-rig.js';
import { tempFolder } from '../helpers/temp-folder.js';

/* What people are told of the copy that a task works in. */

function workspaceIn(root: string, more: Partial<Workspace> = {}): Workspace {
  mkdirSync(root, { recursive: true });
  const plain = { kind: 'snapshot', folder: root, metaDir: root, branch: null, baseCommit: null } as const;
  return { taskId: 'TASK-001', root, ...plain, ...more };
}

it('copying is the step as long as only that is waited for', async () => {
  let copied: () => void = () => undefined;
  const copying = new Promise<void>((resolve) => {
    copied = resolve;
  });
  const root = join(tempFolder(), 'work');
  const prepare = () => copying.then(() => workspaceIn(root));
  const rig = await startRig({ workspaces: { prepare } });
  const task = await rig.submit({ summary: 'wrote it' });
  const step = () => rig.supervisor.active()[0]?.task.progress.message;
  await rig.until(() => step() === 'copying the folder');
  copied();
  await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
  expect((await rig.over(task.id)).status).toBe('done');
});

it('what the copy lacks is told once, and is in the story of the task', async () => {
  const root = join(tempFolder(), 'work');
  const files = [{ path: 'data.csv', reason: 'too big' }] as const;
  const prepare = async () => workspaceIn(root, { leftOut: { count: 1, files } });
  const rig = await startRig({ workspaces: { prepare } });
  const task = await rig.submit({ fail: 'AGENT_FAILED' });
  expect(await rig.over(task.id)).toMatchObject({ status: 'failed', attempt: 2 });
  const line = 'TASK-001 works without a part of the folder: data.csv (bigger than 20 MB)';
  expect(rig.notices.filter(({ text }) => text.includes('data.csv')).map(({ text }) => text)).toEqual([line]);
  const events = await rig.store.events.of(task.id, 0, 100);
  expect(events.filter(({ kind }) => kind === 'left_out').map(({ text }) => text)).toEqual([line]);
});
