import type { Clock } from '../../src/clock.js';
import { WilsonError } from '../../src/errors.js';
import type { LoadedModel, ModelProvider } from '../../src/providers/provider.js';

/** What becomes of a load: it comes, it fails, and when it is given up it may come all the same after so long. */
export interface LoadFate {
  readonly fails: boolean;
  /** Null: the server ends it with its client. */
  readonly lateMs: number | null;
}

interface Entry {
  readonly by: 'us' | 'others';
  pinned: boolean;
  readonly contextTokens: number;
}

/** Lets an act happen when the test's schedule comes to it. */
export type Step = <T>(label: string, act: () => T | Promise<T>) => Promise<T>;

/** As much of a model server as the leases can see: what is there, by whom, and that it may die. */
export class TinyServer {
  readonly url = 'http://127.0.0.1:11434';
  readonly entries = new Map<string, Entry>();
  /** Unloads that were asked for of what must stay. */
  readonly wrongs: string[] = [];
  up = true;
  loseUnloads = 0;
  private lives = 0;
  private readonly taken = new Map<string, number>();

  /** `mustStay` says why a model may not be unloaded by us now; null where it may. */
  constructor(
    private readonly clock: Clock,
    private readonly mustStay: (model: string) => string | null,
  ) {}

  /** How often a model went without our doing. */
  lossesOf(model: string): number {
    return this.taken.get(model) ?? 0;
  }

  lose(model: string): void {
    if (this.entries.delete(model)) this.taken.set(model, this.lossesOf(model) + 1);
  }

  die(): void {
    for (const model of [...this.entries.keys()]) this.lose(model);
    this.up = false;
    this.lives += 1;
  }

  comeBack(): void {
    this.up = true;
    this.lives += 1;
  }

  /** A client of one session; what it does after `killed` is never heard of again. */
  client(step: Step, killed: AbortSignal, fate: LoadFate): ModelProvider {
    const never = async (): Promise<never> => {
      throw new Error('The leases do not ask for that.');
    };
    return {
      id: 'ollama',
      server: this.url,
      health: never,
      list: never,
      capabilities: never,
      estimate: never,
      chat: () => {
        throw new Error('The leases do not chat.');
      },
      close: async () => undefined,
      loaded: (signal) => this.bound(signal, killed, () => step('list', () => this.list(step))),
      load: (model, { numCtx }, { signal, pin }) => this.load(step, killed, fate, model, numCtx, pin, signal),
      unload: (model, { signal }) => this.bound(signal, killed, () => step('unload', () => this.unload(step, model))),
    };
  }

  private async list(step: Step): Promise<LoadedModel[]> {
    this.check();
    const rows = [...this.entries].map(([name, { pinned, contextTokens }]) => ({
      name,
      memoryBytes: 100 * 1_048_576,
      contextTokens,
      expiresAt: pinned ? null : '2030-01-01T00:00:00.000Z',
    }));
    return step('listed', () => rows);
  }

  private unload(step: Step, model: string): Promise<void> {
    this.check();
    if (this.loseUnloads > 0) {
      this.loseUnloads -= 1;
      throw new WilsonError('TIMED_OUT', 'It is still loaded.');
    }
    const why = this.mustStay(model) ?? (this.entries.get(model)?.by === 'others' ? 'it is not ours' : null);
    if (why !== null) this.wrongs.push(`${model}: ${why}`);
    this.entries.delete(model);
    return step('unloaded', () => undefined);
  }

  private load(
    step: Step,
    killed: AbortSignal,
    fate: LoadFate,
    model: string,
    contextTokens: number,
    pin: boolean,
    signal: AbortSignal,
  ): Promise<{ loadMs: number }> {
    const life = this.lives;
    const wasThere = this.entries.has(model);
    let over = false;
    const arrive = (): void => {
      if (!this.up || life !== this.lives) return;
      const there = this.entries.get(model);
      if (there === undefined) this.entries.set(model, { by: 'us', pinned: pin, contextTokens });
      else there.pinned ||= pin;
    };
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (over) return;
        over = true;
        // A request for what is there is answered at once, or not at all.
        if (fate.lateMs !== null && !wasThere) this.clock.after(fate.lateMs, arrive);
        if (!killed.aborted) reject(aborted());
      };
      signal.addEventListener('abort', giveUp);
      killed.addEventListener('abort', giveUp);
      if (signal.aborted || killed.aborted) over = true;
      if (signal.aborted) return reject(aborted());
      step('load', async () => {
        if (over) return;
        over = true;
        if (!this.up || life !== this.lives) return reject(unreachable());
        if (fate.fails) return reject(new WilsonError('RUNNER_CRASHED', 'The model crashed.'));
        arrive();
        await step('answer', () => resolve({ loadMs: 1 }));
      }).catch(reject);
    });
  }

  private bound<T>(signal: AbortSignal, killed: AbortSignal, act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(aborted());
      signal.addEventListener('abort', () => reject(aborted()));
      act().then(
        (value) => (killed.aborted ? undefined : resolve(value)),
        (error: unknown) => (killed.aborted ? undefined : reject(error)),
      );
    });
  }

  private check(): void {
    if (!this.up) throw unreachable();
  }
}

function aborted(): WilsonError {
  return new WilsonError('ABORTED', 'The request was stopped.');
}

function unreachable(): WilsonError {
  return new WilsonError('SERVER_UNREACHABLE', 'Nobody answers.');
}
