import type { ModelRef } from '../protocol/messages.js';
import type { MemoryNeed } from '../store/memory-use.js';
import type { ModelRecord } from '../store/task-store.js';
import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { ReviewRecord } from '../task/review.js';
import type { Artifact, Purpose, Task, TaskType } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';

/** What the chat and the commands ask of the supervisor. */
export interface TaskRequest {
  readonly title: string;
  readonly description: string;
  readonly type: TaskType;
  readonly folder: string;
  readonly priority?: number;
  /** Whether the Manager Agent plans it; by its wording where nothing is said. */
  readonly planned?: boolean;
}

/** One line that people must see at once: above the prompt, or on stderr of `wilson run`. */
export interface Notice {
  readonly kind:
    | 'started'
    | 'queued'
    | 'fallback'
    | 'done'
    | 'failed'
    | 'cancelled'
    | 'interrupted'
    | 'planned'
    | 'reviewed'
    | 'asks'
    | 'warning'
    | 'info';
  readonly taskId: string | null;
  /** Plain text, no control codes, one to six lines. */
  readonly text: string;
  /** To be called by whoever has put it before people; what was never shown is told by the next chat. */
  readonly shown?: () => void;
}

/** A running task as the status line shows it. */
export interface ActiveTask {
  readonly task: Task;
  readonly pid: number | null;
  readonly phase: 'starting' | 'loading' | 'working' | 'checking';
  /** PSS of the process tree plus, for a model on a server, what the server says; null before the first sample. */
  readonly memoryMb: number | null;
}

export interface CancelOutcome {
  /** `unknown`: there is no such task; `over`: it had already ended. */
  readonly result: 'cancelled' | 'unknown' | 'over';
  readonly task: Task | null;
}

export interface SupervisorPort {
  /** Stores the task and returns it; waits for no fork, model or other task (I1). Rejects with `BAD_REQUEST` on bad input. */
  submit(request: TaskRequest): Promise<Task>;
  /** Resolves when the worker and all it started are gone (or were never there). Never rejects for an unknown id. */
  cancel(taskId: string): Promise<CancelOutcome>;
  /** The tasks that have a worker now; from memory, never waits. */
  active(): readonly ActiveTask[];
  /** The newest tasks of this folder first. */
  tasks(limit: number): Promise<Task[]>;
  task(taskId: string): Promise<Task | null>;
  /** The subtasks of a task that count, in the order in which they were planned; not those of an earlier try. */
  subtasks(taskId: string): Promise<Task[]>;
  /** Reviews of a task, or by it, oldest first. */
  reviews(taskId: string): Promise<ReviewRecord[]>;
  /** Tasks of this folder that wait for an answer, oldest first. */
  asking(): Promise<Task[]>;
  /** The user's answer to what a task asks. False when it asks nothing (any more). */
  answer(taskId: string, text: string): Promise<boolean>;
  /** Called on every notice; returns the way to stop. */
  onNotice(listener: (notice: Notice) => void): () => void;
  /** Called when what `active()` returns has changed. */
  onChange(listener: () => void): () => void;
  /** Resolves when every task submitted here is over, or waits for an answer. */
  whenIdle(): Promise<void>;
  /** Ends every worker and returns when all are gone; their tasks stay queued for the next start. Safe to call twice. */
  shutdown(): Promise<void>;
}

/** What is used for a purpose now and why; `wilson models` and the chat show it. */
export interface ModelChoice {
  readonly purpose: Purpose;
  readonly provider: 'ollama' | 'llamacpp' | 'openai';
  readonly model: string;
  readonly server: string;
  readonly usedFallback: boolean;
  /** Why the configured model is not used, with the command that would mend it; null without fallback. */
  readonly fallbackReason: string | null;
}

/** A model that is ready for a worker, and the way to give it back. */
export interface PreparedModel {
  readonly ref: ModelRef;
  readonly record: ModelRecord;
  /** What the server says it takes; null for an embedded model, which lives in the worker. */
  readonly serverMemoryMb: number | null;
  /** Notes what the worker's own process took at most, for the estimates of later tasks. */
  notePeak(processMb: number): Promise<void>;
  release(): Promise<void>;
}

/** What a task needs, with its parts in words: `worker 100 MB + qwen2.5-coder:14b 9,310 MB`. */
export interface TaskNeed extends MemoryNeed {
  readonly parts: string;
  /** From the model's metadata, or from what was seen of it before. */
  readonly basis: 'metadata' | 'measured';
}

export interface PrepareOptions {
  readonly holder: string;
  readonly signal: AbortSignal;
  /** What is waited for. */
  onStatus(status: string): void;
  /** A model could not be had and the next one of the chain is tried. */
  onFault(text: string): void;
  /** Changes the task's reservation for another model; false when that does not fit now. */
  resize(need: TaskNeed): Promise<boolean>;
}

export interface ModelPort {
  /** What a worker of that task takes with the model that it would get now. Rejects when there is none for it. */
  need(task: Task, signal: AbortSignal): Promise<TaskNeed>;
  /** A sentence on what would fit into `limitMb` in place of the task's model; empty when nothing would. Never rejects. */
  wouldFit(task: Task, limitMb: number, signal: AbortSignal): Promise<string>;
  /**
   * Chooses, fetches or loads what the task needs. Rejects with `MEMORY_BUSY` when only a model is left for which there is
   * no room now: the next attempt asks for that from the start.
   */
  prepare(task: Task, options: PrepareOptions): Promise<PreparedModel>;
  /** Takes away what nobody uses any more, so that a task may fit; resolves with how many models went. */
  makeRoom(): Promise<number>;
}

/** What a task has changed in its workspace. */
export interface WorkspacePatch {
  /** Unified diff. */
  readonly patch: string;
  readonly files: readonly Artifact[];
}

export interface WorkspacePort {
  /**
   * The task's own copy: of its folder, or, for a subtask, of its parent's workspace. Made at the first attempt; brought back
   * to its start, or for a subtask made anew, at later ones, unless it goes on with what it has.
   */
  prepare(task: Task, signal: AbortSignal): Promise<Workspace>;
  /** What is different in the workspace of a task; empty where it has none. */
  patch(taskId: string): Promise<WorkspacePatch>;
  /** Brings what a subtask has changed into its parent's workspace: all or nothing. Rejects with `APPLY_CONFLICT`. */
  merge(workspace: Workspace): Promise<readonly string[]>;
  /** Throws the workspace of a task away; no error where there is none. */
  discard(taskId: string): Promise<void>;
}

/** The supervisor's own look at what a worker left. */
export interface Verdict {
  readonly checks: readonly CheckResult[];
  readonly artifacts: readonly Artifact[];
}

export interface VerificationPort {
  /** Runs the Definition of Done in the workspace, after the worker is gone. `proposed` is added, never believed. */
  verify(
    task: Task,
    workspace: Workspace,
    proposed: readonly CheckSpec[],
    signal: AbortSignal,
    /** Verdicts on the work, for `review_approved`. */
    reviews?: readonly ReviewRecord[],
  ): Promise<Verdict>;
}
