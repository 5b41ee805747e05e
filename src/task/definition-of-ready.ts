import { type ErrorRecord, WilsonError } from '../errors.js';
import type { Task } from './task.js';

/**
 * The Definition of Ready of a subtask: a title, a description and a folder, and no dependency on itself. What it lacks, as
 * the error that it fails with; null when it lacks nothing. Whether its dependencies are done is seen each time that one
 * of them ends. Pure.
 */
export function whyNotReady(
  task: Pick<Task, 'id' | 'title' | 'description' | 'folder' | 'dependsOn'>,
): ErrorRecord | null {
  const lacks: string[] = [];
  if (task.title.trim() === '') lacks.push('it has no title');
  if (task.description.trim() === '') lacks.push('it does not say what is to be done');
  if (task.folder === '') lacks.push('it belongs to no folder');
  if (task.dependsOn.includes(task.id)) lacks.push('it depends on itself');
  if (lacks.length === 0) return null;
  return new WilsonError('NOT_READY', `${task.id} cannot be begun: ${lacks.join(', ')}.`, {
    hint: 'Ask for it anew, in full.',
  }).toRecord();
}
