import { WilsonError } from '../errors.js';
import { displayUrl } from './ollama-host.js';
import type { Stage, TransportError } from './stream-http.js';

/** What a request was about, for the words of its error. The key itself is never in here. */
export interface OpenAiContext {
  /** Base URL. */
  readonly server: string;
  readonly model: string | null;
  /** Name of the environment variable that holds the key; null where none is configured. */
  readonly apiKeyEnv: string | null;
}

/** What a server's error object says, in the forms that are in use. */
export interface SaidError {
  readonly message: string;
  readonly code: string;
}

const contextOverflow =
  /context[_ ](length|size|window)|maximum context|exceed_context_size|prompt is too long|too many tokens/i;
const noTools =
  /(tools?|functions?|tool_choice|function calling).{0,60}(not (supported|available)|unsupported)|(not|does not|doesn't) support.{0,40}(tool|function)|--jinja/i;
const noVision =
  /image[ _](input|url).{0,80}(not supported|unsupported|only supported|not allowed|disabled)|(not|does not|doesn't|no) support.{0,40}(image|vision|multimodal)|mmproj|at most 0 image|not a multimodal model/i;
const modelMissing =
  /model.{0,120}(not found|does not exist|not exist|not available|unknown|no such)|no such model|model_not_found|invalid model/i;

/** The error for a status of 400 or more, or (status 200) for an error object within a stream. */
export function openAiStatusError(status: number, body: string, context: OpenAiContext): WilsonError {
  const said = readSaidError(body);
  const where = displayUrl(context.server);
  const detail = said === null ? '' : `: ${plain(said.message)}`;
  if (status === 401 || status === 403) return unauthorized(context, detail);
  if (status === 429 || status === 503) {
    return new WilsonError('SERVER_BUSY', `The server at ${where} takes no more requests now (${status})${detail}.`, {
      hint:
        status === 429
          ? 'Wait a while, or check the limits and the balance of your account there.'
          : 'It may still be loading its model: try again in a while.',
    });
  }
  if (said === null) {
    if (status === 502 || status === 504) return unreachable(context, `a proxy there answers ${status}`);
    if (status >= 500) return crashed(context, `it answers ${status}`);
    return notOpenAi(context, `it answers ${status}`);
  }
  if (contextOverflow.test(`${said.code} ${said.message}`)) {
    const model = context.model ?? 'the model';
    return new WilsonError('CONTEXT_OVERFLOW', `The conversation is longer than the context of ${model}${detail}.`, {
      hint: 'Shorten what is sent, or start the server with a larger context.',
    });
  }
  if (noTools.test(said.message)) {
    return new WilsonError('TOOLS_UNSUPPORTED', `${context.model ?? 'The model'} does not take tools${detail}.`, {
      hint: 'Ask without tools (Wilson then reads calls from the text). llama-server needs `--jinja` for tools.',
    });
  }
  if (noVision.test(said.message)) {
    return new WilsonError('VISION_UNAVAILABLE', `${context.model ?? 'The model'} cannot see images${detail}.`, {
      hint: 'Set llms.vision in config.yaml to a model that can. llama-server needs `--mmproj` for images.',
    });
  }
  if (status === 404 || modelMissing.test(`${said.code} ${said.message}`)) {
    if (context.model !== null && (said.code === 'model_not_found' || /model/i.test(said.message))) {
      return missing(context);
    }
    if (status === 404) return notOpenAi(context, `it answers 404${detail}`);
  }
  if (status >= 500 || status === 200) return crashed(context, plain(said.message));
  return new WilsonError('BAD_REQUEST', `The server at ${where} refused the request (${status})${detail}.`, {
    hint: 'Check the model and its options in config.yaml.',
  });
}

export function openAiTransportError(thrown: TransportError, context: OpenAiContext): WilsonError {
  switch (thrown.kind) {
    case 'unreachable':
      return unreachable(context, thrown.message, thrown);
    case 'closed':
      return unreachable(context, 'it closed the connection before it answered', thrown);
    case 'not-http':
      return notOpenAi(context, thrown.message, thrown);
    case 'cut':
      return answerCut(context, thrown);
    case 'timed-out':
      return timedOut(context, thrown);
  }
}

/** The error for a stream that ended without its last event. */
export function answerCut(context: OpenAiContext, cause?: unknown): WilsonError {
  return new WilsonError(
    'ANSWER_CUT',
    `The answer of ${context.model ?? 'the model'} was cut off: the stream from ${displayUrl(context.server)} ended before its last event.`,
    { hint: 'Ask again. If the server is gone, start it.', cause },
  );
}

export function missing(context: OpenAiContext): WilsonError {
  return new WilsonError('MODEL_MISSING', `${context.model} is not on the server at ${displayUrl(context.server)}.`, {
    hint: 'Load it there, or put a model into config.yaml that the server has (`wilson models` shows them).',
  });
}

/** The error for something else that listens at the address. */
export function notOpenAi(context: OpenAiContext, reason: string, cause?: unknown): WilsonError {
  return new WilsonError(
    'SERVER_NOT_OPENAI',
    `${displayUrl(context.server)} does not answer as an OpenAI-compatible server: ${reason}.`,
    { hint: 'Check `host` in config.yaml: it is the base URL, most often ending in /v1.', cause },
  );
}

/** The error for a key that is missing from the environment or that the server does not take. */
export function unauthorized(context: OpenAiContext, detail: string): WilsonError {
  const hint =
    context.apiKeyEnv === null
      ? 'Name the environment variable that holds the key: `api_key_env` in config.yaml.'
      : `Put a valid key into the environment variable ${context.apiKeyEnv}.`;
  return new WilsonError('UNAUTHORIZED', `The server at ${displayUrl(context.server)} refuses access${detail}.`, {
    hint,
  });
}

/** What an error body says: `{"error": {"message", "code"}}`, `{"error": "…"}`, `{"message": "…"}` or `{"detail": "…"}`. */
function readSaidError(body: string): SaidError | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // Not JSON: then it is a proxy's page or another server.
    return null;
  }
  return saidErrorOf(parsed);
}

