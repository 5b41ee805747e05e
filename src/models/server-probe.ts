import { type Clock, withDeadline } from '../clock.js';
import { WilsonError } from '../errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import type { ModelProvider } from '../providers/provider.js';

/** What a server said about itself. */
export type ProbeResult =
  | { readonly ok: true; readonly models: readonly string[] }
  | { readonly ok: false; readonly error: WilsonError };

export interface ServerProbes {
  /** Asks whether the server is there and what it has; at most {@link probeDeadlineMs}, and once for many askers. */
  probe(provider: ModelProvider): Promise<ProbeResult>;
  forget(): void;
}

const probeDeadlineMs = 2_000;
/** How long an answer counts. A server that was not there is asked again sooner: somebody may be starting it. */
const freshMs = { ok: 5_000, failed: 2_000 };

export function createServerProbes(clock: Clock): ServerProbes {
  const known = new Map<string, { result: Promise<ProbeResult>; untilMs: number }>();
  return {
    probe(provider) {
      const key = `${provider.id} ${provider.server}`;
      const entry = known.get(key);
      if (entry !== undefined && clock.monotonicMs() < entry.untilMs) return entry.result;
      const result = ask(provider, clock);
      const fresh = { result, untilMs: Number.POSITIVE_INFINITY };
      known.set(key, fresh);
      result.then(
        (answer) => {
          fresh.untilMs = clock.monotonicMs() + (answer.ok ? freshMs.ok : freshMs.failed);
        },
        // Whoever asked hears of it; the next one asks anew.
        () => known.delete(key),
      );
      return result;
    },
    forget: () => known.clear(),
  };
}

function ask(provider: ModelProvider, clock: Clock): Promise<ProbeResult> {
  return withDeadline(clock, probeDeadlineMs, async (signal) => {
    try {
      const [, models] = await Promise.all([provider.health(signal), provider.list(signal)]);
      return { ok: true, models: models.map((model) => model.name) };
    } catch (thrown) {
      if (signal.aborted) return { ok: false, error: silent(provider) };
      if (thrown instanceof WilsonError) return { ok: false, error: thrown };
      throw thrown;
    }
  });
}

function silent(provider: ModelProvider): WilsonError {
  return new WilsonError(
    'TIMED_OUT',
    `${displayUrl(provider.server)} gave no answer within ${probeDeadlineMs / 1000} s.`,
  );
}
