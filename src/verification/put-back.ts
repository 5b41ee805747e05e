import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BasePack, type ChangeSet } from '../workspace/changes.js';
import type { Workspace } from '../workspace/workspace.js';

/** Which changes of a task are taken back in a copy of its workspace. */
export interface PutBack {
  /** What it changed or deleted, by its path. */
  readonly restores: (file: string) => boolean;
  /** What it added. */
  readonly removes: (file: string) => boolean;
}

/** Makes files of a scratch copy what they were before the task. Links are left alone. */
export function putBack(tree: string, { changes }: ChangeSet, workspace: Workspace, which: PutBack): void {
  const base = new BasePack(workspace);
  try {
    for (const { path: name, before } of changes) {
      const target = path.join(tree, name);
      if (before === null && which.removes(name)) rmSync(target, { force: true });
      if (before?.kind === 'file' && which.restores(name)) {
        rmSync(target, { force: true });
        mkdirSync(path.dirname(target), { recursive: true });
        writeFileSync(target, base.bytesOf(before));
      }
    }
  } finally {
    base.close();
  }
}
