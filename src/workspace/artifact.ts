import type { Artifact } from '../task/task.js';
import type { Change } from './changes.js';

/** A change as the task lists it. */
export function artifactOf(change: Change): Artifact {
  if (change.after === null) return { path: change.path, kind: 'deleted', bytes: 0 };
  return { path: change.path, kind: change.before === null ? 'added' : 'modified', bytes: change.after.size };
}
