import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import type { MemoryUse } from '../store/memory-use.js';
import type { Session } from '../store/session-store.js';
import type { StoreThread } from '../store/store-thread.js';
import type { Task } from '../task/task.js';
import type { AttemptLimits } from './attempt-options.js';
import type { ChatPriority } from './chat-priority.js';
import type { ModelPort, TaskRequest, VerificationPort, WorkspacePort } from './port.js';

/** The memory that there is, as far as it is not a worker's. */
export interface MachineMemory {
  /** What the chat of this session keeps for as long as the session lives. */
  chat(): MemoryUse;
  /** What the machine, or the container, has left; null where it does not say. */
  availableMb(): number | null;
  readonly totalMb: number;
}

/** What a supervisor is made of; everything that acts on the world comes in here. */
export interface SupervisorOptions {
  readonly session: Omit<Session, 'startedAt' | 'socket'>;
  /** Where other processes reach this one; null where nobody can. */
  readonly socket: string | null;
  readonly store: StoreThread;
  readonly clock: Clock;
  readonly log: Log;
  readonly models: ModelPort;
  readonly workspaces: WorkspacePort;
  readonly verification: VerificationPort;
  readonly priority: ChatPriority;
  readonly workerEntry: URL;
  /** Environment of the workers, without WILSON_OWNER. */
  readonly workerEnv: NodeJS.ProcessEnv;
  readonly limits: AttemptLimits;
  readonly sandboxed: boolean;
  readonly memory: MachineMemory;
  /** Takes what a done task made into its folder, and returns a line that says so, or why not; null where people are asked. */
  readonly applyDone: ((task: Task) => Promise<string>) | null;
  /** A last look at a request before it becomes a task, which may put it in other words; rejects with why it cannot. */
  readonly prepareRequest?: (request: TaskRequest) => Promise<TaskRequest>;
  /** Take over tasks of this folder whose parent is gone. */
  readonly adopt: boolean;
  /** How often a blocked queue looks whether another session has given something back. */
  readonly pollMs?: number;
}
