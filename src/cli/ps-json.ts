import type { MemorySum, ProviderId, Purpose, Task, TaskStatus, TaskType } from '../task/task.js';
import type { TaskWait } from './task-wait.js';

/* What `ps --json` prints, after the same rules as the other shapes. */

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

/** `wait`: what it waits for besides a slot and memory, where it does. */
export function psQueuedJson(task: Task, wait: TaskWait | null = null): PsQueuedJson {
  const { queuedReason, queuedDetail, queuedSum } = task;
  if (wait !== null) return { task: task.id, ...wait, sum: null };
  return { task: task.id, reason: queuedReason ?? 'waiting', detail: queuedDetail ?? '', sum: queuedSum };
}
