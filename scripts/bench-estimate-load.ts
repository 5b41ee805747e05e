import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.js';
import { createChatEngine } from '../src/models/chat-engine-client.js';
import { forkBound } from '../src/platform/bound-child.js';
import { killTree } from '../src/platform/process-tree.js';
import { fromWorker, type WorkerResult, type WorkOrder } from '../src/protocol/messages.js';
import { protocolVersion } from '../src/protocol/version.js';
import type { ChatRequest } from '../src/providers/provider.js';
import type { TaskType } from '../src/task/task.js';
import { type Peak, watchPeak } from './bench-estimate-peak.js';

/** One process that is measured. */
export interface Subject {
  readonly model: string;
  readonly modelPath: string;
  readonly numCtx: number;
  /** Folder of the compiled program. */
  readonly dist: URL;
}

export interface Measured extends Peak {
  /** Tokens of the long prompt; of a worker that asked more than once, all of them. */
  readonly promptTokens: number;
}

const workerThreads = 1;
const engineThreads = 2;
const patience = { firstTokenMs: 3_600_000, stallMs: 3_600_000, totalMs: 3_600_000 };
/** English prose, of which the two models make a token of about 4.7 characters. */
const prose =
  'The harbour was quiet in the early morning, and the boats moved slowly against the wooden pier. People came down the ' +
  'hill with baskets of bread, talked about the weather, and waited for the ferry that would take them to the island. ';
const charactersPerToken = 4.5;
const filledShare = 0.85;
/** A worker gives up a prompt that takes it two minutes; the engine, which runs the same code, reads longer ones. */
const mostWorkerTokens = 3_000;
const environment = { PATH: process.env.PATH, HOME: process.env.HOME };

const schema = {
  type: 'object',
  properties: {
    kind: { type: 'string', enum: ['answer', 'delegate'] },
    words: { type: 'array', items: { type: 'string', maxLength: 12 }, maxItems: 6 },
    why: { type: 'string', maxLength: 80 },
  },
  required: ['kind', 'words', 'why'],
};

function longText(numCtx: number, mostTokens = Number.POSITIVE_INFINITY): string {
  const length = Math.floor(Math.min(numCtx * filledShare, mostTokens) * charactersPerToken);
  return prose.repeat(Math.ceil(length / prose.length)).slice(0, length);
}

/** The larger peak of two real task workers: one reads a long prompt and writes a report, one answers with JSON. */
export async function measureWorker(subject: Subject): Promise<Measured> {
  const report = await serve(
    subject,
    'analysis',
    `Summarise this text in a report. ${longText(subject.numCtx, mostWorkerTokens)}`,
  );
  const request = 'Write a function slugify(text) in slug.py with tests.';
  const code = await serve(subject, 'code', request);
  return {
    residentMb: Math.max(report.residentMb, code.residentMb),
    sampledMb: Math.max(report.sampledMb, code.sampledMb),
    promptTokens: report.promptTokens,
  };
}

async function serve(subject: Subject, taskType: TaskType, description: string): Promise<Measured> {
  const workspaceRoot = mkdtempSync(join(tmpdir(), 'wilson-bench-'));
  const owner = `bench-${randomUUID()}`;
  const child = await forkBound({ entry: new URL('workers/task-worker.js', subject.dist), env: environment, owner });
  const { identity } = child;
  if (identity === null) throw new Error(`The worker did not start: ${(await child.exited).stderrTail}`);
  const watch = watchPeak(identity.pid);
  try {
    const result = await new Promise<WorkerResult>((resolve, reject) => {
      child.onMessage((raw) => {
        const message = fromWorker.parse(raw);
        if (message.type === 'hello') {
          child.send({ type: 'init', protocol: protocolVersion, taskId: 'TASK-001', attempt: 1 });
        } else if (message.type === 'ready') child.send(order(subject, taskType, description, workspaceRoot));
        else if (message.type === 'result') resolve(message);
      });
      void child.exited.then(({ stderrTail }) => reject(new Error(`The worker ended early: ${stderrTail}`)));
    });
    const { promptTokens, outputTokens } = result.usage;
    if (outputTokens === 0) throw new Error(`The worker generated nothing: ${result.error?.message ?? ''}`);
    return { ...watch.stop(), promptTokens };
  } finally {
    await killTree(identity, { clock: systemClock, graceMs: 0, ownerPrefix: owner });
    rmSync(workspaceRoot, { recursive: true, force: true });
  }
}

function order(subject: Subject, taskType: TaskType, description: string, workspaceRoot: string): WorkOrder {
  return {
    type: 'work',
    protocol: protocolVersion,
    taskId: 'TASK-001',
    attempt: 1,
    role: 'work',
    taskType,
    title: 'bench',
    description,
    workspaceRoot,
    model: {
      provider: 'llamacpp',
      model: subject.model,
      server: null,
      apiKeyEnv: null,
      modelPath: subject.modelPath,
      temperature: 0.2,
      numCtx: subject.numCtx,
      numThreads: workerThreads,
    },
    findings: [],
    definitionOfDone: [],
    handover: [],
    partOf: null,
    review: null,
    limits: { deadlineMs: 3_600_000, commandTimeoutMs: 60_000, maxTurns: 10 },
    sandboxed: true,
  };
}

/** The chat engine, as the chat uses it: a prompt that nearly fills a slot, a JSON answer in the other, many short turns. */
export async function measureEngine(subject: Subject): Promise<Measured> {
  const { model, modelPath, numCtx, dist } = subject;
  const signal = new AbortController().signal;
  const load = { numCtx, numThreads: null };
  const engine = createChatEngine({
    name: model,
    modelPath,
    threads: engineThreads,
    env: environment,
    ownerToken: `bench-${randomUUID()}`,
    entry: new URL('workers/chat-engine.js', dist),
  });
  const ask = async (content: string, maxTokens: number, more: Partial<ChatRequest> = {}): Promise<number> => {
    const request = { model, load, temperature: 0.2, maxTokens, signal, timeouts: patience, ...more };
    for await (const part of engine.chat({ ...request, messages: [{ role: 'user', content }] })) {
      if (part.type === 'done') return part.usage.promptTokens;
    }
    throw new Error('The engine ended an answer without its last part');
  };
  try {
    await engine.load(model, load, { signal, pin: true });
    if (engine.pid === null) throw new Error('The engine has no process');
    // The high-water mark holds the load too; only the samples begin after it.
    const watch = watchPeak(engine.pid);
    const promptTokens = await ask(`Summarise this text. ${longText(numCtx)}`, 64);
    await ask('Write a function that sorts a list, and its tests.', 120, { schema });
    await ask('Tell me a long tale of a fox, a dog and a goose.', Math.min(600, Math.floor(numCtx / 3)));
    for (let turn = 0; turn < 20; turn += 1) await ask(`What is ${turn} plus ${turn * 7}?`, 4);
    return { ...watch.stop(), promptTokens };
  } finally {
    await engine.close();
  }
}
