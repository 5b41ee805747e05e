import type { Clock, Timer } from '../../src/clock.js';
import { defaultKeepAliveMs } from './ollama-double-keep-alive.js';
import type { Machine } from './ollama-double-machine.js';
import { fullName, loadedBytes } from './ollama-double-models.js';
import { type Call, Runner, runnerOf, victimsFirst } from './ollama-double-runner.js';
import type { RecordedLoad, RecordedModel } from './ollama-double-wire.js';

export interface LoadCounts {
  readonly loads: number;
  readonly reloads: number;
}

/**
 * `loading` and `reloading` (for other options) begin, `loaded` is the end of either; `load-killed`: its last client left, or
 * the one that began it (then it begins again for the others); `stuck`: a load blocks for ever; `unload-lost`: an unload that
 * was asked for and had no effect. A model is gone with `unloaded` (asked for), `evicted` (for room), `expired` (idle),
 * `restarting` (for other options), `crashed`, or `taken` (behind our back).
 */
export type HistoryKind =
  | 'loading'
  | 'reloading'
  | 'loaded'
  | 'load-killed'
  | 'stuck'
  | 'unload-lost'
  | 'unloaded'
  | 'evicted'
  | 'expired'
  | 'restarting'
  | 'crashed'
  | 'taken';

export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly what: HistoryKind;
  readonly model: string;
}

export interface ModelRequest {
  readonly model: RecordedModel;
  readonly options: Readonly<Record<string, unknown>>;
  readonly keepAliveMs: number | null;
  readonly generates: boolean;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
}

/** A request that has its model, and its slot where it generates. */
export interface Turn {
  /** Gives both back; a second call does nothing. */
  end(): void;
  /** The model's process dies. */
  crash(): void;
}

interface Load {
  readonly callers: Call[];
  readonly hangs: boolean;
  timer: Timer | null;
}

/** Which models are loaded and who waits for what, by the rules that were measured on a real server. */
export class Scheduler {
  private readonly runners = new Map<string, Runner>();
  private readonly counts = new Map<string, { loads: number; reloads: number }>();
  /** Requests that need a load, in their order. */
  private queue: Call[] = [];
  private active: Load | null = null;
  /** The pinned model that the first of the queue is stuck behind. */
  private jam: Runner | null = null;
  private stopped = false;

  constructor(
    private readonly machine: Machine,
    private readonly clock: Clock,
    private readonly tell: (entry: HistoryEntry) => void,
  ) {}

  countsOf(name: string): LoadCounts {
    return this.counts.get(fullName(name)) ?? { loads: 0, reloads: 0 };
  }

  isLoaded(name: string): boolean {
    return this.runners.has(fullName(name));
  }

  /** The rows of `/api/ps`. */
  rows(): RecordedLoad[] {
    return [...this.runners.values()].map((runner) => runner.row(this.machine.isOn));
  }

  /** Resolves when the request has its model and its slot; with `full` for a 503, with `left` when the client has left. */
  run(request: ModelRequest): Promise<Turn | 'full' | 'left'> {
    const { model, keepAliveMs, generates, signal } = request;
    return new Promise((resolve) => {
      const start = () =>
        resolve({ end: () => this.leave(call), crash: () => this.drop(fullName(model.name), 'crashed') });
      const wanted = runnerOf(model, request.options);
      const call: Call = { model, ...wanted, keepAliveMs, generates, start, left: false, reloads: false };
      if (signal.aborted || this.stopped) return resolve('left');
      if (!this.place(call)) return resolve('full');
      signal.addEventListener('abort', () => {
        this.leave(call);
        resolve('left');
      });
    });
  }

  /** `keep_alive: 0` without a question: answered at once, whatever comes of it. */
  unload(name: string): void {
    const runner = this.runners.get(fullName(name));
    if (runner === undefined) return;
    if (this.machine.takeLostUnload()) {
      this.note('unload-lost', runner.name);
      return;
    }
    runner.keepAliveMs = 0;
    runner.unloadAsked = true;
    if (this.machine.isOn) this.settle(runner);
    else this.drop(runner.name, 'unloaded');
  }

