import type { Clock } from '../clock.js';
import type { ProcessIdentity } from '../platform/process-identity.js';
import type { WorkOrder } from '../protocol/messages.js';
import type { ModelRecord } from '../store/task-store.js';
import type { OrchestrationTool } from '../task/orchestration.js';
import type { Progress, Task, Usage } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';
import type { ChatPriority } from './chat-priority.js';
import type { MemorySample } from './memory-sampler.js';
import type { ModelPort, TaskNeed, WorkspacePort } from './port.js';

export interface AttemptLimits {
  /** From the fork until `ready`. */
  readonly startMs: number;
  readonly deadlineMs: number;
  readonly commandTimeoutMs: number;
  readonly maxTurns: number;
  /** A worker that gives no sign for so many checks in a row is hung; checks, not time, so that a slept laptop is none. */
  readonly silentChecks: number;
  readonly checkEveryMs: number;
  readonly sampleEveryMs: number;
  /** After its result, and after `kill`. */
  readonly graceMs: number;
}

export const defaultAttemptLimits: AttemptLimits = {
  startMs: 20_000,
  deadlineMs: 15 * 60_000,
  commandTimeoutMs: 60_000,
  maxTurns: 40,
  silentChecks: 12,
  checkEveryMs: 5_000,
  sampleEveryMs: 500,
  graceMs: 300,
};

export interface AttemptEvents {
  spawned(identity: ProcessIdentity): void;
  ready(): void;
  model(record: ModelRecord, serverMemoryMb: number | null): void;
  workspace(workspace: Workspace): void;
  working(): void;
  progress(progress: Progress): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
  memory(sample: MemorySample): void;
  /** What the attempt has used so far; the newest counts. */
  usage(usage: Usage): void;
  /** The worker has given its result. */
  delivered(): void;
}

export interface AttemptOptions {
  readonly task: Task;
  readonly owner: string;
  readonly entry: URL;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly limits: AttemptLimits;
  readonly models: ModelPort;
  readonly workspaces: WorkspacePort;
  readonly priority: ChatPriority;
  /** What the worker is told besides its task; asked for once, while it starts. */
  brief(signal: AbortSignal): Promise<Brief>;
  /** Serves an orchestration call of the worker; rejects with the reason for the model. */
  onCall(tool: OrchestrationTool, args: Readonly<Record<string, unknown>>): Promise<string>;
  readonly sandboxed: boolean;
  readonly events: AttemptEvents;
  /** Aborted with a {@link StopReason} as its reason, or with the error of a worker that took too much memory. */
  readonly signal: AbortSignal;
  /** Changes what the attempt has reserved; false when that does not fit. */
  resize(need: TaskNeed): Promise<boolean>;
  /** Gives the slot back; called once, after the worker is seen dead. */
  releaseSlot(): Promise<void>;
}

/** What a worker is told about the family of its task, and about the attempts before it. */
export type Brief = Pick<WorkOrder, 'findings' | 'definitionOfDone' | 'handover' | 'partOf' | 'review'>;
