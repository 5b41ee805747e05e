import { goTime, type RecordedLoad, type RecordedModel, recordedLoads, recordedModels } from './ollama-double-wire.js';

/** Options that make the server load a model anew when they differ (facts about Ollama's `needsReload`). */
const runnerOptions = ['num_ctx', 'num_thread', 'num_gpu', 'num_batch', 'main_gpu', 'use_mmap'];
const defaultContext = 4096;
const defaultKeepAliveMs = 300_000;
const foreverMs = 9_223_372_036_854;

interface Loaded {
  readonly options: string;
  readonly contextLength: number;
  /** Infinity: pinned. */
  keepAliveMs: number;
  expiresAtMs: number;
}

export interface LoadCounts {
  readonly loads: number;
  readonly reloads: number;
}

/** What models the server has and which are loaded, with the rules that a real one follows. */
export class OllamaState {
  readonly models: RecordedModel[];
  private readonly loadedByName = new Map<string, Loaded>();
  private readonly counts = new Map<string, { loads: number; reloads: number }>();

  constructor(extraModels: readonly string[], only: boolean) {
    const recorded = recordedModels();
    const template = recorded[1];
    if (template === undefined) throw new Error('tags.json has no second model');
    const extra = extraModels
      .map(fullName)
      .filter((name) => !recorded.some((model) => model.name === name))
      .map((name) => ({ ...template, name, model: name }));
    this.models = only
      ? [...recorded, ...extra].filter((m) => extraModels.map(fullName).includes(m.name))
      : [...recorded, ...extra];
  }

  find(name: string): RecordedModel | null {
    return this.models.find((model) => model.name === fullName(name)) ?? null;
  }

  countsOf(name: string): LoadCounts {
    return this.counts.get(fullName(name)) ?? { loads: 0, reloads: 0 };
  }

  isLoaded(name: string): boolean {
    this.expire();
    return this.loadedByName.has(fullName(name));
  }

  /** Whether a request with these options would have to wait for a load. */
  needsLoad(name: string, options: Readonly<Record<string, unknown>>): boolean {
    this.expire();
    return this.loadedByName.get(fullName(name))?.options !== optionsKey(options);
  }

  /** A request for a model: loads it, or loads it anew where the options differ, and sets or keeps its keep-alive. */
  use(name: string, options: Readonly<Record<string, unknown>>, keepAliveMs: number | null): void {
    this.expire();
    const key = fullName(name);
    const before = this.loadedByName.get(key);
    const wanted = optionsKey(options);
    const kept = keepAliveMs ?? before?.keepAliveMs ?? defaultKeepAliveMs;
    const counts = this.counts.get(key) ?? { loads: 0, reloads: 0 };
    if (before === undefined) counts.loads += 1;
    else if (before.options !== wanted) counts.reloads += 1;
    this.counts.set(key, counts);
    const asked = options.num_ctx;
    const trained = Number(this.find(name)?.details.context_length ?? defaultContext);
    this.loadedByName.set(key, {
      options: wanted,
      contextLength: Math.min(typeof asked === 'number' ? asked : defaultContext, trained),
      keepAliveMs: kept,
      expiresAtMs: Date.now() + Math.min(kept, foreverMs),
    });
    if (kept === 0) this.loadedByName.delete(key);
  }

  unload(name: string): void {
    this.loadedByName.delete(fullName(name));
  }

  /** The rows of `/api/ps`; with no options that differ from the recorded ones they are the recorded ones. */
  rows(): RecordedLoad[] {
    this.expire();
    const recorded = recordedLoads();
    return [...this.loadedByName].map(([name, loaded]) => {
      const model = this.find(name);
      const row = recorded.find((each) => each.name === name) ?? recorded[1];
      if (row === undefined || model === null) throw new Error(`no recorded row for ${name}`);
      return {
        ...row,
        name,
        model: name,
        digest: model.digest,
        expires_at: goTime(loaded.expiresAtMs),
        context_length: loaded.contextLength,
      };
    });
  }

  private expire(): void {
    for (const [name, loaded] of this.loadedByName) {
      if (loaded.expiresAtMs <= Date.now()) this.loadedByName.delete(name);
    }
  }
}

/** Milliseconds of a `keep_alive`, null where it is left out; an error text for what Go cannot read as a duration. */
export function parseKeepAlive(value: unknown): { ms: number | null } | { error: string } {
  if (value === undefined || value === null) return { ms: null };
  if (typeof value === 'number') return { ms: value < 0 ? Number.POSITIVE_INFINITY : value * 1000 };
  const text = String(value);
  if (text === '0') return { ms: 0 };
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) return { error: `time: invalid duration ${JSON.stringify(text)}` };
  const factor = units[match[2] ?? ''];
  if (factor === undefined) return { error: `time: missing unit in duration ${JSON.stringify(text)}` };
  const ms = Number(match[1]) * factor;
  return { ms: ms < 0 ? Number.POSITIVE_INFINITY : ms };
}

export function fullName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).includes(':') ? name : `${name}:latest`;
}

function optionsKey(options: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(runnerOptions.map((name) => options[name] ?? null));
}
