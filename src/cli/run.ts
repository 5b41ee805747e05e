import { resolve } from 'node:path';
import { unansweredText } from '../chat/open-question.js';
import { taskTypeOf } from '../chat/routing/decide.js';
import { titleOf } from '../chat/task-title.js';
import { systemClock } from '../clock.js';
import { loadConfig } from '../config/load.js';
import { ensureStateFolder, stateFolder } from '../config/paths.js';
import { WilsonError } from '../errors.js';
import { orStoreError } from '../store/database.js';
import { Store } from '../store/store.js';
import { checkImages } from '../supervisor/check-images.js';
import { checkRequest } from '../supervisor/check-request.js';
import { failedText, parentDoneText } from '../supervisor/notice-text.js';
import type { SupervisorPort } from '../supervisor/port.js';
import { needsPlan } from '../task/needs-plan.js';
import { isOver, type Task, type TaskType, taskTypes } from '../task/task.js';
import { AskUser, canAsk } from './ask-user.js';
import { startDetachedParent } from './detached.js';
import { type TaskExtras, taskJson } from './json-shapes.js';
import { type Parent, startParent } from './parent.js';
import { imageCheckFor } from './parent-ports.js';
import type { CliIo } from './program.js';
import { writeJson } from './report.js';
import { requestFromInput } from './request-input.js';
import { storyOf } from './task-story.js';
import { safeText } from './views/view.js';

export interface RunOptions {
  readonly type?: string;
  readonly detach?: boolean;
  readonly timeout?: string;
  readonly json?: boolean;
  readonly config?: string;
}

const exitCodes = { done: 0, failed: 1, unanswered: 1, cancelled: 3, timedOut: 4, interrupted: 1 } as const;
const maxTimeoutS = 7 * 24 * 3_600;

/**
 * `wilson run "<request>"`: one task without a chat; progress to stderr, the result to stdout. The request `-` is read
 * from the input. What its agents ask is asked on the terminal; without one it ends with 1, and the task waits for
 * `wilson answer`.
 */
export async function run(words: string, options: RunOptions, io: CliIo): Promise<number> {
  const timeoutMs = timeoutOf(options.timeout);
  const request = words === '-' ? await inputRequest(io) : words;
  const type = typeOf(request, options.type);
  const folder = resolve(io.cwd);
  // Who names a type wants one task of that type.
  const planned = options.type === undefined && needsPlan(request, type);
  const order = { title: titleOf(request), description: request, type, folder, planned };
  await checkRequest(order);
  if (options.detach === true) return detach(order, options, io);
  const parent = await startParent({ kind: 'run', folder, configPath: options.config, adopt: false }, io);
  try {
    for (const note of parent.notes) io.stderr.write(`${note}\n`);
    return await follow(parent, order, timeoutMs, options.json === true, io);
  } finally {
    await parent.close();
  }
}

function inputRequest(io: CliIo): Promise<string> {
  if (io.stdin.isTTY) io.stderr.write('Write the request; Ctrl-D on a line of its own ends it.\n');
  return requestFromInput(io.stdin);
}

interface Order {
  readonly title: string;
  readonly description: string;
  readonly type: TaskType;
  readonly folder: string;
  readonly planned: boolean;
}

type End = 'over' | 'unanswered' | 'timed-out' | 'interrupt' | 'terminate';

async function follow(
  parent: Parent,
  order: Order,
  timeoutMs: number | null,
  json: boolean,
  io: CliIo,
): Promise<number> {
  const { supervisor } = parent;
  let interrupt: () => void = () => undefined;
  const askUser = new AskUser({ supervisor, io, onInterrupt: () => interrupt() });
  const told = listen(supervisor, askUser, io);
  const task = await supervisor.submit(order);
  told.mainTask = task.id;
  askUser.tell(`${task.id}\n`);

  const stopped = new Promise<End>((done) => {
    interrupt = () => done('interrupt');
    // `on`: a second Ctrl-C must not end this process before the task is stored as cancelled.
    process.on('SIGINT', interrupt);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done('terminate'));
    if (timeoutMs !== null) systemClock.after(timeoutMs, () => done('timed-out'));
  });
  const end = await Promise.race([stopped, untilSettled(supervisor, task.id, askUser, told.asked)]);
  askUser.close();
  await askUser.answered();
  if (end === 'terminate') {
    // An orderly stop: the task keeps its place in the queue.
    await supervisor.shutdown();
    io.stderr.write(`${task.id} was interrupted; the next wilson in ${order.folder} takes it up again.\n`);
    return exitCodes.interrupted;
  }
  if (end !== 'over' && end !== 'unanswered') await supervisor.cancel(task.id);
  const ended = (await supervisor.task(task.id)) ?? task;
  const story = json ? await storyOf(parent.store, ended, systemClock.now()) : {};
  if (end === 'unanswered') {
    if (json) writeJson(taskJson(ended, story), io);
    const asking = (await supervisor.asking()).filter(({ id }) => told.asked.has(id));
    io.stderr.write(`${safeText(unansweredText(asking))}\n`);
    return exitCodes.unanswered;
  }
  const doneNotice = told.doneNotice ?? parentDoneText(ended, await supervisor.subtasks(ended.id));
  const code = report(ended, end, { timeoutMs, story: json ? story : null, doneNotice }, io);
  told.resultShown();
  return code;
}

