import type { Timer } from '../clock.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import type { FromWorker, WorkerResult } from '../protocol/messages.js';
import { protocolVersion } from '../protocol/version.js';
import type { Workspace } from '../workspace/workspace.js';
import type { AttemptOptions } from './attempt-options.js';
import { type AttemptOutcome, crashError, failed, failureOf, settled } from './attempt-outcome.js';
import type { HoldRegistration } from './chat-priority.js';
import { Lease } from './lease.js';
import { LoadPause } from './load-pause.js';
import { startMemorySampler } from './memory-sampler.js';
import type { PreparedModel } from './port.js';
import { stopReasonOf } from './stop-reason.js';
import { type SpawnOptions, spawnWorker, type WorkerProcess } from './worker-process.js';

/** A worker is never held for more than two thirds of its time (see workers/hold-gate.ts): twice its own. */
const longestHeldShare = 2;

/**
 * The whole life of one worker: fork, hello, ready, work, result, ack, end. Fork, model and workspace are prepared side
 * by side. Whatever way it ends, the worker and all it started are gone, and model and slot given back, when the
 * promise settles (I3, I4). It rejects only for a fault of Wilson itself.
 */
export async function runAttempt(options: AttemptOptions): Promise<AttemptOutcome> {
  const slot = new Lease('worker slot', options.releaseSlot);
  const life = new AttemptLife(options);
  try {
    return await life.run();
  } finally {
    try {
      await life.end();
    } finally {
      await slot.release();
    }
  }
}

class AttemptLife {
  private worker: WorkerProcess | null = null;
  private holds: HoldRegistration | null = null;
  private loadPause: LoadPause | null = null;
  private spawning: Promise<WorkerProcess> | null = null;
  private modelLease: Promise<Lease> | null = null;
  private preparingWorkspace: Promise<Workspace> | null = null;
  private workspaceRoot: Workspace | null = null;
  private readonly timers = new Set<Timer>();
  /** Calls of the worker that are being served. */
  private readonly calls = new Set<Promise<void>>();
  private readonly preparing = new AbortController();
  private heard = true;
  private silent = 0;
  private settle: (outcome: AttemptOutcome) => void = () => undefined;
  private isReady = false;
  private resultSeen = false;
  private rootPeakMb = 0;
  private prepared: PreparedModel | null = null;
  private stopSampling: () => void = () => undefined;

  constructor(private readonly options: AttemptOptions) {}

  async run(): Promise<AttemptOutcome> {
    const { options } = this;
    const outcome = new Promise<AttemptOutcome>((resolve) => {
      this.settle = resolve;
    });
    if (options.signal.aborted) return this.stopped();
    const onAbort = (): void => this.settle(this.stopped());
    options.signal.addEventListener('abort', onAbort, { once: true });
    try {
      void this.live().catch((error: unknown) => this.settle(failed(failureOf(error), error)));
      return await outcome;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
    }
  }

  /** Everything from the fork to the order; the messages settle the rest. */
  private async live(): Promise<void> {
    const { options } = this;
    const signal = this.preparing.signal;
    this.preparingWorkspace = options.workspaces.prepare(options.task, signal);
    let isCopied = false;
    void this.preparingWorkspace.then(
      () => (isCopied = true),
      () => undefined,
    );
    const [worker, prepared, root, brief] = await Promise.all([
      this.start(),
      this.prepareModel(signal, () => !isCopied),
      this.preparingWorkspace,
      options.brief(signal),
    ]);
    if (signal.aborted) return;
    this.prepared = prepared;
    options.events.model(prepared.record, prepared.serverMemoryMb);
    options.events.workspace(root);
    this.workspaceRoot = root;
    // Before the order: what it begins with waits for the chat too.
    if (prepared.ref.provider === 'llamacpp') {
      this.loadPause = new LoadPause({ stop: () => worker.pause(), go: () => worker.unpause() }, options.clock);
    }
    this.holds?.modelAt(prepared.ref);
    worker.send({
      type: 'work',
      protocol: protocolVersion,
      taskId: options.task.id,
      attempt: options.task.attempt,
      role: options.task.role,
      taskType: options.task.type,
      title: options.task.title,
      description: options.task.description,
      workspaceRoot: root.root,
      model: prepared.ref,
      ...brief,
      limits: {
        deadlineMs: options.limits.deadlineMs,
        commandTimeoutMs: options.limits.commandTimeoutMs,
        maxTurns: options.limits.maxTurns,
      },
      sandboxed: options.sandboxed,
    });
    options.events.working();
    this.expireAfter(options.limits.deadlineMs, 0);
  }