/** As {@link readSaidError}, of what was parsed already. */
export function saidErrorOf(parsed: unknown): SaidError | null {
  const fields = asRecord(parsed);
  const error = fields.error ?? null;
  if (typeof error === 'string') return { message: error, code: '' };
  const inner = asRecord(error);
  const message = inner.message ?? fields.message ?? fields.detail;
  if (message === undefined && error === null) return null;
  const code = inner.code ?? inner.type ?? '';
  return { message: typeof message === 'string' ? message : JSON.stringify(error ?? message), code: String(code) };
}

function unreachable(context: OpenAiContext, reason: string, cause?: unknown): WilsonError {
  return new WilsonError(
    'SERVER_UNREACHABLE',
    `The server at ${displayUrl(context.server)} does not answer (${reason}).`,
    {
      hint: 'Start it, or correct `host` in config.yaml.',
      cause,
    },
  );
}

function crashed(context: OpenAiContext, reason: string): WilsonError {
  return new WilsonError(
    'RUNNER_CRASHED',
    `${context.model ?? 'The model'} failed on ${displayUrl(context.server)}: ${reason}.`,
    { hint: 'Ask again. If it keeps happening, see the log of that server.' },
  );
}

function timedOut(context: OpenAiContext, thrown: TransportError): WilsonError {
  const who = `${context.model ?? 'the server'} at ${displayUrl(context.server)}`;
  const words: Record<Stage, string> = {
    connect: `${displayUrl(context.server)} did not take the connection in time`,
    'first-token': `${who} gave no first word in time`,
    stall: `${who} stopped in the middle of its answer`,
    total: `${who} did not finish in time`,
  };
  return new WilsonError('TIMED_OUT', `${words[thrown.stage ?? 'total']}. ${thrown.message}`, {
    hint: 'Ask again, ask for less at once, or see whether the server is overloaded.',
    cause: thrown,
  });
}

function plain(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}
