/** CPU threads of the two kinds of work: reading a prompt scales with threads, writing token by token hardly does. */
export interface ThreadPlan {
  readonly prompt: number;
  readonly generate: number;
}

/**
 * `wanted` is what the user configured and is taken as it is. Otherwise at most `limit` threads: on two cores one of
 * them stays free while an answer is written, which costs nothing (measured: 24 tokens/s with one thread, 25 with two)
 * and avoids the collapse that two busy threads suffer beside any other load (measured: forty times slower).
 */
export function planThreads(wanted: number | null, limit: number, cores: number): ThreadPlan {
  if (wanted !== null) return { prompt: wanted, generate: wanted };
  const prompt = Math.max(1, Math.min(limit, cores));
  return { prompt, generate: cores <= 2 ? 1 : prompt };
}

/** How one uninterrupted piece of work went. */
export interface WorkSample {
  readonly threads: number;
  readonly wallMs: number;
  /** Processor time of all threads of this process meanwhile. */
  readonly cpuMs: number;
}

/** Below this share of the processor time that the threads could have had, somebody else is using the cores. */
const crowdedShare = 0.75;
const firstPauseMs = 5_000;
const longestPauseMs = 60_000;
/** Shorter pieces say more about our own overhead than about the cores. */
const leastSampleMs = 20;

/**
 * Decides with how many threads the next piece of a prompt is read. The threads of llama.cpp wait for one another by
 * spinning: where a core is taken by somebody else, two of them are many times slower than one (measured: 560 tokens in
 * 62 s with two threads beside a busy machine, in 9 s with this rule). So after a piece that did not get its processor time
 * one thread works alone for a while, longer each time; a configured number of threads is kept, being the user's word.
 */
export class ThreadGovernor {
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  #pauseMs = firstPauseMs;

  constructor(
    private readonly plan: ThreadPlan,
    private readonly fixed: boolean,
  ) {}

  promptThreads(nowMs: number): number {
    return !this.fixed && nowMs < this.#aloneUntilMs ? 1 : this.plan.prompt;
  }

  get generateThreads(): number {
    return this.plan.generate;
  }

  observe(sample: WorkSample, nowMs: number): void {
    if (sample.threads < 2 || sample.wallMs < leastSampleMs) return;
    if (sample.cpuMs >= crowdedShare * sample.threads * sample.wallMs) {
      this.#pauseMs = firstPauseMs;
      return;
    }
    this.#aloneUntilMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }
}
