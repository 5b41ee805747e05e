import type { ErrorRecord } from '../errors.js';
import type { MemoryEstimate } from '../providers/provider.js';
import { type CheckEvidence, type CheckName, isCheckResult, wasChecked } from '../task/definition-of-done.js';
import type { Communication } from '../task/orchestration.js';
import type { ReviewFinding, Verdict } from '../task/review.js';
import type {
  Artifact,
  MemorySum,
  ProviderId,
  Purpose,
  Task,
  TaskRole,
  TaskStatus,
  TaskType,
  Usage,
} from '../task/task.js';
import type { FamilyWait } from '../task/waits.js';

/*
 * What `--json` prints. People build on it: keys are added, never renamed or taken away. Times are ISO 8601 in UTC, sizes
 * say their unit, and what is not known is null, never 0.
 */

export interface CheckJson {
  readonly check: CheckName;
  /** Null before it was run. */
  readonly passed: boolean | null;
  /** False where it passed because it had nothing to look at: `evidence.detail` says why. Null before it was run. */
  readonly checked: boolean | null;
  readonly evidence: CheckEvidence;
  readonly paths?: readonly string[];
  readonly percent?: number;
}

export interface ReviewJson {
  readonly attempt: number;
  readonly verdict: Verdict;
  readonly findings: readonly ReviewFinding[];
  /** The task of the reviewer. */
  readonly reviewer: string;
  readonly createdAt: string;
  /** The task that was judged. */
  readonly task: string;
  readonly summary: string;
  /** Size of the diff that was judged. */
  readonly diffBytes: number;
}

/** One worker's go at a task. */
export interface AttemptJson {
  readonly attempt: number;
  readonly pid: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly durationMs: number | null;
  /** `done`, `failed`, `retried`, `planned`, `asked`, `in_review` …; null while it runs. */
  readonly outcome: string | null;
  readonly error: ErrorRecord | null;
}

/** A subtask with all that is below it. */
export interface TreeJson {
  readonly id: string;
  readonly title: string;
  readonly type: TaskType;
  readonly role: TaskRole;
  readonly status: TaskStatus;
  readonly agent: string;
  readonly attempt: number;
  readonly modelUsed: string | null;
  readonly usedFallback: boolean;
  readonly dependsOn: readonly string[];
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** From its first start to its end, or until now; null before it started. */
  readonly durationMs: number | null;
  /** What came of it so far, in one line. */
  readonly outcome: string;
  /** Whether it waits for an answer of the user. */
  readonly asks: boolean;
  readonly usage: Usage;
  readonly peakMb: number | null;
  readonly subtasks: readonly TreeJson[];
}

/** Of a task and all below it. */
export interface TotalUsageJson extends Usage {
  /** The highest of them. */
  readonly peakMb: number | null;
}

/** Memory of an attempt, its worker and all that started, over its time. */
export interface AttemptMemoryJson {
  readonly attempt: number;
  readonly stepMs: number;
  /** The highest sample of each step from the start on; null where a step had none. */
  readonly mb: readonly (number | null)[];
  /** What its worker had reserved at the end; a model on a server is not in it. */
  readonly reservedMb: number | null;
}

/**
 * `run --json`, `show --json`, and an element of `tasks --json`; what is stored beside the task (its subtasks, reviews,
 * attempts …) is told by the first two alone.
 */
export interface TaskJson {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly type: TaskType;
  readonly status: TaskStatus;
  readonly agent: string;
  readonly attempt: number;
  readonly modelUsed: string | null;
  readonly provider: ProviderId | null;
  readonly usedFallback: boolean;
  readonly fallbackReason: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly dependsOn: readonly string[];
  readonly subtasks: readonly string[];
  readonly definitionOfDone: readonly CheckJson[];
  readonly reviews: readonly ReviewJson[];
  readonly artifacts: readonly Artifact[];
  readonly workspace: string | null;
  readonly summary: string | null;
  readonly error: ErrorRecord | null;
  readonly usage: Usage;
  readonly peakMb: number | null;
  /** `plan`: the Manager Agent is to plan it; `parent`: it is over when its subtasks are. */
  readonly role: TaskRole;
  /** The task that it is a part of. */
  readonly parent: string | null;
  /** What its agent asks the user; it waits for `wilson answer`. */
  readonly question: string | null;
  readonly tree?: readonly TreeJson[];
  readonly totalUsage?: TotalUsageJson;
  readonly attempts?: readonly AttemptJson[];
  /** What agents and people said to each other about it and all below it, oldest first. */
  readonly communications?: readonly Communication[];
  /** Each attempt whose memory was looked at. */
  readonly memory?: readonly AttemptMemoryJson[];
}

