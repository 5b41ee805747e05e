/**
 * A whole Wilson parent of a built program, driven by messages: what `bench-wilson.ts` starts. It runs under plain Node,
 * as the real program does, so it imports nothing but Node's own modules and the build that its first argument names.
 */
import { writeHeapSnapshot } from 'node:v8';
import type { ChatPart } from '../src/providers/provider.js';
import type { TaskRequest } from '../src/supervisor/port.js';
import type { FromWilson, Parts, ToWilson, Turn } from './bench-wilson.js';

const [dist = '', folder = '', configPath = ''] = process.argv.slice(2);
const say = (message: FromWilson): void => {
  process.send?.(message);
};

const { startParent } = (await import(`${dist}/src/cli/parent.js`)) as typeof import('../src/cli/parent.js');
const { opening } = (await import(
  `${dist}/src/chat/system-prompt.js`
)) as typeof import('../src/chat/system-prompt.js');
const { ownedProcesses } = (await import(
  `${dist}/src/platform/process-tree.js`
)) as typeof import('../src/platform/process-tree.js');

const io = { stdout: process.stderr, stderr: process.stderr, env: process.env, cwd: folder };
const parent = await startParent({ kind: 'chat', folder, configPath, adopt: false }, io);
const { supervisor } = parent;
const chat = parent.models.startChat({
  onProgress: () => undefined,
  say: (text) => say({ type: 'notice', kind: 'warning', taskId: null, text }),
});
supervisor.onNotice(({ kind, taskId, text }) => say({ type: 'notice', kind, taskId, text }));

/** Only what is news: the supervisor also tells of each new sample of a worker's memory. */
let lastActive = '';
supervisor.onChange(() => {
  const tasks = supervisor
    .active()
    .map(({ task, pid, phase }) => ({ id: task.id, pid, phase, message: task.progress.message }));
  const text = JSON.stringify(tasks);
  if (text === lastActive) return;
  lastActive = text;
  say({ type: 'active', tasks, atMs: monotonicMs() });
});

const commands: { [Name in keyof ToWilson]: (order: ToWilson[Name]['order']) => Promise<ToWilson[Name]['answer']> } = {
  turn: ({ question, maxTokens, limitMs }) => chatTurn(question, maxTokens, limitMs),
  submit: async (request: Omit<TaskRequest, 'folder'>) => (await supervisor.submit({ ...request, folder })).id,
  cancel: async ({ taskId }) => (await supervisor.cancel(taskId)).result,
  task: async ({ taskId }) => {
    const task = await supervisor.task(taskId);
    return task === null ? null : { status: task.status, usage: task.usage, error: task.error?.message ?? null };
  },
  parts: () => Promise.resolve(parts()),
  heap: ({ collect, snapshot }) => {
    if (collect) globalThis.gc?.();
    if (snapshot !== null) writeHeapSnapshot(snapshot);
    const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    return Promise.resolve({ heapUsed, heapTotal, external, arrayBuffers });
  },
  close: async () => {
    await parent.close();
    return null;
  },
};

/** One turn as the chat takes it: the opening, which the model's cache keeps, and a new question after it. */
async function chatTurn(question: string, maxTokens: number, limitMs: number): Promise<Turn> {
  const startedMs = performance.now();
  let firstMs = Number.NaN;
  let pieces = 0;
  const messages = [...opening(chat.name), { role: 'user' as const, content: question }];
  const given = AbortSignal.timeout(limitMs);
  try {
    for await (const part of chat.stream({
      messages,
      maxTokens,
      temperature: 0.3,
      signal: given,
    }) as AsyncIterable<ChatPart>) {
      if (part.type !== 'text') continue;
      if (pieces === 0) firstMs = performance.now() - startedMs;
      pieces += 1;
    }
  } catch (error) {
    if (!given.aborted) throw error;
    if (pieces === 0) firstMs = limitMs;
  }
  return { firstMs, wholeMs: performance.now() - startedMs, pieces };
}

/** The processes of this Wilson by what they are; workers and what they started only while there are any. */
function parts(): Parts {
  const { sessionId } = parent;
  return {
    parent: [process.pid],
    'chat engine': ownedProcesses(`${sessionId}:chat`).map(({ pid }) => pid),
    all: [process.pid, ...ownedProcesses(sessionId).map(({ pid }) => pid)],
  };
}

/** The same clock in every process of the machine, where `performance.now()` counts from each one's own start. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

async function obey(order: { id: number; name: keyof ToWilson; order: unknown }): Promise<void> {
  const run = commands[order.name] as (given: unknown) => Promise<unknown>;
  try {
    say({ type: 'answer', id: order.id, value: await run(order.order) });
  } catch (error) {
    say({ type: 'failed', id: order.id, message: error instanceof Error ? error.message : String(error) });
  }
}

process.on('message', (order: Parameters<typeof obey>[0]) => void obey(order));
// Whoever measured is gone: nothing of this may stay.
process.on('disconnect', () => {
  parent.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
chat.ready.then(
  () => say({ type: 'ready', model: chat.name }),
  (error: unknown) => say({ type: 'failed', id: 0, message: error instanceof Error ? error.message : String(error) }),
);
