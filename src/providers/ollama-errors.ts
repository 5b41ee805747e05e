import { WilsonError } from '../errors.js';
import { defaultOllamaUrl, displayUrl } from './ollama-host.js';
import type { Stage, TransportError } from './stream-http.js';

/** What a request was about, for the words of its error. */
export interface OllamaContext {
  readonly server: string;
  /** Null for requests about no model in particular. */
  readonly model: string | null;
}

const contextOverflow =
  /exceed_context_size|exceeds? (the )?(available |maximum )?context|longer than the context|prompt is too long/i;
const runnerGone =
  /an error was encountered while running the model|runner (process )?(has )?(terminated|unexpectedly|crashed)|unexpected EOF|has stopped|connection refused|exit status/i;
const noVision =
  /missing data required for image input|does not support (images?|image input|vision)|image input is not supported|vision model not found|mmproj/i;
const notEnoughMemory = /more system memory|out of memory|cannot allocate|failed to allocate/i;
const damagedModel =
  /invalid file magic|unable to load model|error loading model|failed to load model|unsupported model|unknown model architecture|corrupt/i;
const badOption = /^option |invalid option|invalid format|failed to parse (schema|grammar)|invalid (json )?schema/i;

/** The error for an HTTP status of 400 or more. `body` is what came with it. */
export function ollamaStatusError(status: number, body: string, context: OllamaContext): WilsonError {
  const said = errorOfBody(body);
  if (said === null) {
    if (status === 502 || status === 504) return unreachable(context, `a proxy there answers ${status}`);
    if (status === 503) return busy(context, '');
    return notOllama(context, `it answers ${status} without an error that Ollama would give`);
  }
  if (status === 404 && isModelMissing(said)) return modelMissing(context, said);
  if (status === 404) return notOllama(context, `it answers 404: ${said}`);
  if (status === 401 || status === 403) {
    return new WilsonError('UNAUTHORIZED', `The server at ${displayUrl(context.server)} refuses access: ${said}.`, {
      hint: 'Put the user name and password that it wants into the address: http://user:password@host:11434.',
    });
  }
  if (status === 429 || status === 503) return busy(context, said);
  return ollamaSaidError(said, context, status);
}

/** The error for what Ollama said went wrong, with a status or, when `status` is 200, as a line of a stream. */
export function ollamaSaidError(said: string, context: OllamaContext, status = 200): WilsonError {
  const model = context.model ?? 'the model';
  if (isModelMissing(said)) return modelMissing(context, said);
  if (/does not support tools/i.test(said)) {
    return new WilsonError('TOOLS_UNSUPPORTED', `${model} does not take tools on this server.`, {
      hint: 'Ask without tools (Wilson then reads calls from the text), or choose a model that has them, e.g. qwen2.5-coder.',
    });
  }
  if (noVision.test(said)) {
    return new WilsonError('VISION_UNAVAILABLE', `${model} cannot see images on this server: ${plain(said)}.`, {
      hint: 'Set llms.vision in config.yaml to a vision model, e.g. llava:7b.',
    });
  }
  if (contextOverflow.test(said)) {
    return new WilsonError(
      'CONTEXT_OVERFLOW',
      `The conversation is longer than the context of ${model}: ${plain(said)}.`,
      {
        hint: 'Shorten what is sent, or raise `num_ctx` of this purpose in config.yaml.',
      },
    );
  }
  if (/server busy|maximum pending requests/i.test(said)) return busy(context, said);
  if (notEnoughMemory.test(said)) {
    return new WilsonError('RUNNER_CRASHED', `${model} does not fit into the memory of the server: ${plain(said)}.`, {
      hint: 'Unload other models (`ollama stop NAME`), lower `num_ctx`, or choose a smaller model.',
    });
  }
  if (damagedModel.test(said)) {
    return new WilsonError('MODEL_DAMAGED', `Ollama cannot load ${model}: ${plain(said)}.`, {
      hint: `Fetch it again: \`${ollamaCommand(context.server, `pull ${model}`)}\`. If that does not help, update Ollama.`,
    });
  }
  if (status === 400 || badOption.test(said)) {
    return new WilsonError('BAD_REQUEST', `Ollama refused the request for ${model}: ${plain(said)}.`, {
      hint: 'Check the options of this model in config.yaml; a very old Ollama may also need an update.',
    });
  }
  if (status >= 500 || runnerGone.test(said)) {
    return new WilsonError('RUNNER_CRASHED', `${model} stopped while it was working: ${plain(said)}.`, {
      hint: 'Ollama starts it again with the next request. If it keeps happening, memory is short: see its log, or choose a smaller model.',
    });
  }
  return new WilsonError('BAD_REQUEST', `Ollama reports about ${model}: ${plain(said)}.`, {
    hint: 'See the log of the Ollama server for more.',
  });
}

