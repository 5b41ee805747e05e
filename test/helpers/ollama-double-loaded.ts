import type { Clock } from '../../src/clock.js';
import type { HistoryEntry, HistoryKind, LoadCounts } from './ollama-double-history.js';
import { defaultKeepAliveMs } from './ollama-double-keep-alive.js';
import type { Machine } from './ollama-double-machine.js';
import { fullName, loadedBytes } from './ollama-double-models.js';
import { type Call, Runner } from './ollama-double-runner.js';
import type { RecordedLoad } from './ollama-double-wire.js';

/** The models in memory, and the account of how they came and went. */
export class LoadedModels {
  private readonly runners = new Map<string, Runner>();
  private readonly counts = new Map<string, LoadCounts>();

  constructor(
    private readonly machine: Machine,
    private readonly clock: Clock,
    private readonly tell: (entry: HistoryEntry) => void,
  ) {}

  all(): Runner[] {
    return [...this.runners.values()];
  }

  find(name: string): Runner | undefined {
    return this.runners.get(fullName(name));
  }

  /** The rows of `/api/ps`. */
  rows(): RecordedLoad[] {
    return this.all().map((runner) => runner.row(this.machine.isOn));
  }

  countsOf(name: string): LoadCounts {
    return this.counts.get(fullName(name)) ?? { loads: 0, reloads: 0 };
  }

  /** A load for this request is over. */
  add(call: Call): Runner {
    const runner = new Runner(call, this.bytesOf(call), call.keepAliveMs ?? defaultKeepAliveMs, this.clock);
    const { loads, reloads } = this.countsOf(runner.name);
    this.counts.set(runner.name, call.reloads ? { loads, reloads: reloads + 1 } : { loads: loads + 1, reloads });
    this.runners.set(runner.name, runner);
    this.note('loaded', runner.name);
    return runner;
  }

  /** Gives back the requests that waited for a slot: they need a load now. */
  remove(runner: Runner, what: HistoryKind): readonly Call[] {
    this.runners.delete(runner.name);
    this.note(what, runner.name);
    return runner.close();
  }

  /** The first model is loaded whether it fits or not. */
  hasRoomFor(call: Call): boolean {
    if (this.runners.size === 0) return true;
    const bytes = this.all().reduce((sum, each) => sum + each.bytes, this.bytesOf(call));
    return this.runners.size < this.machine.maxLoaded && bytes <= this.machine.ramBytes;
  }

  note(what: HistoryKind, model: string): void {
    this.tell({ atMs: this.clock.now(), what, model: fullName(model) });
  }

  private bytesOf(call: Call): number {
    return loadedBytes(call.model, call.contextTokens, this.machine.isOn ? this.machine.parallel : 1);
  }
}
