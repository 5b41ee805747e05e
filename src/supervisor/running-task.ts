import type { WilsonError } from '../errors.js';
import type { ProcessIdentity } from '../platform/process-identity.js';
import type { ModelRecord } from '../store/task-store.js';
import type { Progress, Task } from '../task/task.js';

import type { ActiveTask } from './port.js';
import type { StopReason } from './stop-reason.js';

/** A task that has a worker now, as its supervisor and the status line see it. */
export class RunningTask {
  private readonly controller = new AbortController();
  private phase: ActiveTask['phase'] = 'starting';
  private identity: ProcessIdentity | null = null;
  private processMb: number | null = null;
  private serverMb: number | null = null;
  private model: ModelRecord | null = null;
  private peak: number | null = null;
  private delivered = false;
  progress: Progress = { fraction: null, basis: '', message: 'starting' };
  /** Settles when the attempt is over and everything is given back. */
  ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly task: Task,
    private reserved: number,
    private readonly changed: () => void,
  ) {}

  get attempt(): number {
    return this.task.attempt;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get peakMb(): number | null {
    return this.peak;
  }

  /** What its worker has reserved, in MB. */
  get reservedMb(): number {
    return this.reserved;
  }

  /** Whether it is a subtask of that task. */
  isPartOf(taskId: string): boolean {
    return this.task.parentId === taskId;
  }

  /** Ends the attempt. */
  stop(reason: StopReason): void {
    if (!this.controller.signal.aborted) this.controller.abort(reason);
  }

  /** Ends the attempt for the memory that its worker takes; not once the worker has done its work and goes anyway. */
  outgrew(reason: WilsonError): void {
    if (!this.delivered && !this.controller.signal.aborted) this.controller.abort(reason);
  }

  /** The worker has given its result. */
  delivers(): void {
    this.delivered = true;
  }

  /** Notes another reservation when it is granted; resolves with whether it is. */
  async resizes(need: { readonly processMb: number }, granted: Promise<boolean>): Promise<boolean> {
    if (!(await granted)) return false;
    this.reserved = need.processMb;
    return true;
  }

  spawned(identity: ProcessIdentity): void {
    this.identity = identity;
    this.changed();
  }

  workerGone(): void {
    this.identity = null;
    this.processMb = null;
    this.serverMb = null;
    this.changed();
  }

  setPhase(phase: ActiveTask['phase']): void {
    this.phase = phase;
    this.changed();
  }

  setModel(model: ModelRecord, serverMb: number | null): void {
    this.model = model;
    this.serverMb = serverMb;
    this.changed();
  }

  /** True when it says something new. */
  setProgress(progress: Progress): boolean {
    const { fraction, basis, message } = this.progress;
    if (progress.fraction === fraction && progress.basis === basis && progress.message === message) return false;
    this.progress = progress;
    this.changed();
    return true;
  }

  setMemory({ processMb }: { readonly processMb: number }): void {
    this.processMb = processMb;
    this.peak = Math.max(this.peak ?? 0, processMb);
    this.changed();
  }

  view(): ActiveTask {
    const { processMb, serverMb, model } = this;
    const memoryMb = processMb === null && serverMb === null ? null : (processMb ?? 0) + (serverMb ?? 0);
    return {
      task: {
        ...this.task,
        status: this.phase === 'working' || this.phase === 'checking' ? 'in_progress' : 'assigned',
        progress: this.phase === 'checking' ? { ...this.progress, message: 'checking the result' } : this.progress,
        modelUsed: model?.model ?? null,
        provider: model?.provider ?? null,
        usedFallback: model?.usedFallback ?? false,
        fallbackReason: model?.fallbackReason ?? null,
      },
      pid: this.identity?.pid ?? null,
      phase: this.phase,
      memoryMb,
    };
  }
}
