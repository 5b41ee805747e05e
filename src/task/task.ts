import type { ErrorRecord } from '../errors.js';
import type { CheckResult, CheckSpec } from './definition-of-done.js';
import { imagesInQuestion } from './images-in-question.js';

export const taskTypes = ['code', 'test', 'review', 'research', 'analysis', 'general'] as const;
export type TaskType = (typeof taskTypes)[number];

export const taskStatuses = [
  'new',
  'ready',
  'assigned',
  'in_progress',
  'in_review',
  'blocked',
  'done',
  'failed',
  'cancelled',
] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** `plan`: its next attempt is the Manager Agent's; `parent`: it has subtasks and is over when they are. */
export const taskRoles = ['plan', 'work', 'parent'] as const;
export type TaskRole = (typeof taskRoles)[number];

/** What a purpose of `config.yaml` is called. */
export const purposes = ['chat', 'code', 'analysis', 'vision'] as const;
export type Purpose = (typeof purposes)[number];

export const providerIds = ['ollama', 'llamacpp', 'openai'] as const;
export type ProviderId = (typeof providerIds)[number];

/** Tokens and times of all model calls of a task. */
export interface Usage {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly loadMs: number;
  readonly generateMs: number;
}

export const noUsage: Usage = { promptTokens: 0, outputTokens: 0, loadMs: 0, generateMs: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    loadMs: a.loadMs + b.loadMs,
    generateMs: a.generateMs + b.generateMs,
  };
}

/** The sum in which `part` stands, with its newer value. */
export function withNewer(sum: Usage, part: Usage, newer: Usage): Usage {
  return {
    promptTokens: sum.promptTokens - part.promptTokens + newer.promptTokens,
    outputTokens: sum.outputTokens - part.outputTokens + newer.outputTokens,
    loadMs: sum.loadMs - part.loadMs + newer.loadMs,
    generateMs: sum.generateMs - part.generateMs + newer.generateMs,
  };
}

/** How far a task is, and what that fraction counts; `fraction` is null where nothing can be counted yet. */
export interface Progress {
  /** 0 to 1. */
  readonly fraction: number | null;
  /** What was counted, e.g. `3 of 5 steps`; empty when `fraction` is null. */
  readonly basis: string;
  /** What the worker does now, e.g. `writing slugify.py`. */
  readonly message: string;
}

export interface Artifact {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly kind: 'added' | 'modified' | 'deleted';
  /** Size afterwards; 0 when deleted. */
  readonly bytes: number;
}

/** A task as it is stored; times are ISO 8601 in UTC. */
export interface Task {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly type: TaskType;
  readonly role: TaskRole;
  readonly status: TaskStatus;
  /** Higher runs first; 0 is normal. */
  readonly priority: number;
  /** The folder it was asked in, absolute. */
  readonly folder: string;
  /** Number of the newest attempt, 0 before the first. It is the fencing token: an older attempt can write nothing. */
  readonly attempt: number;
  readonly parentId: string | null;
  readonly dependsOn: readonly string[];
  readonly agent: string;
  readonly modelUsed: string | null;
  readonly provider: ProviderId | null;
  readonly usedFallback: boolean;
  readonly fallbackReason: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly progress: Progress;
  readonly definitionOfDone: readonly (CheckSpec | CheckResult)[];
  /** Checks that are demanded of it besides those of its type and request, e.g. by a plan. */
  readonly demands: readonly CheckSpec[];
  readonly artifacts: readonly Artifact[];
  /** Root of the task's own copy; null before the first attempt and after it was discarded. */
  readonly workspace: string | null;
  readonly summary: string | null;
  readonly error: ErrorRecord | null;
  readonly usage: Usage;
  readonly peakMb: number | null;
  /** Why it is not running yet, e.g. `2 workers active, max capacity`; null when nothing holds it back. */
  readonly queuedReason: string | null;
  readonly queuedDetail: string | null;
  /** The sum behind a wait for memory. */
  readonly queuedSum: MemorySum | null;
  /** What an earlier attempt was stopped for taking, in MB: the next one reserves as much. */
  readonly needMb: number | null;
  /** What its agent asks the user, while it waits for the answer. */
  readonly question: string | null;
  /** A subtask of an earlier try of its parent: it belongs to the story and counts no more. */
  readonly superseded: boolean;
}

