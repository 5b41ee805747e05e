import { sleep, systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { asyncStore } from '../store/async-store.js';
import type { Store } from '../store/store.js';
import { isOver, type Task, type TaskStatus, taskStatuses } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import { requireTask, withStore } from './command-store.js';
import { type TaskJson, type TasksJson, taskJson } from './json-shapes.js';
import { inFamilies } from './nested-tasks.js';
import { writeJson, writeJsonLine } from './report.js';
import { resultOf } from './result-state.js';
import { storyOf } from './task-story.js';
import { viewOptionsOf } from './view-options.js';
import { logLine } from './views/log-lines.js';
import { taskPage } from './views/task-page.js';
import { tasksView } from './views/tasks-view.js';

export interface TasksOptions {
  readonly json: boolean;
  readonly status?: string;
  readonly limit: string;
}

/** `wilson tasks`: the newest first; each request with all its subtasks, unless one status alone is asked for. */
export async function tasks(options: TasksOptions, io: CommandIo): Promise<number> {
  const status = options.status === undefined ? undefined : statusOf(options.status);
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new WilsonError('USAGE', `--limit takes a whole number from 1, not ${JSON.stringify(options.limit)}.`);
  }
  return withStore(io, async (store) => {
    const list = store === null ? [] : listed(store, status, limit);
    if (options.json) {
      const whole = await Promise.all(list.map((task) => withResult(store, task)));
      writeJson({ tasks: whole } satisfies TasksJson, io);
      return 0;
    }
    const view = viewOptionsOf(io.stdout, io.env);
    io.stdout.write(tasksView(inFamilies(list), systemClock.now(), view));
    return 0;
  });
}

/** A subtask says little without what it is a part of, and the reverse: families are counted, and shown whole. */
function listed(store: Store, status: TaskStatus | undefined, limit: number): Task[] {
  return status === undefined ? store.families.withFamilies(limit) : store.tasks.list({ limit, status });
}

async function withResult(store: Store | null, task: Task): Promise<TaskJson> {
  return taskJson(task, store === null ? {} : { result: await resultOf(asyncStore(store), task) });
}

function statusOf(text: string): TaskStatus {
  const status = taskStatuses.find((known) => known === text);
  if (status === undefined) {
    throw new WilsonError('USAGE', `There is no status ${JSON.stringify(text)}.`, {
      hint: `One of: ${taskStatuses.join(', ')}.`,
    });
  }
  return status;
}

export interface ShowOptions {
  readonly json: boolean;
  /** What agents said to each other in full. */
  readonly messages?: boolean;
}

/** `wilson show <task>`: one task on one page. */
export async function show(name: string, options: ShowOptions, io: CommandIo): Promise<number> {
  return withStore(io, async (store) => {
    const task = requireTask(store, name);
    const extras = store === null ? {} : await storyOf(asyncStore(store), task, systemClock.now());
    const view = { ...viewOptionsOf(io.stdout, io.env), allMessages: options.messages === true };
    if (options.json) writeJson(taskJson(task, extras), io);
    else io.stdout.write(taskPage(task, extras, view));
    return 0;
  });
}

const followEveryMs = 200;
const pageOfEvents = 500;

/** `wilson logs <task> [-f]`: what happened to a task; with `follow`, until it is over. */
export async function logs(
  name: string,
  options: { readonly follow: boolean; readonly json: boolean },
  io: CommandIo,
): Promise<number> {
  return withStore(io, async (store) => {
    const { id } = requireTask(store, name);
    const view = viewOptionsOf(io.stdout, io.env);
    let lastId = 0;
    // The last line is written just after the task ends: one more look once it is over.
    let looksAfterEnd = 0;
    for (;;) {
      const over = isOver(store?.tasks.get(id)?.status ?? 'failed');
      const events = store?.events.of(id, lastId, pageOfEvents) ?? [];
      for (const event of events) {
        if (options.json) writeJsonLine(event, io);
        else io.stdout.write(logLine(event, view));
        lastId = event.id;
      }
      if (events.length === pageOfEvents) continue;
      if (over) looksAfterEnd += 1;
      if (!options.follow || looksAfterEnd > 1) return 0;
      await sleep(systemClock, followEveryMs);
    }
  });
}
