import type { ErrorRecord } from '../errors.js';
import type { MemoryEstimate } from '../providers/provider.js';
import { type CheckEvidence, type CheckName, isCheckResult, wasChecked } from '../task/definition-of-done.js';
import type { Communication } from '../task/orchestration.js';
import type { ReviewFinding, Verdict } from '../task/review.js';
import type { Artifact, ProviderId, Purpose, Task, TaskRole, TaskStatus, TaskType, Usage } from '../task/task.js';
import type { LeftOut } from '../workspace/left-out.js';
import type { ResultState } from './result-state.js';
import type { TaskWait } from './task-wait.js';

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
  /** Of an earlier try: it counts no more. */
  readonly superseded: boolean;
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
  /** Those that count; `tree` has those of earlier tries as well. */
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
  /** A subtask of an earlier try of its parent: it counts no more. */
  readonly superseded: boolean;
  /** What became of what it made: `applied` lies in the folder, by this try or an earlier one. */
  readonly outcome: ResultState['outcome'];
  /** What of the folder its copy lacks, with the reasons; null where it lacks nothing. */
  readonly leftOut?: LeftOut | null;
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
  readonly leftOut?: LeftOut | null;
  readonly subtasks?: readonly string[];
  readonly tree?: readonly TreeJson[];
  readonly reviews?: readonly ReviewJson[];
  readonly totalUsage?: TotalUsageJson;
  readonly attempts?: readonly AttemptJson[];
  readonly communications?: readonly Communication[];
  readonly memory?: readonly AttemptMemoryJson[];
  /** What it waits for besides a slot and memory; for people, not in the JSON. */
  readonly wait?: TaskWait | null;
  /** What became of what it made. */
  readonly result?: ResultState;
  /** Of a subtask; for people, not in the JSON. */
  readonly parentStatus?: TaskStatus | null;
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
    superseded: task.superseded,
    outcome: extras.result?.outcome ?? null,
    ...(extras.leftOut !== undefined && { leftOut: extras.leftOut }),
    ...(extras.tree && { tree: extras.tree }),
    ...(extras.totalUsage && { totalUsage: extras.totalUsage }),
    ...(extras.attempts && { attempts: extras.attempts }),
    ...(extras.communications && { communications: extras.communications }),
    ...(extras.memory && { memory: extras.memory }),
  };
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
