import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import {
  answerCut,
  errorOfBody,
  notOllama,
  type OllamaContext,
  ollamaSaidError,
  ollamaStatusError,
  ollamaTransportError,
} from './ollama-errors.js';
import type { RequestTimeouts } from './provider.js';
import { type HttpStream, openStream, readText, TransportError } from './stream-http.js';
import { LineSplitter, LineTooLongError } from './stream-lines.js';

export interface OllamaExchange extends OllamaContext {
  readonly signal: AbortSignal;
  readonly timeouts: RequestTimeouts;
  readonly clock: Clock;
  /** Fields of the API that the package has no type for; merged into the body. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
}

const bodyLimitBytes = 32 * 1024 * 1024;

/**
 * The `fetch` that the `ollama` package is given, one for each request. What the package cannot do is done here: the
 * signal reaches a request that still waits for its headers, each stage has its bound, every failure is a WilsonError
 * (so that the package's own `console.log` about bad answers is never reached), and a stream without its last line
 * (`done: true`, or `status: success` of a pull) fails instead of looking whole.
 */
export function createOllamaFetch(exchange: OllamaExchange): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const body = typeof init?.body === 'string' ? withExtra(init.body, exchange.extraBody) : undefined;
    const headers = Object.fromEntries(new Headers(init?.headers).entries());
    try {
      const stream = await openStream({
        url,
        method: init?.method === 'POST' ? 'POST' : 'GET',
        headers,
        ...(body === undefined ? {} : { body }),
        signal: exchange.signal,
        timeouts: exchange.timeouts,
        clock: exchange.clock,
      });
      return await toResponse(stream, exchange, isStreamed(body));
    } catch (thrown) {
      throw asOllamaError(thrown, exchange);
    }
  };
}

/** `thrown` in the words of Ollama; what is a WilsonError already stays as it is. */
export function asOllamaError(thrown: unknown, context: OllamaContext): WilsonError {
  if (thrown instanceof WilsonError) return thrown;
  if (thrown instanceof TransportError) return ollamaTransportError(thrown, context);
  if (thrown instanceof LineTooLongError) return notOllama(context, thrown.message, thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new WilsonError('INTERNAL', `The Ollama client failed: ${message}`, { cause: thrown });
}

async function toResponse(stream: HttpStream, exchange: OllamaExchange, streamed: boolean): Promise<Response> {
  const contentType = stream.headers['content-type'] ?? '';
  if (stream.status >= 400) {
    throw ollamaStatusError(stream.status, await readText(stream, bodyLimitBytes), exchange);
  }
  if (stream.status !== 200 || !/json/i.test(contentType)) {
    stream.close();
    throw notOllama(exchange, `it answers ${stream.status} with ${contentType === '' ? 'no type' : contentType}`);
  }
  const headers = { 'Content-Type': contentType };
  if (streamed) return new Response(toBody(checkedLines(stream, exchange)), { headers });
  const text = await readText(stream, bodyLimitBytes);
  checkWhole(text, exchange);
  return new Response(text, { headers });
}

/** An answer in one piece: JSON, no error in it, and not one that Ollama itself calls unfinished. */
function checkWhole(text: string, exchange: OllamaExchange): void {
  const parsed = parseLine(text);
  if (parsed === null) throw notOllama(exchange, 'its answer is not JSON');
  if (parsed.done === false) throw answerCut(exchange);
  const said = errorOfBody(text);
  if (said !== null) throw ollamaSaidError(said, exchange);
}

/** The lines of a stream, each one JSON without an error; throws where the stream ends before its last line. */
async function* checkedLines(stream: HttpStream, exchange: OllamaExchange): AsyncGenerator<string, void, undefined> {
  const splitter = new LineSplitter();
  let finished = false;
  const check = (line: string): string => {
    const parsed = parseLine(line);
    if (parsed === null) throw answerCut(exchange, new Error('A line of the stream is not JSON.'));
    const said = errorOfBody(line);
    if (said !== null) throw ollamaSaidError(said, exchange);
    if (parsed.done === true || parsed.status === 'success') finished = true;
    stream.progressed();
    return `${line}\n`;
  };
  try {
    while (!finished) {
      const piece = await stream.read();
      const lines = piece === null ? [splitter.end()] : splitter.push(piece);
      for (const line of lines) if (line.trim() !== '') yield check(line);
      if (piece === null && !finished) throw answerCut(exchange);
    }
  } catch (thrown) {
    throw asOllamaError(thrown, exchange);
  } finally {
    stream.close();
  }
}

function toBody(lines: AsyncGenerator<string, void, undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await lines.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      async cancel() {
        await lines.return();
      },
    },
    // Nothing is read ahead: then the stall bound runs only while the one who asked is waiting.
    { highWaterMark: 0 },
  );
}

function parseLine(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? Object.fromEntries(Object.entries(parsed))
      : null;
  } catch {
    // Half a line, or not Ollama's; the caller knows which.
    return null;
  }
}

function isStreamed(body: string | undefined): boolean {
  return body !== undefined && parseLine(body)?.stream === true;
}

function withExtra(body: string, extra: Readonly<Record<string, unknown>> | undefined): string {
  if (extra === undefined) return body;
  return JSON.stringify({ ...parseLine(body), ...extra });
}