/** The error for a request that failed below HTTP. */
export function ollamaTransportError(thrown: TransportError, context: OllamaContext): WilsonError {
  switch (thrown.kind) {
    case 'unreachable':
      return unreachable(context, thrown.message, thrown);
    case 'not-http':
      return notOllama(context, `what answers there does not speak HTTP as Ollama does (${thrown.message})`, thrown);
    case 'closed':
      return new WilsonError(
        'SERVER_UNREACHABLE',
        `Ollama at ${displayUrl(context.server)} closed the connection before it answered.`,
        { hint: startHint(context.server), cause: thrown },
      );
    case 'cut':
      return answerCut(context, thrown);
    case 'timed-out':
      return timedOut(context, thrown);
  }
}

/** The error for a stream that ended without its last line. */
export function answerCut(context: OllamaContext, cause?: unknown): WilsonError {
  return new WilsonError(
    'ANSWER_CUT',
    `The answer of ${context.model ?? 'Ollama'} was cut off: the stream from ${displayUrl(context.server)} ended before its last line.`,
    { hint: 'Ask again. If the server is gone, start it with `ollama serve`.', cause },
  );
}

/** The error for something else that listens at the address. */
export function notOllama(context: OllamaContext, reason: string, cause?: unknown): WilsonError {
  return new WilsonError('SERVER_NOT_OLLAMA', `${displayUrl(context.server)} is not an Ollama server: ${reason}.`, {
    hint: 'Check OLLAMA_HOST and `host` in config.yaml. For another kind of server set `provider: openai`.',
    cause,
  });
}

/** `ollama <rest>` as it has to be typed for this server. */
export function ollamaCommand(server: string, rest: string): string {
  return server === defaultOllamaUrl ? `ollama ${rest}` : `OLLAMA_HOST=${displayUrl(server)} ollama ${rest}`;
}

/** What to do when no server answers; a server on another machine is started there. */
export function startHint(server: string): string {
  const { hostname } = new URL(server);
  const local = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
  if (!local)
    return `Start Ollama on ${hostname} (there with OLLAMA_HOST=0.0.0.0, so that it listens), or check the address.`;
  return 'Start it with `ollama serve`. If it is not installed: https://ollama.com/download.';
}

/** What `{"error": …}` says; null when the body is not of that form. */
export function errorOfBody(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) {
      return typeof parsed.error === 'string' ? parsed.error : JSON.stringify(parsed.error);
    }
    return null;
  } catch {
    // Not JSON: then it is not Ollama's.
    return null;
  }
}

function isModelMissing(said: string): boolean {
  return /^model ['"]?.+['"]? not found|model .* is not found|try pulling it first|no such model/i.test(said);
}

function modelMissing(context: OllamaContext, said: string): WilsonError {
  const model = context.model ?? /'([^']+)'/.exec(said)?.[1] ?? 'the model';
  return new WilsonError('MODEL_MISSING', `${model} is not on the Ollama server at ${displayUrl(context.server)}.`, {
    hint: `Fetch it: \`${ollamaCommand(context.server, `pull ${model}`)}\`.`,
  });
}

function busy(context: OllamaContext, said: string): WilsonError {
  const detail = said === '' ? '' : ` (${plain(said)})`;
  return new WilsonError('SERVER_BUSY', `Ollama at ${displayUrl(context.server)} has too much to do${detail}.`, {
    hint: 'Try again in a while, or let fewer workers run (`workers.max_concurrent`).',
  });
}

function unreachable(context: OllamaContext, reason: string, cause?: unknown): WilsonError {
  return new WilsonError('SERVER_UNREACHABLE', `Ollama does not answer at ${displayUrl(context.server)} (${reason}).`, {
    hint: startHint(context.server),
    cause,
  });
}

function timedOut(context: OllamaContext, thrown: TransportError): WilsonError {
  const who = context.model ?? 'Ollama';
  const where = displayUrl(context.server);
  const words: Record<Stage, { what: string; hint: string }> = {
    connect: { what: `${where} did not take the connection in time`, hint: startHint(context.server) },
    'first-token': {
      what: `${who} at ${where} gave no first word in time`,
      hint: 'It may still be loading, or wait behind other work: see `ollama ps`. A smaller model or prompt answers sooner.',
    },
    stall: {
      what: `${who} at ${where} stopped in the middle of its answer`,
      hint: 'Ask again. If it happens often, restart Ollama.',
    },
    total: {
      what: `${who} at ${where} did not finish in time`,
      hint: 'Ask for less at once, or choose a faster model.',
    },
  };
  const { what, hint } = words[thrown.stage ?? 'total'];
  return new WilsonError('TIMED_OUT', `${what}. ${thrown.message}`, { hint, cause: thrown });
}

/** One line of at most 300 characters without the final full stop; llama-server's own error is unwrapped. */
function plain(said: string): string {
  const inner = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
  const text = (inner ?? said).replace(/\s+/g, ' ').trim().replace(/\.$/, '');
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
