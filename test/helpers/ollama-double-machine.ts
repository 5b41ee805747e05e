import { fullName } from './ollama-double-models.js';

/**
 * The machine that the double runs on. Without one a load takes no time, nothing is evicted and nothing waits. With one, even
 * an empty one (`{}`), the rules of a real server hold: one load at a time, one answer at a time for each model, nothing is
 * unloaded while it is in use. Plain data: a script file holds it. Models are named with or without `:latest`.
 */
export interface MachineOptions {
  /**
   * Memory for loaded models, in MB of 1,048,576 bytes; unbounded by default. What does not fit evicts what is idle, or
   * waits. As on a real server, a model that comes first is loaded whether it fits or not.
   */
  readonly ramMb?: number;
  /** `OLLAMA_MAX_LOADED_MODELS`; 3 by default. */
  readonly maxLoaded?: number;
  /** `OLLAMA_NUM_PARALLEL`: answers at the same time from one model, 1 by default. The context takes that many times the memory. */
  readonly parallel?: number;
  /** `OLLAMA_MAX_QUEUE`: requests that may wait for a load; one more gets 503. 512 by default. */
  readonly maxQueue?: number;
  /** How long a load takes; 0 by default. */
  readonly loadMs?: number;
  /** The same for single models. */
  readonly loadMsOf?: Readonly<Record<string, number>>;
  /** How long after the last use a model that was unloaded or evicted is gone; 0 by default. */
  readonly unloadMs?: number;
  /** Sizes of model files in MB of 1,048,576 bytes; the loaded model takes its context and its buffers on top (`memoryMb`). */
  readonly sizesMb?: Readonly<Record<string, number>>;
  /** The next so many unloads are answered and have no effect. */
  readonly loseUnloads?: number;
  /**
   * The deadlock of Ollama: a load, or a reload for other options, that finds no room but that of a model which is pinned
   * and busy blocks for ever, also after its client has left, and all loads after it wait too. What is loaded answers as
   * before. Ends when the pinned model is unloaded (`keep_alive: 0`).
   */
  readonly stuckBehindPinned?: boolean;
  /**
   * The next load of each of these (twice in the list: the next two) begins and never ends, whether its client stays or not;
   * what needs a load waits behind it. Only `die` ends it. For a load that a leaving client ends: a long `loadMsOf`.
   */
  readonly hangLoads?: readonly string[];
}

/** The options as the scheduler asks for them, with what of them is used up. */
export class Machine {
  private options: MachineOptions | null;

  constructor(options: MachineOptions | null) {
    this.options = options;
  }

  /** Key by key over what is set; null takes the machine away. */
  set(options: MachineOptions | null): void {
    this.options = options === null ? null : { ...this.options, ...options };
  }

  get isOn(): boolean {
    return this.options !== null;
  }

  get ramBytes(): number {
    const { ramMb } = this.options ?? {};
    return ramMb === undefined ? Number.POSITIVE_INFINITY : ramMb * 1_048_576;
  }

  get maxLoaded(): number {
    return this.bound('maxLoaded', 3);
  }

  get parallel(): number {
    return this.bound('parallel', 1);
  }

  get maxQueue(): number {
    return this.bound('maxQueue', 512);
  }

  get unloadMs(): number {
    return this.options?.unloadMs ?? 0;
  }

  get stuckBehindPinned(): boolean {
    return this.options?.stuckBehindPinned ?? false;
  }

  loadMs(model: string): number {
    return of(this.options?.loadMsOf, model) ?? this.options?.loadMs ?? 0;
  }

  sizeMb(model: string): number | null {
    return of(this.options?.sizesMb, model);
  }

  /** Whether this unload is one to be lost; counts it. */
  takeLostUnload(): boolean {
    const left = this.options?.loseUnloads ?? 0;
    if (left > 0) this.set({ loseUnloads: left - 1 });
    return left > 0;
  }

  /** Whether this load is one that hangs; counts it. */
  takeHang(model: string): boolean {
    const names = this.options?.hangLoads ?? [];
    const index = names.findIndex((name) => fullName(name) === fullName(model));
    if (index !== -1) this.set({ hangLoads: names.filter((_, at) => at !== index) });
    return index !== -1;
  }

  private bound(key: 'maxLoaded' | 'parallel' | 'maxQueue', byDefault: number): number {
    return this.options === null ? Number.POSITIVE_INFINITY : (this.options[key] ?? byDefault);
  }
}

function of(values: Readonly<Record<string, number>> | undefined, model: string): number | null {
  const found = Object.entries(values ?? {}).find(([name]) => fullName(name) === fullName(model));
  return found?.[1] ?? null;
}