  /** Someone else has it loaded, at once and whatever the room. */
  force(model: RecordedModel): void {
    const call: Call = {
      model,
      ...runnerOf(model, {}),
      keepAliveMs: null,
      generates: false,
      start: () => undefined,
      left: true,
      reloads: this.isLoaded(model.name),
    };
    const before = this.runners.get(fullName(model.name));
    if (before?.serves(call)) return;
    if (before !== undefined) this.remove(before, 'restarting');
    this.settle(this.install(call));
    this.pump();
  }

  /** It is gone at once, whoever uses it. */
  drop(name: string, what: HistoryKind): void {
    const runner = this.runners.get(fullName(name));
    if (runner === undefined) return;
    this.remove(runner, what);
    this.pump();
  }

  /** The machine is another one now. */
  refresh(): void {
    for (const runner of this.runners.values()) runner.fill(this.machine.parallel);
    this.pump();
  }

  /** The server is gone: nothing happens any more. */
  stop(): void {
    this.stopped = true;
    this.active?.timer?.cancel();
    for (const runner of this.runners.values()) runner.close();
  }

  /** False when the queue is full. */
  private place(call: Call): boolean {
    const runner = this.runners.get(fullName(call.model.name));
    if (runner !== undefined && !runner.stopping && runner.serves(call)) this.attach(call, runner);
    else if (this.active !== null && isSameLoad(this.active, call)) this.active.callers.push(call);
    else if (this.queue.length >= this.machine.maxQueue) return false;
    else {
      this.queue.push(call);
      this.pump();
    }
    return true;
  }

  private attach(call: Call, runner: Runner): void {
    if (call.keepAliveMs !== null) {
      if (runner.unloadAsked && call.keepAliveMs !== 0) this.note('unload-lost', runner.name);
      runner.unloadAsked = runner.unloadAsked && call.keepAliveMs === 0;
      runner.keepAliveMs = call.keepAliveMs;
    }
    runner.take(call, this.machine.parallel);
  }

  /** A request is over, or its client has left, wherever it is. */
  private leave(call: Call): void {
    if (call.left || this.stopped) return;
    call.left = true;
    const runner = this.runners.get(fullName(call.model.name));
    if (this.active?.callers.includes(call)) this.leaveLoad(this.active, call);
    else if (runner?.has(call)) {
      runner.end(call, this.machine.parallel);
      this.settle(runner);
    }
    this.pump();
  }

  /** Who began a load takes it along; the others have it begun again. */
  private leaveLoad(load: Load, call: Call): void {
    if (load.hangs) return;
    const began = load.callers[0] === call;
    load.callers.splice(load.callers.indexOf(call), 1);
    if (!began) return;
    load.timer?.cancel();
    this.active = null;
    this.note('load-killed', call.model.name);
    const [next] = load.callers;
    if (next === undefined) return;
    next.reloads = call.reloads;
    this.begin(load.callers);
  }

  /** Whatever an idle model has coming: its unload, or its expiry. */
  private settle(runner: Runner): void {
    if (runner.isBusy || runner.stopping || this.runners.get(runner.name) !== runner) return;
    const unloads = runner.keepAliveMs === 0;
    runner.after(unloads ? this.machine.unloadMs : runner.keepAliveMs, () =>
      this.drop(runner.name, unloads ? 'unloaded' : 'expired'),
    );
  }

  /** Goes on with the first request that needs a load, as far as that is possible now. */
  private pump(): void {
    while (!this.stopped && this.active === null && this.jam === null) {
      const [call] = this.queue;
      if (call === undefined) return;
      if (!call.left && !this.advance(call)) return;
      this.queue = this.queue.filter((each) => each !== call);
    }
  }

