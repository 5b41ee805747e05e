import { z } from 'zod';
import { checkNames } from '../task/definition-of-done.js';
import { providerIds, taskTypes } from '../task/task.js';
import { protocolVersion } from './version.js';

const errorRecord = z.object({ code: z.string(), message: z.string(), hint: z.string() });

/** The model a worker uses, chosen by the parent. */
export const modelRef = z.object({
  provider: z.enum(providerIds),
  model: z.string(),
  /** Base URL of a server; null for an embedded model. */
  server: z.string().nullable(),
  /** The name of the environment variable that holds the key, never the key. */
  apiKeyEnv: z.string().nullable(),
  /** GGUF file of an embedded model. */
  modelPath: z.string().nullable(),
  temperature: z.number(),
  numCtx: z.int().positive(),
  numThreads: z.int().positive().nullable(),
});
export type ModelRef = z.infer<typeof modelRef>;

/** The answer to `hello`: which attempt this process is to serve. It says `ready`, and then gets its work. */
export const workerInit = z.object({
  type: z.literal('init'),
  protocol: z.literal(protocolVersion),
  taskId: z.string(),
  attempt: z.int().positive(),
});

/** What a worker is asked to do: all that it will ever know of the world outside its workspace. */
export const workOrder = z.object({
  type: z.literal('work'),
  protocol: z.literal(protocolVersion),
  taskId: z.string(),
  attempt: z.int().positive(),
  taskType: z.enum(taskTypes),
  title: z.string(),
  description: z.string(),
  workspaceRoot: z.string(),
  model: modelRef,
  /** What held the attempt before this one back: failed checks and findings, for a revision. */
  findings: z.array(z.string()),
  limits: z.object({
    deadlineMs: z.int().positive(),
    commandTimeoutMs: z.int().positive(),
    maxTurns: z.int().positive(),
  }),
  /** False where commands cannot be isolated and only the allow list may run. */
  sandboxed: z.boolean(),
});
export type WorkOrder = z.infer<typeof workOrder>;

export const toWorker = z.discriminatedUnion('type', [
  workerInit,
  workOrder,
  z.object({ type: z.literal('ack'), attempt: z.int().positive() }),
  z.object({ type: z.literal('stop'), reason: z.string() }),
  /** A chat turn runs: hold still between tokens, and ask no server. May come at any time, before `work` too. */
  z.object({ type: z.literal('hold') }),
  /** It is over. */
  z.object({ type: z.literal('continue') }),
]);
export type ToWorker = z.infer<typeof toWorker>;

const usage = z.object({
  promptTokens: z.number(),
  outputTokens: z.number(),
  loadMs: z.number(),
  generateMs: z.number(),
});

const checkSpec = z.object({
  check: z.enum(checkNames),
  paths: z.array(z.string()).exactOptional(),
  command: z.array(z.string()).exactOptional(),
  percent: z.number().min(0).max(100).exactOptional(),
});

/** What a worker says it achieved. Nothing of it is believed: the supervisor runs the checks itself. */
export const workerResult = z.object({
  type: z.literal('result'),
  attempt: z.int().positive(),
  outcome: z.enum(['finished', 'failed']),
  summary: z.string(),
  /** Checks the worker would add to those the supervisor demands. */
  checks: z.array(checkSpec),
  usage,
  error: errorRecord.nullable(),
});
export type WorkerResult = z.infer<typeof workerResult>;

export const fromWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), protocol: z.number(), pid: z.number() }),
  z.object({ type: z.literal('ready'), attempt: z.int().positive() }),
  z.object({ type: z.literal('heartbeat') }),
  z.object({ type: z.literal('model-loaded'), loadMs: z.number() }),
  z.object({
    type: z.literal('progress'),
    fraction: z.number().min(0).max(1).nullable(),
    basis: z.string(),
    message: z.string(),
  }),
  /** A line for `wilson logs`. */
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warn', 'error']), text: z.string() }),
  workerResult,
]);
export type FromWorker = z.infer<typeof fromWorker>;