  /** The time in which the chat kept the worker waiting is not the task's, but bounded: it never lives for ever. */
  private expireAfter(delayMs: number, grantedMs: number): void {
    const { deadlineMs } = this.options.limits;
    this.after(delayMs, () => {
      const heldMs = Math.min(this.holds?.heldMs() ?? 0, longestHeldShare * deadlineMs);
      if (heldMs - grantedMs >= 1_000) {
        this.expireAfter(heldMs - grantedMs, heldMs);
        return;
      }
      const minutes = Math.round(deadlineMs / 60_000);
      this.settle(failed('not_possible', new WilsonError('DEADLINE', `The task took longer than ${minutes} minutes.`)));
    });
  }

  private async prepareModel(signal: AbortSignal, isCopying: () => boolean): Promise<PreparedModel> {
    const { options } = this;
    const step = (message: string): void => options.events.progress({ fraction: null, basis: '', message });
    const preparing = options.models.prepare(options.task, {
      holder: options.owner,
      signal,
      onStatus: step,
      onFault: (text) => options.events.log('warn', text),
      resize: options.resize,
    });
    this.modelLease = preparing.then(
      (prepared) => new Lease(`model ${prepared.record.model}`, () => prepared.release()),
    );
    // Its failure is the failure of `preparing`, which is returned.
    this.modelLease.catch(() => undefined);
    const prepared = await preparing;
    if (isCopying() && !signal.aborted) step('copying the folder');
    return prepared;
  }

  /** Forks the worker; resolves when it has said `ready`. */
  private async start(): Promise<WorkerProcess> {
    const { options } = this;
    let ready: () => void = () => undefined;
    const saidReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const spawnOptions: SpawnOptions = {
      entry: options.entry,
      owner: options.owner,
      clock: options.clock,
      env: options.env,
      onMessage: (message) => this.onMessage(message, ready),
      onBroken: (error) => this.settle(failed('protocol_broken', error)),
    };
    this.spawning = spawnWorker(spawnOptions);
    const worker = await this.spawning;
    // Ended meanwhile: then the end is seen to elsewhere.
    this.preparing.signal.throwIfAborted();
    this.worker = worker;
    this.holds = options.priority.register({
      hold: () => {
        worker.send({ type: 'hold' });
        this.loadPause?.hold();
      },
      resume: () => {
        this.loadPause?.resume();
        worker.send({ type: 'continue' });
      },
    });
    options.events.spawned(worker.identity);
    void worker.exited.then((exit) => {
      if (this.resultSeen) return;
      this.settle(failed('worker_crashed', crashError(exit)));
    });
    this.after(options.limits.startMs, () => {
      if (!this.isReady)
        this.settle(
          failed('worker_hung', new WilsonError('WORKER_NOT_READY', 'The worker started, but never became ready.')),
        );
    });
    this.every(options.limits.checkEveryMs, () => this.checkSilence());
    this.stopSampling = startMemorySampler({
      pid: worker.identity.pid,
      clock: options.clock,
      everyMs: options.limits.sampleEveryMs,
      onSample: (sample) => {
        this.rootPeakMb = Math.max(this.rootPeakMb, sample.rootMb);
        options.events.memory(sample);
      },
      onFault: (error) => options.events.log('warn', `a look at the worker failed: ${toErrorRecord(error).message}`),
    });
    await saidReady;
    this.isReady = true;
    options.events.ready();
    return worker;
  }

  private onMessage(message: FromWorker, ready: () => void): void {
    const { options } = this;
    this.heard = true;
    switch (message.type) {
      case 'hello':
        if (message.protocol !== protocolVersion) {
          this.settle(
            failed(
              'not_possible',
              new WilsonError(
                'PROTOCOL_VERSION',
                `The worker speaks protocol ${message.protocol}, not ${protocolVersion}.`,
                { hint: 'Run `npm run build`: program and worker are of different builds.' },
              ),
            ),
          );
          return;
        }
        this.worker?.send({
          type: 'init',
          protocol: protocolVersion,
          taskId: options.task.id,
          attempt: options.task.attempt,
        });
        return;
      case 'ready':
        ready();
        return;
      case 'heartbeat':
        return;
      case 'model-loaded':
        this.loadPause?.end();
        options.events.log('info', `model loaded in ${Math.round(message.loadMs)} ms`);
        return;
      case 'usage':
        options.events.usage(message.usage);
        return;
      case 'progress':
        options.events.progress({ fraction: message.fraction, basis: message.basis, message: message.message });
        return;
      case 'log':
        options.events.log(message.level, message.text);
        return;
      case 'call':
        this.onCall(message);
        return;
      case 'result':
        this.onResult(message);
    }
  }