  /** False when the request has to wait for something to be gone. */
  private advance(call: Call): boolean {
    const runner = this.runners.get(fullName(call.model.name));
    if (runner !== undefined && !runner.stopping && runner.serves(call)) {
      this.attach(call, runner);
      return true;
    }
    if (runner !== undefined) {
      call.reloads ||= !runner.serves(call);
      // A real server forgets the keep-alive with the reload; without a machine it is kept.
      if (!this.machine.isOn) call.keepAliveMs ??= runner.keepAliveMs;
      if (!this.isGone(runner, 'restarting')) return false;
    }
    while (!this.hasRoom(call)) {
      const [victim] = victimsFirst(this.runners.values());
      const leaving = [...this.runners.values()].some((each) => each.stopping);
      if (leaving || victim === undefined || !this.isGone(victim, 'evicted')) return false;
    }
    this.begin([call]);
    return true;
  }

  private hasRoom(call: Call): boolean {
    const all = [...this.runners.values()];
    if (all.length === 0) return true;
    const bytes = all.reduce((sum, each) => sum + each.bytes, this.bytesOf(call));
    return all.length < this.machine.maxLoaded && bytes <= this.machine.ramBytes;
  }

  /** Has an idle model stopped; true when it is gone already. */
  private isGone(runner: Runner, what: HistoryKind): boolean {
    if (runner.stopping) return false;
    if (runner.isBusy && this.machine.isOn) {
      if (runner.isPinned && this.machine.stuckBehindPinned) {
        this.jam = runner;
        this.note('stuck', this.queue[0]?.model.name ?? runner.name);
      }
      return false;
    }
    if (this.machine.unloadMs <= 0) {
      this.remove(runner, what);
      return true;
    }
    runner.retire(this.machine.unloadMs, () => this.drop(runner.name, what));
    return false;
  }

  private begin(callers: Call[]): void {
    const [first] = callers;
    if (first === undefined) return;
    const { name } = first.model;
    this.note(first.reloads ? 'reloading' : 'loading', name);
    const load: Load = { callers, hangs: this.machine.takeHang(name), timer: null };
    const loadMs = this.machine.loadMs(name);
    this.active = load;
    if (load.hangs) this.note('stuck', name);
    else if (loadMs <= 0) this.finish(load);
    else {
      load.timer = this.clock.after(loadMs, () => {
        this.finish(load);
        this.pump();
      });
    }
  }

  private finish(load: Load): void {
    const [first] = load.callers;
    this.active = null;
    if (first === undefined) return;
    const runner = this.install(first);
    for (const call of load.callers) this.attach(call, runner);
  }

  private install(call: Call): Runner {
    const runner = new Runner(call, this.bytesOf(call), call.keepAliveMs ?? defaultKeepAliveMs, this.clock);
    const { loads, reloads } = this.countsOf(runner.name);
    const counts = call.reloads ? { loads, reloads: reloads + 1 } : { loads: loads + 1, reloads };
    this.counts.set(runner.name, counts);
    this.runners.set(runner.name, runner);
    this.note('loaded', runner.name);
    return runner;
  }

  private remove(runner: Runner, what: HistoryKind): void {
    this.runners.delete(runner.name);
    if (this.jam === runner) this.jam = null;
    this.note(what, runner.name);
    // Those that waited for a slot need a load now.
    this.queue.push(...runner.close());
  }

  private bytesOf(call: Call): number {
    return loadedBytes(call.model, call.contextTokens, this.machine.isOn ? this.machine.parallel : 1);
  }

  private note(what: HistoryKind, model: string): void {
    this.tell({ atMs: this.clock.now(), what, model: fullName(model) });
  }
}

function isSameLoad(load: Load, call: Call): boolean {
  const [first] = load.callers;
  return fullName(first?.model.name ?? '') === fullName(call.model.name) && first?.options === call.options;
}
