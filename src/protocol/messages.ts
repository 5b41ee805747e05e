import { z } from 'zod';
import { checkNames } from '../task/definition-of-done.js';
import { orchestrationTools } from '../task/orchestration.js';
import { severities, verdicts } from '../task/review.js';
import { providerIds, taskRoles, taskTypes } from '../task/task.js';
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

const checkSpec = z.object({
  check: z.enum(checkNames),
  paths: z.array(z.string()).exactOptional(),
  command: z.array(z.string()).exactOptional(),
  percent: z.number().min(0).max(100).exactOptional(),
});

/** What a task left for those after it, or an answer of the user. */
const handover = z.object({ from: z.string(), text: z.string() });

/** The work that a Review Agent is to judge. */
const reviewOrder = z.object({
  /** Unified diff; cut at a bound, then `truncated`. */
  patch: z.string(),
  truncated: z.boolean(),
  files: z.array(z.string()),
  /** What the supervisor has seen already, one line for each check. */
  evidence: z.array(z.string()),
  /** What was asked for. */
  request: z.string(),
});

/** What a worker is asked to do: all that it will ever know of the world outside its workspace. */
export const workOrder = z.object({
  type: z.literal('work'),
  protocol: z.literal(protocolVersion),
  taskId: z.string(),
  attempt: z.int().positive(),
  /** `plan` asks the Manager Agent for subtasks, `work` the agent of the type for the work itself. */
  role: z.enum(taskRoles),
  taskType: z.enum(taskTypes),
  title: z.string(),
  description: z.string(),
  workspaceRoot: z.string(),
  model: modelRef,
  /** What held the attempt before this one back: failed checks and findings, for a revision. */
  findings: z.array(z.string()),
  /** Checks that are demanded of the result besides those of its type, e.g. by a plan. */
  definitionOfDone: z.array(checkSpec),
  handover: z.array(handover),
  /** What was asked for as a whole, where this is a part of it that does not say so itself. */
  partOf: z.string().nullable().default(null),
  /** Only for a review of another task's work. */
  review: reviewOrder.nullable(),
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
  /** The answer to a `call`: JSON where `ok`, else what was wrong, for the model. */
  z.object({ type: z.literal('reply'), id: z.int().nonnegative(), ok: z.boolean(), text: z.string() }),
]);
export type ToWorker = z.infer<typeof toWorker>;

const usage = z.object({
  promptTokens: z.number(),
  outputTokens: z.number(),
  loadMs: z.number(),
  generateMs: z.number(),
});

const planStep = z.object({
  key: z.string(),
  title: z.string(),
  description: z.string(),
  type: z.enum(taskTypes),
  dependsOn: z.array(z.string()),
  checks: z.array(checkSpec),
});

const plan = z.object({
  steps: z.array(planStep),
  basis: z.enum(['model', 'repaired', 'default']),
  notes: z.array(z.string()),
});

const review = z.object({
  verdict: z.enum(verdicts),
  findings: z.array(
    z.object({
      file: z.string(),
      line: z.int().positive().nullable(),
      severity: z.enum(severities),
      text: z.string(),
    }),
  ),
  summary: z.string(),
});

/** What a worker says it achieved. Nothing of it is believed: the supervisor runs the checks itself. */
export const workerResult = z.object({
  type: z.literal('result'),
  attempt: z.int().positive(),
  /** `blocked`: it cannot go on without an answer to `question`. */
  outcome: z.enum(['finished', 'failed', 'blocked']),
  summary: z.string(),
  /** Checks the worker would add to those the supervisor demands. */
  checks: z.array(checkSpec),
  usage,
  error: errorRecord.nullable(),
  /** `failed` by what rules saw, without the model's part in it: another attempt would see the same. */
  byRules: z.boolean(),
  question: z.string().nullable(),
  /** Of the Manager Agent alone. */
  plan: plan.nullable(),
  /** Of a Review Agent that was given somebody's work. */
  review: review.nullable(),
});
export type WorkerResult = z.infer<typeof workerResult>;

export const fromWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), protocol: z.number(), pid: z.number() }),
  z.object({ type: z.literal('ready'), attempt: z.int().positive() }),
  z.object({ type: z.literal('heartbeat') }),
  z.object({ type: z.literal('model-loaded'), loadMs: z.number() }),
  /** What the attempt has used so far, at most once a second; the newest counts, and that of the result is the last. */
  z.object({ type: z.literal('usage'), usage }),
  z.object({
    type: z.literal('progress'),
    fraction: z.number().min(0).max(1).nullable(),
    basis: z.string(),
    message: z.string(),
  }),
  /** A line for `wilson logs`. */
  z.object({ type: z.literal('log'), level: z.enum(['info', 'warn', 'error']), text: z.string() }),
  /** An orchestration tool; the arguments are checked by the one who serves it. */
  z.object({
    type: z.literal('call'),
    id: z.int().nonnegative(),
    tool: z.enum(orchestrationTools),
    arguments: z.record(z.string(), z.unknown()),
  }),
  workerResult,
]);
export type FromWorker = z.infer<typeof fromWorker>;
