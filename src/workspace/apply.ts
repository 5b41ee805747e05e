import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { WilsonError } from '../errors.js';
import type { Artifact } from '../task/task.js';
import { type EarlierStep, lastApplied, recordDirs } from './applied.js';
import { artifactOf } from './artifact.js';
import { BasePack, type Change, findChanges } from './changes.js';
import { workingMode } from './copy-in.js';
import { absent, type FileState, stateAt, stateOf } from './file-state.js';
import { tryFolderLock, withFolderLock } from './folder-lock.js';
import { type RecordedStep, readRecord } from './journal.js';
import { metaFiles, workspacesFolder } from './layout.js';
import { listIfThere } from './list-folder.js';
import { planSteps, type Wish } from './plan-steps.js';
import { leftOutReasons } from './read-left-out.js';
import { lstatOrNull } from './real-folder.js';
import { recover, runTransaction } from './transaction.js';
import { assertWhole } from './whole.js';
import type { Workspace } from './workspace.js';

/** Beside the workspaces; no task id begins with a dot. */
const locksFolder = '.locks';

export interface Applied {
  readonly applied: Artifact[];
  /** Paths among them in which others had changed other lines meanwhile: both changes are in the file now. */
  readonly merged: string[];
  /** Paths that an earlier apply had brought and that the task has no more: they are as they were before. */
  readonly takenBack: string[];
}

/**
 * Brings what the task made into the user's folder: all of it or nothing, also when the process is killed midway
 * (the next call, or {@link recoverApplies}, takes back what was begun). Permissions, bytes and line endings arrive as
 * they are in the workspace; a file that the task did not change is not touched. Where somebody else changed the same
 * text meanwhile, but no line in or beside those of the task, both changes are merged. Applying again after more work
 * brings the rest.
 *
 * Rejects with `APPLY_CONFLICT`, naming paths, lines and reasons, when something was changed that cannot be merged, with
 * `FOLDER_BUSY` when another wilson changes the folder at this moment, and when the workspace is not whole or the folder
 * not there any more; `left` as in {@link findChanges}.
 */
export async function applyWorkspace(workspace: Workspace, left?: readonly Artifact[]): Promise<Applied> {
  assertWhole(workspace);
  assertFolder(workspace);
  return withFolderLock(lockDir(workspace), workspace.folder, async () => {
    recoverWorkspace(workspace);
    const { changes, manifest } = await findChanges(workspace, { left });
    const earlier = lastApplied(workspace);
    const changed = new Set(changes.map((change) => change.path));
    // Applied once and taken back in the workspace since: it goes back to how it was made.
    const reverted = [...earlier.keys()]
      .filter((name) => !changed.has(name))
      .map((name): Change => {
        const before = manifest.get(name) ?? null;
        return { path: name, before, after: before && { kind: before.kind, mode: before.mode, size: before.size } };
      });
    const base = new BasePack(workspace);
    try {
      const leftOut = await leftOutReasons(workspace);
      const wishes = [...changes, ...reverted].map((change) => ({
        ...applyWish(workspace, change, base, earlier.get(change.path)),
        leftOut: leftOut(change.path),
      }));
      const { steps, merged, conflicts } = await planSteps(workspace.folder, wishes, 'of the task');
      if (steps.length > 0 || conflicts.length > 0) {
        await runTransaction({
          folder: workspace.folder,
          steps,
          recordDir: newRecordDir(workspace),
          conflictCode: 'APPLY_CONFLICT',
          conflicts,
        });
      }
      const takenBack = steps.map((step) => step.path).filter((name) => !changed.has(name));
      return { applied: changes.map(artifactOf), merged: [...merged], takenBack };
    } finally {
      base.close();
    }
  });
}

/**
 * Takes the last apply back, also out of texts that others have changed since in other lines. Rejects with
 * `NOTHING_TO_UNDO`, and with `UNDO_CONFLICT`, naming paths, lines and reasons, when something was changed since that
 * does not let it be taken out.
 */
