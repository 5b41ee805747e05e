import type { Clock } from '../../src/clock.js';
import type { HistoryEntry, HistoryKind } from './ollama-double-history.js';
import { Load } from './ollama-double-load.js';
import { LoadedModels } from './ollama-double-loaded.js';
import type { Machine } from './ollama-double-machine.js';
import { fullName } from './ollama-double-models.js';
import { type Call, type Runner, runnerOf, victimsFirst } from './ollama-double-runner.js';
import type { RecordedModel } from './ollama-double-wire.js';

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

/** Which models are loaded and who waits for what, by the rules that were measured on a real server. */
export class Scheduler {
  readonly loaded: LoadedModels;
  /** Requests that need a load, in their order. */
  private queue: Call[] = [];
  private active: Load | null = null;
  /** The pinned model that the first of the queue is stuck behind. */
  private jam: Runner | null = null;
  private stopped = false;

  constructor(
    private readonly machine: Machine,
    private readonly clock: Clock,
    tell: (entry: HistoryEntry) => void,
  ) {
    this.loaded = new LoadedModels(machine, clock, tell);
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
    const runner = this.loaded.find(name);
    if (runner === undefined) return;
    if (this.machine.takeLostUnload()) {
      this.loaded.note('unload-lost', runner.name);
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
      reloads: this.loaded.find(model.name) !== undefined,
    };
    const before = this.loaded.find(model.name);
    if (before?.serves(call)) return;
    if (before !== undefined) this.remove(before, 'restarting');
    this.settle(this.loaded.add(call));
    this.pump();
  }

  /** It is gone at once, whoever uses it. */
  drop(name: string, what: HistoryKind): void {
    const runner = this.loaded.find(name);
    if (runner === undefined) return;
    this.remove(runner, what);
    this.pump();
  }

  /** The machine is another one now. */
  refresh(): void {
    for (const runner of this.loaded.all()) runner.fill(this.machine.parallel);
    this.pump();
  }

  /** The server is gone: nothing happens any more. */
  stop(): void {
    this.stopped = true;
    this.active?.cancel();
    for (const runner of this.loaded.all()) runner.close();
  }

  /** False when the queue is full. */
  private place(call: Call): boolean {
    const runner = this.loaded.find(call.model.name);
    if (runner !== undefined && !runner.stopping && runner.serves(call)) this.attach(call, runner);
    else if (this.active?.isFor(call)) this.active.join(call);
    else if (this.queue.length >= this.machine.maxQueue) return false;
    else {
      this.queue.push(call);
      this.pump();
    }
    return true;
  }

  private attach(call: Call, runner: Runner): void {
    if (call.keepAliveMs !== null) {
      if (runner.unloadAsked && call.keepAliveMs !== 0) this.loaded.note('unload-lost', runner.name);
      runner.unloadAsked = runner.unloadAsked && call.keepAliveMs === 0;
      runner.keepAliveMs = call.keepAliveMs;
    }
    runner.take(call, this.machine.parallel);
  }

  /** A request is over, or its client has left, wherever it is. */
  private leave(call: Call): void {
    if (call.left || this.stopped) return;
    call.left = true;
    const runner = this.loaded.find(call.model.name);
    if (this.active?.callers.includes(call)) this.leaveLoad(this.active, call);
    else if (runner?.has(call)) {
      runner.end(call, this.machine.parallel);
      this.settle(runner);
    }
    this.pump();
  }

  /** Who began a load takes it along; for the others it begins again. */
  private leaveLoad(load: Load, call: Call): void {
    if (!load.leave(call)) return;
    this.active = null;
    this.loaded.note('load-killed', call.model.name);
    const [next] = load.callers;
    if (next === undefined) return;
    next.reloads = call.reloads;
    this.begin(load.callers, next);
  }

  /** Whatever an idle model has coming: its unload, or its expiry. */
  private settle(runner: Runner): void {
    if (runner.isBusy || runner.stopping || this.loaded.find(runner.name) !== runner) return;
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
    const runner = this.loaded.find(call.model.name);
    if (runner !== undefined && !runner.stopping && runner.serves(call)) {
      this.attach(call, runner);
      return true;
    }
    if (runner !== undefined) {
      // A real server forgets the keep-alive with the reload; without a machine it is kept.
      if (!this.machine.isOn) call.keepAliveMs ??= runner.keepAliveMs;
      const isGone = this.isGone(runner, 'restarting');
      call.reloads = !runner.serves(call) && (isGone || runner.stopping);
      if (!isGone) return false;
    }
    while (!this.loaded.hasRoomFor(call)) {
      const [victim] = victimsFirst(this.loaded.all());
      const leaving = this.loaded.all().some((each) => each.stopping);
      if (leaving || victim === undefined || !this.isGone(victim, 'evicted')) return false;
    }
    this.begin([call], call);
    return true;
  }

  /** Has an idle model stopped; true when it is gone already. */
  private isGone(runner: Runner, what: HistoryKind): boolean {
    if (runner.stopping) return false;
    if (runner.isBusy && this.machine.isOn) {
      if (runner.isPinned && this.machine.stuckBehindPinned) {
        this.jam = runner;
        this.loaded.note('stuck', this.queue[0]?.model.name ?? runner.name);
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

  private begin(callers: readonly Call[], first: Call): void {
    const { name } = first.model;
    this.loaded.note(first.reloads ? 'reloading' : 'loading', name);
    const hangs = this.machine.takeHang(name);
    if (hangs) this.loaded.note('stuck', name);
    const loadMs = hangs ? null : this.machine.loadMs(name);
    if (loadMs !== null && loadMs <= 0) this.finish(callers, first);
    else {
      this.active = new Load(callers, first, loadMs, this.clock, (load) => {
        this.active = null;
        this.finish(load.callers, first);
        this.pump();
      });
    }
  }

  private finish(callers: readonly Call[], first: Call): void {
    const other = this.loaded.find(first.model.name);
    // Someone else's may have come while this one was loading.
    if (other !== undefined && !other.serves(first)) this.remove(other, 'restarting');
    const runner = other?.serves(first) ? other : this.loaded.add(first);
    for (const call of callers) this.attach(call, runner);
  }

  private remove(runner: Runner, what: HistoryKind): void {
    if (this.jam === runner) this.jam = null;
    this.queue.push(...this.loaded.remove(runner, what));
  }
}
