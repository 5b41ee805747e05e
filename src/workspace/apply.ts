import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { WilsonError } from '../errors.js';
import type { Artifact } from '../task/task.js';
import { artifactOf } from './artifact.js';
import { BasePack, type Change, findChanges, readSide } from './changes.js';
import { workingMode } from './copy-in.js';
import { absent, type FileState, stateOf } from './file-state.js';
import { tryFolderLock, withFolderLock } from './folder-lock.js';
import { metaFiles, workspacesFolder } from './layout.js';
import { type RecordedStep, readRecord, recover, runTransaction, type Step } from './transaction.js';
import type { Workspace } from './workspace.js';

/** Beside the workspaces; no task id begins with a dot. */
const locksFolder = '.locks';

/**
 * Brings what the task made into the user's folder: all of it or nothing, also when the process is killed midway
 * (the next call, or {@link recoverApplies}, takes back what was begun). Permissions, bytes and line endings arrive as
 * they are in the workspace; a file that the task did not change is not touched. Applying again after more work brings
 * the rest.
 *
 * Rejects with `APPLY_CONFLICT`, naming the paths, when one of them was changed by somebody else since the workspace was
 * made, and with `FOLDER_BUSY` when another wilson changes the folder at this moment.
 */
export async function applyWorkspace(workspace: Workspace): Promise<{ applied: Artifact[] }> {
  return withFolderLock(lockDir(workspace), workspace.folder, async () => {
    recoverWorkspace(workspace);
    const { changes, manifest } = await findChanges(workspace);
    const earlier = lastApplied(workspace);
    const changed = new Set(changes.map((change) => change.path));
    // Applied once and taken back in the workspace since: it goes back to how it was made.
    const reverted = [...earlier.keys()].filter((name) => !changed.has(name));
    const steps = await stepsFor(
      workspace,
      [
        ...changes,
        ...reverted.map((name): Change => {
          const before = manifest.get(name) ?? null;
          return { path: name, before, after: before && { kind: before.kind, mode: before.mode, size: before.size } };
        }),
      ],
      earlier,
    );
    const pending = steps.filter((step) => step !== null);
    if (pending.length > 0) {
      await runTransaction(workspace.folder, pending, newRecordDir(workspace), 'APPLY_CONFLICT');
    }
    return { applied: changes.map(artifactOf) };
  });
}

/**
 * Takes the last apply back. Rejects with `NOTHING_TO_UNDO`, and with `UNDO_CONFLICT`, naming the paths, when one of the
 * files was changed since.
 */
export async function undoApply(workspace: Workspace): Promise<{ restored: string[] }> {
  return withFolderLock(lockDir(workspace), workspace.folder, async () => {
    recoverWorkspace(workspace);
    const last = recordDirs(workspace).at(-1);
    const record = last === undefined ? null : readRecord(last);
    if (last === undefined || record === null) {
      throw new WilsonError('NOTHING_TO_UNDO', `Nothing of ${workspace.taskId} was applied`, {
        hint: `\`wilson apply ${workspace.taskId}\` applies it.`,
      });
    }
    const steps = record.steps.map(
      (step): Step => ({
        path: step.path,
        expected: [step.after],
        after: step.before,
        source: step.backup === null ? null : path.join(last, step.backup),
      }),
    );
    const undoDir = path.join(workspace.metaDir, metaFiles.undo);
    await runTransaction(workspace.folder, steps, undoDir, 'UNDO_CONFLICT');
    rmSync(last, { recursive: true, force: true });
    rmSync(undoDir, { recursive: true, force: true });
    return { restored: record.steps.map((step) => step.path) };
  });
}

/**
 * Takes back every apply and undo that a crash cut short, in all workspaces of a state folder. For the start of a
 * parent; gives the ids of the tasks concerned. What another process is applying at this moment is left to it.
 */
export function recoverApplies(stateFolder: string): string[] {
  const top = workspacesFolder(stateFolder);
  return listIfThere(top).filter((taskId) => {
    const metaDir = path.join(top, taskId, 'meta');
    const folder = cutShortIn(metaDir);
    if (folder === null) return false;
    const release = tryFolderLock(path.join(top, locksFolder), folder);
    if (release === null) return false;
    try {
      return recoverIn(metaDir);
    } finally {
      release();
    }
  });
}

/** The user's folder of a transaction that is not finished; null when there is none. */
function cutShortIn(metaDir: string): string | null {
  for (const dir of transactionDirs(metaDir)) {
    const record = readRecord(dir);
    if (record?.state === 'started') return record.folder;
  }
  return null;
}

function recoverWorkspace(workspace: Workspace): boolean {
  return recoverIn(workspace.metaDir);
}

function recoverIn(metaDir: string): boolean {
  return transactionDirs(metaDir).filter((dir) => recover(dir)).length > 0;
}

function transactionDirs(metaDir: string): string[] {
  const applies = path.join(metaDir, metaFiles.applies);
  return [...listIfThere(applies).map((name) => path.join(applies, name)), path.join(metaDir, metaFiles.undo)];
}

/** What lies in the user's folder by our own doing: the newest state of each path that was applied. */
function lastApplied(workspace: Workspace): Map<string, RecordedStep> {
  const applied = new Map<string, RecordedStep>();
  for (const dir of recordDirs(workspace)) {
    for (const step of readRecord(dir)?.steps ?? []) applied.set(step.path, step);
  }
  return applied;
}

async function stepsFor(
  workspace: Workspace,
  changes: readonly Change[],
  earlier: ReadonlyMap<string, RecordedStep>,
): Promise<Step[]> {
  const base = new BasePack(workspace);
  try {
    return changes.map((change) => {
      const before = change.before === null ? absent : stateOf(base.sideOf(change.before));
      const applied = earlier.get(change.path);
      const side = change.after === null ? null : readSide(workspace.root, change.path);
      const after = withUsersMode(workspace, change, stateOf(side));
      return {
        path: change.path,
        expected: [before, ...(applied === undefined ? [] : [applied.after])],
        after,
        source: after.kind === 'file' ? path.join(workspace.root, change.path) : null,
      };
    });
  } finally {
    base.close();
  }
}

/** Permissions stay as the user has them, unless the task changed them. */
function withUsersMode(workspace: Workspace, change: Change, after: FileState): FileState {
  if (after.kind !== 'file') return after;
  const { before } = change;
  if (before?.kind !== 'file') return { ...after, mode: after.mode };
  if (after.mode !== workingMode(before.mode)) return after;
  const current = readSide(workspace.folder, change.path);
  return { ...after, mode: current?.kind === 'file' ? current.mode : before.mode };
}

function recordDirs(workspace: Workspace): string[] {
  const folder = path.join(workspace.metaDir, metaFiles.applies);
  return listIfThere(folder).map((name) => path.join(folder, name));
}

function newRecordDir(workspace: Workspace): string {
  const last = recordDirs(workspace).at(-1);
  const number = last === undefined ? 1 : Number(path.basename(last)) + 1;
  return path.join(workspace.metaDir, metaFiles.applies, String(number).padStart(4, '0'));
}

function lockDir(workspace: Workspace): string {
  return path.join(path.dirname(path.dirname(workspace.metaDir)), locksFolder);
}

function listIfThere(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Not there: nothing in it.
    return [];
  }
}
