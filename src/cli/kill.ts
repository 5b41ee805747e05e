import { systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { asyncStore } from '../store/async-store.js';
import type { Store } from '../store/store.js';
import { type KillOutcome, type KillStore, killTask } from '../supervisor/kill-task.js';
import { parseTaskId } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import { unknownTask, withStore } from './command-store.js';
import { writeJson } from './report.js';

const busyTimeoutMs = 500;

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
  // What is to be ended does not wait for a lock; only writing it down does, and is tried again.
  return withStore({ ...io, busyTimeoutMs: io.busyTimeoutMs ?? busyTimeoutMs }, async (store) => {
    const targets = options.all ? (store?.tasks.unfinishedIds() ?? []) : [...new Set(names)];
    const families = await Promise.all(outermost(store, targets).map((name) => killFamily(store, name, io, writes)));
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

/** Ends a task and what is below it. */
async function killFamily(
  store: Store | null,
  name: string,
  io: CommandIo,
  writes: KillStore | undefined,
): Promise<KillLine[]> {
  const id = parseTaskId(name);
  if (id === null || store === null || store.tasks.get(id) === null) {
    const error = unknownTask(name);
    return [{ task: name, result: 'unknown', text: `${error.message} ${error.hint}` }];
  }
  const onLocked = (): void => void io.stderr.write(`${lockedText(id)}\n`);
  const { below, ...own } = await killTask(writes ?? asyncStore(store), id, systemClock, { onLocked });
  // One that was done in the very moment needed no end; what the order was about is over all the same.
  const ended = [own, ...below.filter(({ result }) => result !== 'over')];
  return ended.map((outcome) => ({ task: outcome.taskId, result: outcome.result, text: textOf(outcome) }));
}

function lockedText(taskId: string): string {
  return (
    `Nothing runs for ${taskId} any more, but that cannot be written down: another process holds the lock of the ` +
    'database, perhaps a wilson that is stopped. Waiting for it.'
  );
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