export interface TasksJson {
  /** Newest first. */
  readonly tasks: readonly TaskJson[];
}

/** What belongs to a task but is stored beside it. */
export interface TaskExtras {
  readonly subtasks?: readonly string[];
  readonly tree?: readonly TreeJson[];
  readonly reviews?: readonly ReviewJson[];
  readonly totalUsage?: TotalUsageJson;
  readonly attempts?: readonly AttemptJson[];
  readonly communications?: readonly Communication[];
  readonly memory?: readonly AttemptMemoryJson[];
  /** What of others it waits for; for people, not in the JSON. */
  readonly wait?: FamilyWait | null;
}

export function taskJson(task: Task, extras: TaskExtras = {}): TaskJson {
  return {
    id: task.id,
    title: task.title,
    description: task.description,
    type: task.type,
    status: task.status,
    agent: task.agent,
    attempt: task.attempt,
    modelUsed: task.modelUsed,
    provider: task.provider,
    usedFallback: task.usedFallback,
    fallbackReason: task.fallbackReason,
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
    dependsOn: task.dependsOn,
    subtasks: extras.subtasks ?? [],
    definitionOfDone: task.definitionOfDone.map((check) => ({
      check: check.check,
      passed: isCheckResult(check) ? check.passed : null,
      checked: isCheckResult(check) ? wasChecked(check) : null,
      evidence: isCheckResult(check) ? check.evidence : {},
      ...(check.paths && { paths: check.paths }),
      ...(check.percent !== undefined && { percent: check.percent }),
    })),
    reviews: extras.reviews ?? [],
    artifacts: task.artifacts,
    workspace: task.workspace,
    summary: task.summary,
    error: task.error,
    usage: task.usage,
    peakMb: task.peakMb,
    role: task.role,
    parent: task.parentId,
    question: task.question,
    ...(extras.tree && { tree: extras.tree }),
    ...(extras.totalUsage && { totalUsage: extras.totalUsage }),
    ...(extras.attempts && { attempts: extras.attempts }),
    ...(extras.communications && { communications: extras.communications }),
    ...(extras.memory && { memory: extras.memory }),
  };
}

export interface PsWorkerJson {
  readonly task: string;
  readonly title: string;
  readonly agent: string;
  readonly type: TaskType;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly elapsedMs: number | null;
  /** 0 to 1. */
  readonly progress: number | null;
  readonly progressBasis: string;
  readonly message: string;
  readonly model: string | null;
  readonly provider: ProviderId | null;
  readonly usedFallback: boolean;
  /** The worker and all it started; a model on a server is under `models`. */
  readonly processMb: number | null;
  readonly memoryKind: 'pss' | 'rss' | null;
  /** The wilson process that owns the task. */
  readonly sessionPid: number | null;
}

export interface PsModelJson {
  readonly name: string;
  readonly provider: ProviderId;
  readonly server: string;
  readonly purpose: readonly Purpose[];
  /** `chat` and task ids. */
  readonly holders: readonly string[];
  readonly memoryMb: number | null;
  readonly contextTokens: number | null;
  readonly keepAlive: boolean;
  /** False for a model that someone else loaded. */
  readonly ours: boolean;
}

export interface PsQueuedJson {
  readonly task: string;
  readonly reason: string;
  readonly detail: string;
  /** What decides for a task that waits for memory; null for one that waits for something else, or behind another. */
  readonly sum: MemorySum | null;
}

/** `processMb`, `modelMb` and `reservedMb` together are what Wilson takes of `maxMemoryMb`; nothing is in two of them. */
export interface PsTotalsJson {
  /** Workers with all they started, and the wilson processes themselves. */
  readonly processMb: number;
  /** Models that are loaded on this machine by Wilson's doing, each once, and the engines of chats. */
  readonly modelMb: number;
  /** What is promised to workers, chats and models that load, and not in use yet. */
  readonly reservedMb: number;
  readonly maxMemoryMb: number;
  readonly warnThresholdMb: number;
  readonly activeWorkers: number;
  readonly maxConcurrent: number;
}

