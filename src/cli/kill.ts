import { systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { asyncStore } from '../store/async-store.js';
import type { Store } from '../store/store.js';
import { type KillOutcome, type KillStore, killTask } from '../supervisor/kill-task.js';
import { parseTaskId } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import { unknownTask, withStore } from './command-store.js';

export interface KillOptions {
  readonly all: boolean;
  readonly json: boolean;
}

interface KillLine {
  readonly task: string;
  readonly result: KillOutcome['result'];
  readonly text: string;
}

/** `wilson kill <task>… | --all`: ends tasks with all they started. 1 if one is unknown, was already over, or survived. */
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
    const lines = await Promise.all(targets.map((name) => killOne(store, name, writes)));
    if (options.json) {
      io.stdout.write(`${JSON.stringify({ killed: lines.map(({ task, result }) => ({ task, result })) })}\n`);
    } else {
      for (const line of lines) (line.result === 'cancelled' ? io.stdout : io.stderr).write(`${line.text}\n`);
      if (options.all && lines.length === 0) io.stdout.write('Nothing is running or queued.\n');
    }
    return lines.every((line) => line.result === 'cancelled') ? 0 : 1;
  });
}

async function killOne(store: Store | null, name: string, writes: KillStore | undefined): Promise<KillLine> {
  const id = parseTaskId(name);
  if (id === null || store === null || store.tasks.get(id) === null) {
    const error = unknownTask(name);
    return { task: name, result: 'unknown', text: `${error.message} ${error.hint}` };
  }
  const outcome = await killTask(writes ?? asyncStore(store), id, systemClock);
  return { task: id, result: outcome.result, text: textOf(outcome) };
}

function textOf(outcome: KillOutcome): string {
  switch (outcome.result) {
    case 'cancelled':
      return `${outcome.taskId} is cancelled.`;
    case 'over':
      return `${outcome.taskId} was already over: ${outcome.task?.status ?? 'gone'}.`;
    case 'unknown':
      return unknownTask(outcome.taskId).message;
    case 'survived':
      return `${outcome.taskId} has processes that the system would not end; see wilson ps.`;
  }
}
