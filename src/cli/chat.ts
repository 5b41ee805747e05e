import { resolve } from 'node:path';
import { isModelReady } from '../catalog/model-cache.js';
import type { ChatCommands } from '../chat/turns.js';
import { systemClock } from '../clock.js';
import { toErrorRecord } from '../errors.js';
import { renderProgress } from '../models/download-progress.js';
import type { CommandIo } from './command-io.js';
import { detachedVariable, startDetachedParent } from './detached.js';
import { suggestAtFirstRun } from './first-run.js';
import { type Parent, startParent } from './parent.js';
import type { CliIo } from './program.js';
import { ProgressLine } from './progress-line.js';

export interface ChatOptions {
  readonly config?: string;
}

/** `wilson`: the chat, or, started by `--detach`, the queue of a folder without one. */
export async function chat(options: ChatOptions, io: CliIo): Promise<number> {
  const folder = resolve(io.cwd);
  if (io.env[detachedVariable] === '1') return runQueue(folder, options, io);
  const parent = await startParent({ kind: 'chat', folder, configPath: options.config, adopt: true }, io);
  try {
    return await talk(parent, folder, io);
  } finally {
    await parent.close();
  }
}

/** A parent without a terminal: it ends with the last task of its folder. */
async function runQueue(folder: string, options: ChatOptions, io: CliIo): Promise<number> {
  const parent = await startParent({ kind: 'detached', folder, configPath: options.config, adopt: true }, io);
  const stop = new Promise<void>((done) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => done());
  });
  try {
    await Promise.race([parent.supervisor.whenIdle(), stop]);
    return 0;
  } finally {
    await parent.close();
  }
}

async function talk(parent: Parent, folder: string, io: CliIo): Promise<number> {
  const { runChat } = await import('../chat/session.js');
  const { supervisor, store, sessionId } = parent;
  const progress = new ProgressLine(io.stderr);
  const model = parent.models.startChat({
    onProgress: (state) => progress.show(`Fetching the chat model: ${renderProgress(state)}`),
    say: (text, reason) => {
      progress.clear();
      supervisor.notify({ kind: 'info', taskId: null, text }, reason);
    },
  });
  suggestAtFirstRun(parent, io);
  // The first start fetches the model; its progress bar and the prompt would fight for the last line of the screen.
  if (!(await isModelReady(parent.config.llms.embedded.model, io.env))) {
    await model.ready.catch(() => undefined);
    progress.clear();
  }
  return runChat({
    input: io.stdin,
    output: io.stdout,
    errorOutput: io.stderr,
    supervisor,
    model,
    commands: chatCommands(io, parent),
    history: {
      load: (limit) => store.messages.last(folder, limit),
      append: (message) => store.messages.append({ ...message, folder, sessionId }),
    },
    clock: systemClock,
    folder,
    notices: parent.notes,
    detach: async () => {
      await supervisor.shutdown();
      await startDetachedParent(folder, parent.config.file, io);
      return 'The tasks go on in the background: `wilson ps` shows them, `wilson logs -f <task>` follows one.';
    },
  });
}

/** Slash commands write on the chat's own thread: a lock is soon told rather than long waited for. */
const chatBusyTimeoutMs = 150;

/** The slash commands: the same functions as on the command line, with their text handed to the chat. */
function chatCommands(io: CliIo, parent: Parent): ChatCommands {
  const config = parent.config.file;
  const captured = async (run: (own: CommandIo) => Promise<number>): Promise<string> => {
    let text = '';
    const sink = {
      write: (part: string) => {
        text += part;
      },
      isTTY: io.stdout.isTTY,
      columns: io.stdout.columns,
    };
    try {
      await run({ stdout: sink, stderr: sink, env: io.env, cwd: io.cwd, busyTimeoutMs: chatBusyTimeoutMs });
    } catch (error) {
      const { message, hint } = toErrorRecord(error);
      text += `${message}${hint === '' ? '' : ` ${hint}`}\n`;
    }
    return text;
  };
  const plain = { json: false } as const;
  const one = (args: readonly string[]): string => args[0] ?? '';
  const outcome =
    (name: 'diff' | 'apply' | 'undo' | 'retry') =>
    (args: string[]): Promise<string> =>
      captured(async (own) => (await import('./outcome.js'))[name](one(args), { ...plain, config }, own));
  return {
    ps: () => captured(async (own) => (await import('./ps.js')).ps({ ...plain, watch: false, config }, own)),
    kill: (args) =>
      captured(async (own) =>
        (await import('./kill.js')).kill(
          args.filter((arg) => arg !== '--all'),
          { ...plain, all: args.includes('--all') },
          own,
          parent.store,
        ),
      ),
    tasks: () => captured(async (own) => (await import('./tasks.js')).tasks({ ...plain, limit: '20' }, own)),
    show: (args) =>
      captured(async (own) => {
        const names = args.filter((arg) => arg !== '--messages');
        const options = { ...plain, messages: names.length < args.length };
        return (await import('./tasks.js')).show(one(names), options, own);
      }),
    logs: (args) =>
      captured(async (own) => (await import('./tasks.js')).logs(one(args), { ...plain, follow: false }, own)),
    models: (args) =>
      captured(async (own) =>
        (await import('./models.js')).models({ ...plain, config, brief: args.includes('--brief') }, own),
      ),
    diff: outcome('diff'),
    apply: outcome('apply'),
    discard: (args) =>
      captured(async (own) => {
        const names = args.filter((arg) => arg !== '--keep-applied');
        const options = { ...plain, keepApplied: names.length < args.length, config };
        return (await import('./outcome.js')).discard(one(names), options, own);
      }),
    undo: outcome('undo'),
    retry: outcome('retry'),
  };
}
