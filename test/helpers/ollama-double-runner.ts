import type { Clock, Timer } from '../../src/clock.js';
import { foreverMs } from './ollama-double-keep-alive.js';
import { fullName } from './ollama-double-models.js';
import { goTime, type RecordedLoad, type RecordedModel, recordedLoads } from './ollama-double-wire.js';

/** Options that make the server load a model anew when they differ (facts about Ollama's `needsReload`). */
const runnerOptions = ['num_ctx', 'num_thread', 'num_gpu', 'num_batch', 'main_gpu', 'use_mmap'];
const defaultContext = 4096;
/** Above it setTimeout fires at once. */
const longestTimerMs = 2_147_483_647;

/** A request for a model, from its arrival to its end. */
export interface Call {
  readonly model: RecordedModel;
  readonly options: string;
  readonly contextTokens: number;
  /** Null where the request does not say. */
  keepAliveMs: number | null;
  /** Whether it takes a slot: a preload takes none. */
  readonly generates: boolean;
  /** Tells the request that it has the model. */
  readonly start: () => void;
  /** Nobody waits for it any more. */
  left: boolean;
  /** It is a load anew. */
  reloads: boolean;
}

/** What of a request decides about the runner that can serve it. */
export function runnerOf(model: RecordedModel, options: Readonly<Record<string, unknown>>) {
  const asked = options.num_ctx;
  const trained = Number(model.details.context_length ?? defaultContext);
  return {
    options: JSON.stringify(runnerOptions.map((name) => options[name] ?? null)),
    contextTokens: Math.min(typeof asked === 'number' ? asked : defaultContext, trained),
  };
}

/** A loaded model with its slots. The first waiting request gets the next free one. */
export class Runner {
  readonly name: string;
  /** On its way out: takes no request any more. */
  stopping = false;
  unloadAsked = false;
  private readonly running = new Set<Call>();
  private waiting: Call[] = [];
  private timer: Timer | null = null;
  private expiresAtMs: number;

  constructor(
    private readonly call: Call,
    readonly bytes: number,
    public keepAliveMs: number,
    private readonly clock: Clock,
  ) {
    this.name = fullName(call.model.name);
    this.expiresAtMs = this.fromNow(keepAliveMs);
  }

  get isBusy(): boolean {
    return this.running.size + this.waiting.length > 0;
  }

  get isPinned(): boolean {
    return this.keepAliveMs === Number.POSITIVE_INFINITY;
  }

  has(call: Call): boolean {
    return this.running.has(call) || this.waiting.includes(call);
  }

  serves(call: Call): boolean {
    return this.name === fullName(call.model.name) && this.call.options === call.options;
  }

  /** Takes a request in; it starts at once where a slot is free or it needs none. */
  take(call: Call, slots: number): void {
    this.timer?.cancel();
    this.expiresAtMs = this.fromNow(this.keepAliveMs);
    if (call.generates) this.waiting.push(call);
    else {
      this.running.add(call);
      call.start();
    }
    this.fill(slots);
  }

  /** The request is over, or has left. */
  end(call: Call, slots: number): void {
    this.running.delete(call);
    this.waiting = this.waiting.filter((each) => each !== call);
    this.fill(slots);
  }

  /** Gives the free slots to those that wait. */
  fill(slots: number): void {
    while (this.waiting.length > 0 && [...this.running].filter((each) => each.generates).length < slots) {
      const [next, ...rest] = this.waiting;
      if (next === undefined) return;
      this.waiting = rest;
      this.running.add(next);
      next.start();
    }
  }

  /** Takes no request any more, and does something after `delayMs`. */
  retire(delayMs: number, action: () => void): void {
    this.stopping = true;
    this.keepAliveMs = 0;
    this.after(delayMs, action);
  }

  /** Does something when it has been idle for so long; a request in between calls it off. */
  after(delayMs: number, action: () => void): void {
    this.timer?.cancel();
    this.timer = null;
    this.expiresAtMs = this.fromNow(this.keepAliveMs);
    if (delayMs <= 0) action();
    else if (delayMs <= longestTimerMs) this.timer = this.clock.after(delayMs, action);
  }

  /** Ends its timer and gives back those that wait for a slot. */
  close(): readonly Call[] {
    this.timer?.cancel();
    const { waiting } = this;
    this.waiting = [];
    return waiting;
  }

  /** Its row of `/api/ps`; `measured` is false for the size that was recorded. */
  row(measured: boolean): RecordedLoad {
    const { model, contextTokens } = this.call;
    const recorded = recordedLoads();
    const row = recorded.find((each) => each.name === this.name) ?? recorded[1];
    if (row === undefined) throw new Error('ps-two.json has no second model');
    return {
      ...row,
      name: this.name,
      model: this.name,
      size: measured ? this.bytes : row.size,
      digest: model.digest,
      expires_at: goTime(this.expiresAtMs),
      context_length: contextTokens,
    };
  }

  private fromNow(ms: number): number {
    return this.clock.now() + Math.min(ms, foreverMs);
  }
}

/** Who goes first when room is needed: idle before busy, then the shortest keep-alive, then the name. */
export function victimsFirst(runners: Iterable<Runner>): Runner[] {
  return [...runners].sort(
    (a, b) =>
      Number(a.isBusy) - Number(b.isBusy) ||
      (a.keepAliveMs === b.keepAliveMs ? a.name.localeCompare(b.name) : a.keepAliveMs - b.keepAliveMs),
  );
}
