/** Why an attempt did not end in `done`. */
export type AttemptFailure =
  | 'worker_crashed'
  | 'worker_hung'
  | 'protocol_broken'
  | 'model_lost'
  | 'checks_failed'
  | 'agent_failed'
  | 'outgrew'
  | 'memory_busy'
  | 'not_possible';

/** Faults of a model or its server that may be over at the next attempt, by their codes. */
const passingModelFaults: readonly string[] = [
  'RUNNER_CRASHED',
  'ANSWER_CUT',
  'SERVER_BUSY',
  'SERVER_UNREACHABLE',
  'TIMED_OUT',
  'LOAD_TIMED_OUT',
];

/** Whether a fault with that code is worth another attempt without anybody mending something first. */
export function isPassingModelFault(code: string): boolean {
  return passingModelFaults.includes(code);
}

/**
 * What an agent finds by rules alone, before or without its model's part in it: another attempt finds the same. Where the
 * same code may also be the model's doing, the agent says so itself (`byRules` of its result).
 */
const certainFaults: readonly string[] = [
  // The request does not fit to the folder, or to the model.
  'NOTHING_TO_FIX',
  'NOTHING_TO_REVIEW',
  'FILE_NOT_FOUND',
  'FILE_EXISTS',
  'FILE_UNREADABLE',
  'FILE_TOO_LARGE',
  'NOT_TEXT',
  'PATH_OUTSIDE_WORKSPACE',
  'NO_TESTS',
  'REQUEST_TOO_OPEN',
  'MODEL_TOO_SMALL',
  'BAD_REQUEST',
  'VISION_UNAVAILABLE',
  'VISION_NOT_CONFIGURED',
  'IMAGE_MISSING',
  'IMAGE_TOO_LARGE',
  'NOT_AN_IMAGE',
  // Model, server or machine have to be mended first.
  'MODEL_DAMAGED',
  'MODEL_UNAVAILABLE',
  'TOOLS_UNSUPPORTED',
  'SERVER_NOT_OLLAMA',
  'SERVER_NOT_OPENAI',
  'COMMAND_NOT_FOUND',
  'COMMAND_REFUSED',
  'SANDBOX_UNAVAILABLE',
  // It has had its time.
  'DEADLINE',
];

/** What kind of failure it is when an agent gives up with that code. */
export function failureOfAgent(code: string, byRules = false): AttemptFailure {
  // A model that was taken away meanwhile is missing for this attempt; the next one gets another, if that is allowed.
  if (isPassingModelFault(code) || code === 'MODEL_MISSING') return 'model_lost';
  return byRules || certainFaults.includes(code) ? 'not_possible' : 'agent_failed';
}

export type RetryDecision = { readonly retry: true; readonly delayMs: number } | { readonly retry: false };

/** No task is attempted more often than this, whatever fails (design: "at most 3"). */
export const maxAttempts = 3;

/** Parents that died under a task count apart: the task may be what killed them (scenario 24). */
export const maxInterruptions = 5;

const attemptsOf: Readonly<Record<AttemptFailure, number>> = {
  worker_crashed: 3,
  worker_hung: 2,
  protocol_broken: 2,
  model_lost: 3,
  checks_failed: 3,
  // The agent has tried its own repairs before it gave up; a second fresh start is worth it, a third is not.
  agent_failed: 2,
  // Once more with what it was seen to need.
  outgrew: 2,
  // Not counted: it only waits for room (see `settle.ts`).
  memory_busy: maxAttempts,
  not_possible: 1,
};

/** Faults of the surroundings wait longer each time; wrong work is tried again at once, with the findings. */
const delaysMs: Readonly<Partial<Record<AttemptFailure, readonly number[]>>> = {
  worker_crashed: [1_000, 5_000],
  worker_hung: [1_000],
  protocol_broken: [1_000],
  model_lost: [2_000, 10_000],
};

/** Decides whether attempt number `attempt`, which failed, is followed by another, and when. */
export function decideRetry(failure: AttemptFailure, attempt: number): RetryDecision {
  const limit = Math.min(attemptsOf[failure], maxAttempts);
  if (attempt >= limit) return { retry: false };
  return { retry: true, delayMs: delaysMs[failure]?.[attempt - 1] ?? 0 };
}
