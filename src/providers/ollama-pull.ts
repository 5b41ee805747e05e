import { type Clock, systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { answerCut } from './ollama-errors.js';
import { asOllamaError, createOllamaFetch } from './ollama-fetch.js';
import { displayUrl } from './ollama-host.js';
import { fullModelName } from './ollama-names.js';
import type { RequestTimeouts } from './provider.js';
import { linkSignals } from './stream-signal.js';

export interface PullProgress {
  /** What the server does, in its own words: `pulling manifest`, `pulling 2af3b81862c6`, `verifying sha256 digest` … */
  readonly status: string;
  /** Bytes of all layers so far, and of all that are known so far; both 0 before the first layer. */
  readonly completedBytes: number;
  readonly totalBytes: number;
}

export interface PullOptions {
  readonly baseUrl: string;
  readonly model: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: PullProgress) => void;
  readonly clock?: Clock;
}

/** The server checks the hash of a large model without a word for a minute or two; the whole may take as long as it takes. */
const pullTimeouts: RequestTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 60_000,
  stallMs: 300_000,
  totalMs: 7 * 24 * 3_600_000,
};

/**
 * Has an Ollama server fetch a model. Resolves when the server reports success. Rejects with `PULL_FAILED` and the server's
 * reason (it sends that in a stream with status 200), `SERVER_UNREACHABLE`, `ANSWER_CUT`, `TIMED_OUT` or `ABORTED`. An
 * aborted pull goes on where it was when it is asked for again.
 */
export async function pullOllamaModel(options: PullOptions): Promise<void> {
  const { baseUrl, signal, onProgress, clock = systemClock } = options;
  const model = fullModelName(options.model);
  const context = { server: baseUrl, model };
  const link = linkSignals(signal);
  const layers = new Map<string, { completed: number; total: number }>();
  try {
    const { Ollama } = await import('ollama');
    const fetch = createOllamaFetch({ ...context, signal: link.signal, timeouts: pullTimeouts, clock });
    const client = new Ollama({ host: baseUrl, fetch });
    for await (const line of await client.pull({ model, stream: true })) {
      if (line.status === 'success') return;
      if (line.digest) layers.set(line.digest, { completed: line.completed ?? 0, total: line.total ?? 0 });
      onProgress?.({ status: line.status, ...sum(layers) });
    }
    throw answerCut(context);
  } catch (thrown) {
    throw pullError(asOllamaError(thrown, context), model, baseUrl);
  } finally {
    link.abort();
    link.release();
  }
}

function sum(layers: ReadonlyMap<string, { completed: number; total: number }>) {
  let completedBytes = 0;
  let totalBytes = 0;
  for (const { completed, total } of layers.values()) {
    completedBytes += completed;
    totalBytes += total;
  }
  return { completedBytes, totalBytes };
}

/** What a server says about a pull is about the pull, whatever the same words would mean for a chat. */
function pullError(error: WilsonError, model: string, server: string): WilsonError {
  if (!['BAD_REQUEST', 'RUNNER_CRASHED', 'MODEL_MISSING', 'MODEL_DAMAGED'].includes(error.code)) return error;
  const offline = /no such host|dial tcp|connection refused|timeout|network/i.test(error.message);
  const unknown = /file does not exist|manifest unknown|not found/i.test(error.message);
  const hint = offline
    ? 'The server has no way to the registry: check its network and proxy (HTTPS_PROXY of `ollama serve`).'
    : unknown
      ? 'Check the name: https://ollama.com/library lists what there is.'
      : 'Try again; what is already there is not fetched twice. Check the free disk space of the server.';
  const reason = error.message.replace(/^Ollama reports about [^:]+(:[^:]+)?: /, '');
  return new WilsonError('PULL_FAILED', `Ollama at ${displayUrl(server)} could not fetch ${model}: ${reason}`, {
    hint,
    cause: error,
  });
}