/** The sum that decides whether a task may start, in MB. */
export interface MemorySum {
  /** What it adds: its worker, and its model where that is not loaded for someone else. */
  readonly needMb: number;
  /** What chats, workers and models take or are promised. */
  readonly takenMb: number;
  /** `resources.max_memory_mb`. */
  readonly ceilingMb: number;
  /** What the machine has left beyond the promises; null where that was not asked. */
  readonly availableMb: number | null;
}

/** The agent that serves a type of task, as people see it. */
export const agentNames: Readonly<Record<TaskType, string>> = {
  code: 'Code Agent',
  test: 'Test Agent',
  review: 'Review Agent',
  research: 'Research Agent',
  analysis: 'Analysis Agent',
  general: 'General Agent',
};

/** The agent that serves the next attempt of a task. Pure. */
export function agentNameOf(task: Pick<Task, 'type' | 'role'>): string {
  return task.role === 'work' ? agentNames[task.type] : 'Manager Agent';
}

/** The images that the agent of a task has to look at; none for a task that works on code. Pure. */
export function imagesToSee(task: Pick<Task, 'type' | 'description'>): string[] {
  return task.type === 'code' || task.type === 'test' ? [] : imagesInQuestion(task.description);
}

/**
 * The purpose whose model a task uses: `vision` where a picture is to be looked at, else that of its type (design:
 * "Tasks"; the Test Agent uses the chat model by default). Pure.
 */
export function purposeOf(task: Pick<Task, 'type' | 'description'> & Partial<Pick<Task, 'role'>>): Purpose {
  if (task.role === 'plan') return 'chat';
  return imagesToSee(task).length > 0 ? 'vision' : purposeOfType[task.type];
}

const purposeOfType: Readonly<Record<TaskType, Purpose>> = {
  code: 'code',
  test: 'chat',
  review: 'analysis',
  research: 'analysis',
  analysis: 'analysis',
  general: 'chat',
};

const transitions: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  new: ['ready', 'blocked', 'cancelled', 'failed'],
  ready: ['assigned', 'blocked', 'cancelled', 'failed'],
  // The note that its work has begun may be lost to a lock: what comes after that comes all the same.
  assigned: ['in_progress', 'in_review', 'done', 'failed', 'cancelled', 'ready', 'blocked'],
  in_progress: ['in_review', 'done', 'failed', 'cancelled', 'ready', 'blocked'],
  in_review: ['done', 'failed', 'cancelled', 'ready', 'blocked'],
  blocked: ['ready', 'new', 'in_review', 'cancelled', 'failed'],
  // A revision of what a task builds on makes it run again.
  done: ['blocked'],
  failed: ['ready', 'blocked'],
  cancelled: ['ready', 'blocked'],
};

/** Whether `from → to` is a step of the life of a task; the database takes no other (store/task-life.ts). `failed` and `cancelled` leave only by `retry`. */
export function canTransition(from: TaskStatus, to: TaskStatus): boolean {
  return transitions[from].includes(to);
}

/** True when nothing more happens to a task by itself. */
export function isOver(status: TaskStatus): boolean {
  return status === 'done' || status === 'failed' || status === 'cancelled';
}

/** True when a worker may be alive for it. */
export function isActive(status: TaskStatus): boolean {
  return status === 'assigned' || status === 'in_progress' || status === 'in_review';
}

/** `TASK-007` for `TASK-007`, `task-7` and `7`; null for anything that names no task. */
export function parseTaskId(text: string): string | null {
  const match = /^(?:task[-_ ]?)?0*(\d{1,9})$/i.exec(text.trim());
  const digits = match?.[1];
  if (digits === undefined || Number(digits) === 0) return null;
  return formatTaskId(Number(digits));
}

/** Task ids count from 1 per state folder and have at least three digits. */
export function formatTaskId(sequence: number): string {
  return `TASK-${String(sequence).padStart(3, '0')}`;
}
