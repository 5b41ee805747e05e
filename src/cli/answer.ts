import { loadConfig } from '../config/load.js';
import { WilsonError } from '../errors.js';
import { isAlive } from '../platform/process-identity.js';
import type { Store } from '../store/store.js';
import { answerProblem } from '../task/answer-text.js';
import type { Task } from '../task/task.js';
import { requireTask, withStore } from './command-store.js';
import { startDetachedParent } from './detached.js';
import type { CliIo } from './program.js';
import { writeJson } from './report.js';
import { requestFromInput } from './request-input.js';

export interface AnswerOptions {
  readonly json: boolean;
  readonly config?: string;
}

/**
 * `wilson answer <task> <text…>`: passes the user's answer to the agent that asks; `-` reads it from the input. The task
 * goes on with the parent that runs it, or with one that is started for it.
 */
export async function answer(name: string, words: string, options: AnswerOptions, io: CliIo): Promise<number> {
  const config = await loadConfig({ env: io.env, cwd: io.cwd, path: options.config });
  return withStore(io, async (store) => {
    const task = requireTask(store, name);
    // Before the input is read: nobody should type an answer to what is not asked.
    if (store === null || task.question === null) throw nothingAsked(task);
    const text = words === '-' ? await answerFromInput(task, io) : words;
    const problem = answerProblem(text);
    if (problem !== null) {
      throw new WilsonError('USAGE', problem, { hint: `${task.id} asks: ${task.question}` });
    }
    if (!store.families.answer(task.id, text.trim())) throw nothingAsked(store.tasks.get(task.id) ?? task);
    store.events.append({ taskId: task.id, sessionId: null, level: 'info', kind: 'answered', text: text.trim() });
    if (!isOwned(store, task)) await startDetachedParent(task.folder, config.file, io);
    if (options.json) writeJson({ task: task.id, answered: true }, io);
    else io.stdout.write(`${task.id} has its answer and goes on. Follow it with: wilson logs -f ${task.id}\n`);
    return 0;
  });
}

function answerFromInput({ id, question }: Task, io: CliIo): Promise<string> {
  if (io.stdin.isTTY) io.stderr.write(`${id} asks: ${question}\nCtrl-D on a line of its own ends the answer.\n`);
  return requestFromInput(io.stdin);
}

function nothingAsked(task: Task): WilsonError {
  return new WilsonError('NOTHING_ASKED', `${task.id} asks nothing: ${task.status.replace('_', ' ')}.`, {
    hint: `\`wilson show ${task.id}\` has its story.`,
  });
}

/** Whether a live parent looks after the task: it sees the answer by itself. */
function isOwned(store: Store, task: Task): boolean {
  const owner = store.tasks.sessionOf(task.id);
  return store.sessions.open().some((session) => session.id === owner && isAlive(session.identity));
}