export async function undoApply(workspace: Workspace): Promise<{ restored: string[] }> {
  assertFolder(workspace);
  return withFolderLock(lockDir(workspace), workspace.folder, async () => {
    recoverWorkspace(workspace);
    const last = recordDirs(workspace).at(-1);
    const record = last === undefined ? null : readRecord(last);
    if (last === undefined || record === null) {
      // With it went the knowledge of what was applied.
      if (lstatOrNull(workspace.metaDir) === null) assertWhole(workspace);
      throw new WilsonError('NOTHING_TO_UNDO', `Nothing of ${workspace.taskId} was applied`, {
        hint: `\`wilson apply ${workspace.taskId}\` applies it.`,
      });
    }
    const wishes = record.steps.map((step) => undoWish(last, step));
    const { steps, conflicts } = await planSteps(workspace.folder, wishes, 'as they were before the task');
    const undoDir = path.join(workspace.metaDir, metaFiles.undo);
    await runTransaction({
      folder: workspace.folder,
      steps,
      recordDir: undoDir,
      conflictCode: 'UNDO_CONFLICT',
      conflicts,
      ...(record.folderModes === undefined ? {} : { folderModes: record.folderModes }),
    });
    rmSync(last, { recursive: true, force: true });
    rmSync(undoDir, { recursive: true, force: true });
    return { restored: record.steps.map((step) => step.path) };
  });
}

function assertFolder({ folder }: Workspace): void {
  if (lstatOrNull(folder)?.isDirectory() === true) return;
  throw new WilsonError('FOLDER_MISSING', `There is no folder ${folder} any more`, {
    hint: 'Bring it back, or ask for the task anew in the folder that has taken its place.',
  });
}

/** Whether something of the task lies in the user's folder by our doing, as the journal says. */
export function isApplied(workspace: Workspace): boolean {
  return recordDirs(workspace).some((dir) => readRecord(dir)?.state === 'done');
}

/**
 * Takes back every apply and undo that a crash cut short, in all workspaces of a state folder. For the start of a
 * parent; gives the ids of the tasks concerned. What another process is applying at this moment is left to it, and what
 * cannot be taken back now is told to `onFailed` and left to the next start.
 */
export function recoverApplies(
  stateFolder: string,
  onFailed: (taskId: string, error: unknown) => void = () => undefined,
): string[] {
  const top = workspacesFolder(stateFolder);
  return listIfThere(top).filter((taskId) => {
    const metaDir = path.join(top, taskId, 'meta');
    const folder = cutShortIn(metaDir);
    if (folder === null) return false;
    const release = tryFolderLock(path.join(top, locksFolder), folder);
    if (release === null) return false;
    try {
      return recoverIn(metaDir);
    } catch (error) {
      onFailed(taskId, error);
      return false;
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

function applyWish(workspace: Workspace, change: Change, base: BasePack, earlier: EarlierStep | undefined): Wish {
  const { before } = change;
  const made = before === null ? absent : stateOf(base.sideOf(before));
  const to = withUsersMode(workspace, change, change.after === null ? absent : stateAt(workspace.root, change.path));
  const wish = { path: change.path, to, source: to.kind === 'file' ? path.join(workspace.root, change.path) : null };
  if (earlier === undefined) return { ...wish, from: made, fromBytes: () => before && base.bytesOf(before) };
  const { step, recordDir } = earlier;
  // After a merge the file holds more than the task's work; what counts is how much of the task's is in it.
  const from = step.part?.state ?? step.after;
  return { ...wish, from, orFrom: made, fromBytes: () => keptBytes(recordDir, step.part?.kept ?? step.kept) };
}

function undoWish(recordDir: string, step: RecordedStep): Wish {
  return {
    path: step.path,
    from: step.after,
    fromBytes: () => keptBytes(recordDir, step.kept),
    to: step.before,
    source: step.backup === null ? null : path.join(recordDir, step.backup),
  };
}

function keptBytes(recordDir: string, name: string | undefined): Buffer | null {
  return name === undefined ? null : readFileSync(path.join(recordDir, name));
}

/** Permissions stay as the user has them, unless the task changed them. */
function withUsersMode(workspace: Workspace, change: Change, after: FileState): FileState {
  if (after.kind !== 'file') return after;
  const { before } = change;
  if (before?.kind !== 'file') return { ...after, mode: after.mode };
  if (after.mode !== workingMode(before.mode)) return after;
  const current = lstatOrNull(path.join(workspace.folder, change.path));
  return { ...after, mode: current?.isFile() === true ? current.mode & 0o777 : before.mode };
}

function newRecordDir(workspace: Workspace): string {
  const last = recordDirs(workspace).at(-1);
  const number = last === undefined ? 1 : Number(path.basename(last)) + 1;
  return path.join(workspace.metaDir, metaFiles.applies, String(number).padStart(4, '0'));
}

function lockDir(workspace: Workspace): string {
  return path.join(path.dirname(path.dirname(workspace.metaDir)), locksFolder);
}
