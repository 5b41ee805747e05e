import { sleep, systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { asyncStore } from '../store/async-store.js';
import { isOver, type TaskStatus, taskStatuses } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import { requireTask, withStore } from './command-store.js';
import { taskJson } from './json-shapes.js';
import { inFamilies, withParents } from './nested-tasks.js';
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

/** `wilson tasks`: the newest first; for people, subtasks stand below their parent. */
export async function tasks(options: TasksOptions, io: CommandIo): Promise<number> {
  const status = options.status === undefined ? undefined : statusOf(options.status);
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new WilsonError('USAGE', `--limit takes a whole number from 1, not ${JSON.stringify(options.limit)}.`);
  }
  return withStore(io, (store) => {
    const list = store?.tasks.list({ limit, ...(status === undefined ? {} : { status }) }) ?? [];
    if (options.json) {
      io.stdout.write(`${JSON.stringify({ tasks: list.map((task) => taskJson(task)) })}\n`);
      return 0;
    }
    // A subtask says little without what it is a part of; who asks for one status gets no other.
    const whole = status === undefined ? withParents(list, (id) => store?.tasks.get(id) ?? null) : list;
    const view = viewOptionsOf(io.stdout, io.env);
    io.stdout.write(tasksView(inFamilies(whole), systemClock.now(), view));
    return 0;
  });
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
    io.stdout.write(options.json ? `${JSON.stringify(taskJson(task, extras))}\n` : taskPage(task, extras, view));
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
        io.stdout.write(options.json ? `${JSON.stringify(event)}\n` : logLine(event, view));
        lastId = event.id;
      }
      if (events.length === pageOfEvents) continue;
      if (over) looksAfterEnd += 1;
      if (!options.follow || looksAfterEnd > 1) return 0;
      await sleep(systemClock, followEveryMs);
    }
  });
}