  /** What is asked after the result, or while the worker is ended, changes nothing any more. */
  private onCall(call: Extract<FromWorker, { type: 'call' }>): void {
    if (this.resultSeen || this.preparing.signal.aborted) return;
    const served = this.serveCall(call).finally(() => this.calls.delete(served));
    this.calls.add(served);
  }

  private async serveCall(call: Extract<FromWorker, { type: 'call' }>): Promise<void> {
    const answer = await this.options.onCall(call.tool, call.arguments).then(
      (text) => ({ ok: true, text }),
      (error: unknown) => {
        const { message, hint } = toErrorRecord(error);
        return { ok: false, text: hint === '' ? message : `${message} ${hint}` };
      },
    );
    this.worker?.send({ type: 'reply', id: call.id, ...answer });
  }

  private onResult(result: WorkerResult): void {
    const { options } = this;
    if (result.attempt !== options.task.attempt || this.workspaceRoot === null) {
      this.settle(
        failed(
          'protocol_broken',
          new WilsonError(
            'PROTOCOL_ERROR',
            `A result for attempt ${result.attempt} came during attempt ${options.task.attempt}.`,
          ),
        ),
      );
      return;
    }
    this.resultSeen = true;
    options.events.delivered();
    options.events.usage(result.usage);
    if (result.usage.outputTokens > 0) this.notePeak();
    this.worker?.send({ type: 'ack', attempt: result.attempt });
    this.settle({ kind: 'result', result, workspace: this.workspaceRoot });
  }

  /** What the model took in this worker, for those that come after it. */
  private notePeak(): void {
    this.prepared?.notePeak(this.rootPeakMb).catch((error: unknown) => {
      this.options.events.log('warn', `the peak could not be noted: ${toErrorRecord(error).message}`);
    });
  }

  private checkSilence(): void {
    this.silent = this.heard ? 0 : this.silent + 1;
    this.heard = false;
    if (this.silent < this.options.limits.silentChecks) return;
    const seconds = Math.round((this.silent * this.options.limits.checkEveryMs) / 1_000);
    this.settle(
      failed('worker_hung', new WilsonError('WORKER_HUNG', `The worker gave no sign of life for ${seconds} s.`)),
    );
  }

  private stopped(): AttemptOutcome {
    const reason = stopReasonOf(this.options.signal);
    return reason instanceof WilsonError ? failed('outgrew', reason) : { kind: 'stopped', reason };
  }

  private after(delayMs: number, action: () => void): void {
    const timer = this.options.clock.after(delayMs, () => {
      this.timers.delete(timer);
      action();
    });
    this.timers.add(timer);
  }

  private every(intervalMs: number, action: () => void): void {
    const tick = (): void => {
      this.after(intervalMs, tick);
      action();
    };
    this.after(intervalMs, tick);
  }

  /** Ends the worker and gives everything back; waits for a fork, a load or a copy that is still under way. */
  async end(): Promise<void> {
    this.stopSampling();
    for (const timer of this.timers) timer.cancel();
    this.holds?.end();
    this.loadPause?.end();
    this.preparing.abort(new WilsonError('ABORTED', 'The attempt was ended.'));
    try {
      const worker = await settled(this.spawning);
      const survivors = (await worker?.stop(this.resultSeen ? this.options.limits.graceMs : 0)) ?? [];
      if (survivors.length > 0) {
        const pids = survivors.map((identity) => identity.pid).join(', ');
        this.options.events.log('error', `processes that could not be ended: ${pids}`);
      }
    } finally {
      await (await settled(this.modelLease))?.release();
    }
    await settled(this.preparingWorkspace);
    // What they change must be seen by whoever settles the attempt.
    await Promise.all(this.calls);
  }
}
