import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createAutoApply } from '../../src/cli/parent-ports.js';
import { createWorkspaces } from '../../src/cli/parent-workspaces.js';
import { type Clock, systemClock } from '../../src/clock.js';
import { openStoreThread } from '../../src/store/store-thread.js';
import { tryFolderLock } from '../../src/workspace/folder-lock.js';
import { tempFolder } from '../helpers/temp-folder.js';

/* The result of a done task goes into its folder by itself, also where others are changing that folder just then. */

/** Two tasks that have made a file each, and somebody who is changing their folder. */
async function busyFolder() {
  const state = realpathSync(tempFolder());
  const folder = join(state, 'project');
  mkdirSync(folder);
  const store = await openStoreThread(state);
  onTestFinished(() => store.close());
  const workspaces = createWorkspaces(state, store, systemClock);
  const made = async (file: string) => {
    const task = await store.tasks.submit({
      title: file,
      description: file,
      type: 'code',
      folder,
      priority: 0,
      sessionId: null,
    });
    const workspace = await workspaces.prepare(task, new AbortController().signal);
    writeFileSync(join(workspace.root, file), file);
    await store.tasks.setWorkspace(task.id, workspace, 1);
    return task;
  };
  const tasks = [await made('one.txt'), await made('two.txt')] as const;
  const release = tryFolderLock(join(state, 'workspaces', '.locks'), folder);
  if (release === null) throw new Error('the folder is not free');
  return { store, folder, tasks, release };
}

it('two results that come while another process changes the folder wait for it and for each other', async () => {
  const { store, folder, tasks, release } = await busyFolder();
  let waits = 0;
  const clock: Clock = {
    ...systemClock,
    after: (delayMs, action, options) => {
      waits += 1;
      if (waits === 2) release();
      return systemClock.after(delayMs, action, options);
    },
  };
  const apply = createAutoApply(store, clock);
  expect(await Promise.all(tasks.map(apply))).toEqual([
    'Applied: one.txt. `wilson undo TASK-001` takes it back.',
    'Applied: two.txt. `wilson undo TASK-002` takes it back.',
  ]);
  expect(waits).toBeGreaterThanOrEqual(2);
  expect(['one.txt', 'two.txt'].map((file) => existsSync(join(folder, file)))).toEqual([true, true]);
});

it('a folder that is never free is given up after 20 seconds, and only then said to be busy', async () => {
  const { store, folder, tasks, release } = await busyFolder();
  onTestFinished(release);
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, action) => {
      nowMs += delayMs;
      setImmediate(action);
      return { cancel: () => undefined };
    },
  };
  expect(await createAutoApply(store, clock)(tasks[0])).toMatch(/^Not applied: Another wilson is changing /);
  expect(nowMs).toBeGreaterThanOrEqual(20_000);
  expect(existsSync(join(folder, 'one.txt'))).toBe(false);
});