export interface PsJson {
  readonly workers: readonly PsWorkerJson[];
  readonly models: readonly PsModelJson[];
  readonly queued: readonly PsQueuedJson[];
  readonly totals: PsTotalsJson;
}

/** The process that works on a task, as it was last measured. */
export interface WorkerSample {
  readonly pid: number | null;
  readonly processMb: number | null;
  readonly memoryKind: 'pss' | 'rss' | null;
  readonly sessionPid: number | null;
}

export function psWorkerJson(task: Task, sample: WorkerSample, nowMs: number): PsWorkerJson {
  return {
    task: task.id,
    title: task.title,
    agent: task.agent,
    type: task.type,
    status: task.status,
    attempt: task.attempt,
    pid: sample.pid,
    startedAt: task.startedAt,
    elapsedMs: task.startedAt === null ? null : Math.max(0, nowMs - Date.parse(task.startedAt)),
    progress: task.progress.fraction,
    progressBasis: task.progress.basis,
    message: task.progress.message,
    model: task.modelUsed,
    provider: task.provider,
    usedFallback: task.usedFallback,
    processMb: sample.processMb,
    memoryKind: sample.memoryKind,
    sessionPid: sample.sessionPid,
  };
}

/** `wait`: what of other tasks or the user it waits for, where it does. */
export function psQueuedJson(task: Task, wait: FamilyWait | null = null): PsQueuedJson {
  const { queuedReason, queuedDetail, queuedSum } = task;
  if (wait !== null) return { task: task.id, ...wait, sum: null };
  return { task: task.id, reason: queuedReason ?? 'waiting', detail: queuedDetail ?? '', sum: queuedSum };
}

/** Where a figure of memory comes from: `measured` is what the server or the process itself shows. */
export type MemoryBasis = MemoryEstimate['basis'];

/** What a model takes in memory, loaded and with its context; both null where nobody can tell. */
export interface MemoryFigure {
  readonly memoryMb: number | null;
  readonly memoryBasis: MemoryBasis | null;
}

/** What a purpose would use now. */
export interface PurposeJson extends MemoryFigure {
  readonly purpose: Purpose;
  /** Null, like model and server, where nothing is configured for the purpose. */
  readonly provider: ProviderId | null;
  readonly model: string | null;
  readonly server: string | null;
  readonly usedFallback: boolean;
  /** Why the configured model is not used; without fallback, why there is none at all; else null. */
  readonly fallbackReason: string | null;
  /** Why it is this one, in a sentence, with the command that mends it where something is amiss. */
  readonly reason: string;
  /** Null where the server does not say. */
  readonly loaded: boolean | null;
  /** What it is loaded with, or would be. */
  readonly contextTokens: number | null;
}

export interface ModelJson extends MemoryFigure {
  readonly name: string;
  readonly provider: ProviderId;
  readonly server: string;
  readonly sizeBytes: number | null;
  /** What it was trained for. */
  readonly contextTokens: number | null;
  /** False for a model of the catalog that is not on this machine yet. */
  readonly present: boolean;
  readonly loaded: boolean;
  /** Whether it fits into `resources.max_memory_mb` by itself; null where its memory is not known, or another machine's. */
  readonly fits: boolean | null;
}

/** `models --json`. */
export interface ModelsJson {
  readonly purposes: readonly PurposeJson[];
  readonly models: readonly ModelJson[];
  /** `resources.max_memory_mb`. */
  readonly maxMemoryMb: number;
}

/** `models pull --json`. */
export interface PulledJson {
  readonly name: string;
  readonly provider: ProviderId;
  readonly server: string;
  /** The file of an embedded model; null for one on a server. */
  readonly path: string | null;
  readonly sizeBytes: number | null;
}

export interface Finding {
  readonly level: 'ok' | 'warn' | 'error';
  readonly what: string;
  /** What to do about it; empty when it is well. */
  readonly remedy: string;
}

/** `doctor --json`. */
export interface DoctorJson {
  readonly findings: readonly Finding[];
}

/** What a command prints with `--json` when it fails. */
export interface ErrorJson {
  readonly error: ErrorRecord;
}
