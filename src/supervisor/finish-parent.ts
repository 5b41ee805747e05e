import { toErrorRecord, WilsonError } from '../errors.js';
import type { Ending } from '../store/task-store.js';
import type { Task } from '../task/task.js';
import { notVerified } from './settle.js';
import type { SupervisorOptions } from './supervisor-options.js';

/** Longest summary of a parent, in characters. */
const summaryChars = 8_000;

type FinishOptions = Pick<SupervisorOptions, 'store' | 'verification' | 'workspaces' | 'log'>;

/**
 * How a parent ends whose subtasks are over: failed with the one that failed, else as the checks of the whole say. A check
 * that cannot be run is no evidence, so the parent fails with the reason. Rejects only when the signal fires.
 */
export async function endingOfParent(
  options: FinishOptions,
  parent: Task,
  subtasks: readonly Task[],
  signal: AbortSignal,
): Promise<Ending> {
  const cause = rootCause(subtasks);
  const summary = countText(subtasks);
  if (cause !== null) {
    const artifacts = await artifactsOf(options, parent);
    return { status: 'failed', summary, error: failedBecause(cause), artifacts };
  }
  const workspace = await options.store.tasks.workspaceOf(parent.id);
  if (workspace === null) return { status: 'failed', summary, error: gone(parent) };
  try {
    const { store, verification } = options;
    const reviews = (await Promise.all(subtasks.map(({ id }) => store.families.reviewsOf(id)))).flat();
    const { checks, artifacts } = await verification.verify(parent, workspace, [], signal, reviews);
    // Where the whole has nothing to check, the evidence is that of its parts.
    const isDone = checks.every(({ passed }) => passed);
    return {
      status: isDone ? 'done' : 'failed',
      summary: summaryOf(parent, subtasks),
      error: isDone ? null : notVerified(parent, checks),
      definitionOfDone: checks,
      artifacts,
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return { status: 'failed', summary, error: toErrorRecord(error) };
  }
}

async function artifactsOf(
  { workspaces, log }: FinishOptions,
  parent: Task,
): Promise<NonNullable<Ending['artifacts']>> {
  try {
    return (await workspaces.patch(parent.id)).files;
  } catch (error) {
    log.warn({ task: parent.id, error: toErrorRecord(error) }, 'the workspace of a parent could not be read');
    return [];
  }
}

/** The subtask that failed of itself, before those that failed because of it; null when all are done. */
function rootCause(subtasks: readonly Task[]): Task | null {
  const missing = subtasks.filter(({ status }) => status !== 'done');
  const follows = ['DEPENDENCY_FAILED', 'NO_REVIEW'];
  return missing.find(({ error }) => error === null || !follows.includes(error.code)) ?? missing[0] ?? null;
}

function failedBecause(cause: Task) {
  const what = cause.status === 'cancelled' ? 'was cancelled' : `failed: ${cause.error?.message ?? 'no reason given'}`;
  return new WilsonError('SUBTASK_FAILED', `${cause.id} (${cause.title}) ${what}`, {
    hint: cause.error?.hint ?? `\`wilson show ${cause.id}\` has its story.`,
  }).toRecord();
}

function gone(parent: Task) {
  return new WilsonError('NO_WORKSPACE', `The workspace of ${parent.id} is gone.`, {
    hint: `\`wilson retry ${parent.id}\` starts anew.`,
  }).toRecord();
}

function countText(subtasks: readonly Task[]): string {
  const done = subtasks.filter(({ status }) => status === 'done').length;
  return `${done} of ${subtasks.length} subtasks are done.`;
}

/** What the subtasks say they have made; that of a parent that worked itself comes first. */
function summaryOf(parent: Task, subtasks: readonly Task[]): string {
  // What a reviewer says is told with the reviews.
  const makers = subtasks.filter(({ type, artifacts }) => type !== 'review' || artifacts.length > 0);
  const parts = [parent.summary, ...makers.map(({ summary }) => summary)];
  const said = parts.flatMap((part) => (part === null || part.trim() === '' ? [] : [part.trim()])).join('\n');
  return said.slice(0, summaryChars);
}
