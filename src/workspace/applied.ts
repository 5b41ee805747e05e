import path from 'node:path';
import type { Artifact } from '../task/task.js';
import { artifactOf } from './artifact.js';
import { BasePack, findChanges } from './changes.js';
import { absent, type FileState, sameContent, stateAt, stateOf } from './file-state.js';
import { type RecordedStep, readRecord } from './journal.js';
import { metaFiles } from './layout.js';
import { listIfThere } from './list-folder.js';
import type { Workspace } from './workspace.js';

export interface EarlierStep {
  readonly step: RecordedStep;
  readonly recordDir: string;
}

/** What lies in the user's folder by our own doing: the newest state of each path that was applied. */
export function lastApplied(workspace: Workspace): Map<string, EarlierStep> {
  const applied = new Map<string, EarlierStep>();
  for (const recordDir of recordDirs(workspace)) {
    for (const step of readRecord(recordDir)?.steps ?? []) applied.set(step.path, { step, recordDir });
  }
  return applied;
}

/** The journals of the applies that were not taken back, the newest last. */
export function recordDirs(workspace: Workspace): string[] {
  const folder = path.join(workspace.metaDir, metaFiles.applies);
  return listIfThere(folder).map((name) => path.join(folder, name));
}

/**
 * What the task made, where the journal proves that all of it has been brought into the user's folder; else null. What people
 * have made of it there since, edits and deletions, is theirs and changes nothing about that.
 */
export async function whollyApplied(workspace: Workspace): Promise<Artifact[] | null> {
  const records = recordDirs(workspace).map(readRecord);
  if (records.length === 0 || records.some((record) => record?.state !== 'done')) return null;
  const { changes, manifest } = await findChanges(workspace);
  const applied = lastApplied(workspace);
  const isThere = (name: string, wanted: FileState): boolean => {
    const step = applied.get(name)?.step;
    // Without a step it was there already when the rest came.
    return sameContent(step === undefined ? stateAt(workspace.folder, name) : (step.part?.state ?? step.after), wanted);
  };
  const made = changes.every(({ path: name, after }) =>
    isThere(name, after === null ? absent : stateAt(workspace.root, name)),
  );
  const changed = new Set(changes.map((change) => change.path));
  const base = new BasePack(workspace);
  try {
    const reverted = [...applied.keys()].filter((name) => !changed.has(name));
    const takenBack = reverted.every((name) => {
      const before = manifest.get(name) ?? null;
      return isThere(name, before === null ? absent : stateOf(base.sideOf(before)));
    });
    return made && takenBack ? changes.map(artifactOf) : null;
  } finally {
    base.close();
  }
}
