import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { persist } from '../store/persist.js';
import type { StoreThread } from '../store/store-thread.js';
import type { KeptWorkspace } from '../store/task-reader.js';
import type { WorkspacePort } from '../supervisor/port.js';
import type { Task } from '../task/task.js';
import { applyWorkspace, undoApply } from '../workspace/apply.js';
import { createWorkspace, removeRemains } from '../workspace/create.js';
import { diffWorkspace } from '../workspace/diff.js';
import { discardWorkspace } from '../workspace/discard.js';
import { asDiskError } from '../workspace/disk-fault.js';
import { FolderTurns } from '../workspace/folder-turns.js';
import { onceFree } from '../workspace/free-folder.js';
import { layoutFor } from '../workspace/layout.js';
import { resetWorkspace } from '../workspace/reset.js';
import { isWhole } from '../workspace/whole.js';
import { wideFolder } from '../workspace/wide-folder.js';
import type { Workspace } from '../workspace/workspace.js';
import { bringImages } from './bring-images.js';

/**
 * A copy for the first attempt of a task; brought back to its start for each later one. A subtask gets a copy of its
 * parent's workspace, made anew each time, since others may have changed that meanwhile. Copies of a folder and merges
 * into it take turns, so that no subtask begins on half of what another one has made.
 */
export function createWorkspaces(stateFolder: string, store: StoreThread, clock: Clock): WorkspacePort {
  const turns = new FolderTurns();
  const discard = async (taskId: string): Promise<void> => {
    const workspace = await store.tasks.workspaceOf(taskId);
    if (workspace === null) return;
    await discardWorkspace(workspace);
    await persist(clock, () => store.tasks.setWorkspace(taskId, null));
  };
  const removeAll = async (taskId: string): Promise<void> => {
    await discard(taskId);
    // What a parent that was killed had made, but not written down yet.
    await removeRemains(layoutFor(await realpath(stateFolder), taskId));
  };

  const prepareSubtask = async (task: Task, base: Workspace | null, keeps: boolean, signal: AbortSignal) => {
    // Never the user's folder in its place: what a subtask makes is merged into where it comes from.
    if (base === null || !isWhole(base)) throw noBase(task);
    return turns.take(base.root, async () => {
      signal.throwIfAborted();
      const existing = await store.tasks.workspaceOf(task.id);
      if (!keeps) {
        if (existing !== null) await takeBackMerge(store, clock, task, existing);
        await removeAll(task.id);
      }
      return createWorkspace({ taskId: task.id, stateFolder, signal, folder: base.root, plain: true });
    });
  };
  const prepareTask = async (task: Task, existing: Workspace | null, keeps: boolean, signal: AbortSignal) => {
    // One that lost a part is made anew; what git knows of it must go first.
    if (existing === null || !isWhole(existing)) await removeAll(task.id);
    const empty = (await wideFolder(task.folder, homedir())) !== null;
    const workspace = await createWorkspace({ taskId: task.id, stateFolder, signal, folder: task.folder, empty });
    if (existing !== null && !keeps) await resetWorkspace(workspace);
    return workspace;
  };

  return {
    prepare: async (task, signal) => {
      const existing = await store.tasks.workspaceOf(task.id);
      const keeps = existing !== null && (await store.families.keepsWork(task.id));
      try {
        const workspace =
          task.parentId === null
            ? await prepareTask(task, existing, keeps, signal)
            : await prepareSubtask(task, await store.tasks.workspaceOf(task.parentId), keeps, signal);
        await bringImages(task, workspace.root);
        return workspace;
      } catch (error) {
        throw asDiskError(error, `make the workspace of ${task.id} in ${stateFolder}`);
      }
    },
    patch: async (taskId) => {
      const workspace = await store.tasks.workspaceOf(taskId);
      return workspace === null ? { patch: '', files: [] } : diffWorkspace(workspace);
    },
    merge: async (workspace) => {
      const task = await store.tasks.get(workspace.taskId);
      const base = task?.parentId == null ? null : await store.tasks.workspaceOf(task.parentId);
      if (task === null || base === null || !isWhole(base) || (await realpath(base.root)) !== workspace.folder)
        throw noBase({ id: workspace.taskId, parentId: null });
      const { applied } = await turns.take(base.root, () => onceFree(clock, () => applyWorkspace(workspace)));
      return applied.map(({ path }) => path);
    },
    discard,
  };
}

function noBase(task: Pick<Task, 'id' | 'parentId'>): WilsonError {
  const parent = task.parentId ?? 'its parent';
  return new WilsonError('NO_WORKSPACE', `The workspace of ${parent}, which ${task.id} is a part of, is gone.`, {
    hint: `\`wilson retry ${task.parentId ?? task.id}\` starts anew.`,
  });
}

/**
 * What an attempt had merged when it was cut off is taken back, so that the next one begins where that one began. What a
 * review has sent back stays: it is to be mended. Where others have changed the same since, the next attempt begins on that.
 */
async function takeBackMerge(store: StoreThread, clock: Clock, task: Task, workspace: KeptWorkspace): Promise<void> {
  const reviews = await store.families.reviewsOf(task.id);
  // Not always the attempt before this one: that may have ended before it had a copy of its own.
  const madeBy = workspace.attempt ?? task.attempt - 1;
  const sentBack = reviews.some(
    ({ taskId, attempt, verdict }) => taskId === task.id && attempt === madeBy && verdict === 'needs_changes',
  );
  if (sentBack) return;
  try {
    await onceFree(clock, () => undoApply(workspace));
  } catch (error) {
    const expected = ['NOTHING_TO_UNDO', 'UNDO_CONFLICT'];
    if (!(error instanceof WilsonError) || !expected.includes(error.code)) throw error;
  }
}
