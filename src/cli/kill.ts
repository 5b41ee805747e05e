import { systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { asyncStore } from '../store/async-store.js';
import type { Store } from '../store/store.js';
import { type KillOutcome, type KillStore, killTask } from '../supervisor/kill-task.js';
import { parseTaskId } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import { unknownTask, withStore } from './command-store.js';
import { writeJson } from './report.js';

export interface KillOptions {
  readonly all: boolean;
  readonly json: boolean;
}

interface KillLine {
  readonly task: string;
  readonly result: KillOutcome['result'];
  readonly text: string;
}

/**
 * `wilson kill <task>… | --all`: ends tasks with all they started, subtasks included. 1 if one is unknown, was already over,
 * or survived.
 */
export async function kill(
  names: readonly string[],
  options: KillOptions,
  io: CommandIo,
  /** Writes there instead of through a connection of its own: the chat must not wait for a lock. */
  writes?: KillStore,
): Promise<number> {
  if (names.length === 0 && !options.all) {
    throw new WilsonError('USAGE', 'Which task? Name at least one.', {
      hint: 'wilson kill TASK-001, or wilson kill --all',
    });
  }
  return withStore(io, async (store) => {
    const targets = options.all ? (store?.tasks.unfinishedIds() ?? []) : [...new Set(names)];
    const families = await Promise.all(outermost(store, targets).map((name) => killFamily(store, name, writes)));
    const lines = families.flat();
    if (options.json) {
      writeJson({ killed: lines.map(({ task, result }) => ({ task, result })) }, io);
    } else {
      for (const line of lines) (line.result === 'cancelled' ? io.stdout : io.stderr).write(`${line.text}\n`);
      if (options.all && lines.length === 0) io.stdout.write('Nothing is running or queued.\n');
    }
    return lines.every((line) => line.result === 'cancelled') ? 0 : 1;
  });
}

/** The names without those of tasks that end with another one of them. */
function outermost(store: Store | null, names: readonly string[]): string[] {
  const taken = new Set(
    names.flatMap((name) => {
      const id = parseTaskId(name);
      return id === null || store === null ? [] : store.families.unfinishedBelow(id);
    }),
  );
  return names.filter((name) => !taken.has(parseTaskId(name) ?? ''));
}

/** Ends a task and then what is left below it: a parent that goes on would take the end of a subtask for a failure. */
async function killFamily(store: Store | null, name: string, writes: KillStore | undefined): Promise<KillLine[]> {
  const id = parseTaskId(name);
  if (id === null || store === null || store.tasks.get(id) === null) {
    const error = unknownTask(name);
    return [{ task: name, result: 'unknown', text: `${error.message} ${error.hint}` }];
  }
  const below = store.families.unfinishedBelow(id);
  const lines = [await killOne(store, id, writes)];
  for (const subtask of below) {
    const line = await killOne(store, subtask, writes);
    // Its parent's owner may have taken it along.
    const isGone = line.result === 'over' && store.tasks.get(subtask)?.status === 'cancelled';
    lines.push(isGone ? { task: subtask, result: 'cancelled', text: cancelledText(subtask) } : line);
  }
  // One that was done in the very moment needed no end; what the order was about is over all the same.
  return lines.filter(({ task, result }) => task === id || result !== 'over');
}

async function killOne(store: Store, id: string, writes: KillStore | undefined): Promise<KillLine> {
  const outcome = await killTask(writes ?? asyncStore(store), id, systemClock);
  return { task: id, result: outcome.result, text: textOf(outcome) };
}

function cancelledText(taskId: string): string {
  return `${taskId} is cancelled.`;
}

function textOf(outcome: KillOutcome): string {
  switch (outcome.result) {
    case 'cancelled':
      return cancelledText(outcome.taskId);
    case 'over':
      return `${outcome.taskId} was already over: ${outcome.task?.status ?? 'gone'}.`;
    case 'unknown':
      return unknownTask(outcome.taskId).message;
    case 'survived':
      return `${outcome.taskId} has processes that the system would not end; see wilson ps.`;
  }
}