/** What was heard of the task and its family so far. */
interface Told {
  mainTask: string | null;
  doneNotice: string | null;
  /** To be called when the result of the task itself has been reported. */
  resultShown: () => void;
  /** Tasks that have asked something. */
  readonly asked: Set<string>;
}

/** Tells people what happens, and puts what agents ask before them. */
function listen(supervisor: SupervisorPort, askUser: AskUser, io: CliIo): Told {
  const told: Told = { mainTask: null, doneNotice: null, resultShown: () => undefined, asked: new Set() };
  // The end of the task itself is told by the result.
  const toldByResult = ['done', 'failed', 'cancelled'];
  supervisor.onNotice(({ kind, taskId, text, shown }) => {
    const isMain = taskId === told.mainTask;
    if (kind === 'done' && isMain) told.doneNotice = text;
    if (isMain && shown !== undefined) told.resultShown = shown;
    if (kind === 'asks' && taskId !== null) {
      told.asked.add(taskId);
      if (canAsk(io)) askUser.ask(taskId);
    } else if (!(isMain && toldByResult.includes(kind))) askUser.tell(`${safeText(text)}\n`);
  });
  const lastLines = new Map<string, string>();
  supervisor.onChange(() => {
    for (const { task } of supervisor.active()) {
      const { message, basis } = task.progress;
      const line = basis === '' ? message : `${message} (${basis})`;
      if (line !== lastLines.get(task.id) && line !== '') askUser.tell(`${task.id}: ${safeText(line)}\n`);
      lastLines.set(task.id, line);
    }
  });
  return told;
}

/** Resolves when the task is over, or when it waits for an answer that nobody here gives. */
async function untilSettled(
  supervisor: SupervisorPort,
  taskId: string,
  askUser: AskUser,
  asked: ReadonlySet<string>,
): Promise<'over' | 'unanswered'> {
  for (;;) {
    await supervisor.whenIdle();
    await askUser.answered();
    const task = await supervisor.task(taskId);
    if (task === null || isOver(task.status)) return 'over';
    const open = (await supervisor.asking()).filter(({ id }) => asked.has(id));
    if (open.length > 0 && !askUser.isAsking) return 'unanswered';
  }
}

function report(
  task: Task,
  end: End,
  { timeoutMs, story, doneNotice }: { timeoutMs: number | null; story: TaskExtras | null; doneNotice: string },
  io: CliIo,
): number {
  const timedOut = end === 'timed-out' && task.status === 'cancelled';
  if (story !== null) writeJson(taskJson(task, story), io);
  else if (task.status === 'done') io.stdout.write(`${safeText(doneNotice)}\n`);
  if (task.status === 'done') return exitCodes.done;
  if (timedOut) {
    io.stderr.write(`${task.id} was ended: it took longer than ${(timeoutMs ?? 0) / 1_000} s.\n`);
    return exitCodes.timedOut;
  }
  if (task.status === 'cancelled') {
    io.stderr.write(`${task.id} was cancelled.\n`);
    return exitCodes.cancelled;
  }
  if (story === null) io.stderr.write(`${safeText(failedText(task))}\n`);
  return exitCodes.failed;
}

/** Stores the task and leaves it to a parent without a chat. */
async function detach(order: Order, options: RunOptions, io: CliIo): Promise<number> {
  const config = await loadConfig({
    env: io.env,
    cwd: order.folder,
    onNote: (note) => io.stderr.write(`${note}\n`),
    path: options.config,
  });
  const ready = await checkImages(order, imageCheckFor(config));
  const state = stateFolder(io.env);
  ensureStateFolder(state);
  const store = Store.open(state, systemClock);
  let task: Task;
  try {
    const role = order.planned ? 'plan' : 'work';
    task = store.tasks.submit({ ...ready, priority: 0, sessionId: null, role });
  } catch (error) {
    throw orStoreError(error, store.file);
  } finally {
    store.close();
  }
  await startDetachedParent(order.folder, config.file, io);
  if (options.json === true) writeJson(taskJson(task), io);
  else io.stdout.write(`${task.id}\n`);
  return 0;
}

function typeOf(request: string, asked: string | undefined): TaskType {
  if (asked !== undefined) {
    const type = taskTypes.find((known) => known === asked);
    if (type !== undefined) return type;
    throw new WilsonError('USAGE', `There is no type ${JSON.stringify(asked)}.`, {
      hint: `One of: ${taskTypes.join(', ')}.`,
    });
  }
  return taskTypeOf(request);
}

function timeoutOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds <= 0 || seconds > maxTimeoutS) {
    throw new WilsonError(
      'USAGE',
      `--timeout takes seconds, more than 0 and at most ${maxTimeoutS}, not ${JSON.stringify(text)}.`,
    );
  }
  return seconds * 1_000;
}
