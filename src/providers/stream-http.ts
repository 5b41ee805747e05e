import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, request as sendRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../clock.js';
import { hasErrno, WilsonError } from '../errors.js';
import type { RequestTimeouts } from './provider.js';

/** The stages a request goes through; each has its own bound. */
export type Stage = 'connect' | 'first-token' | 'stall' | 'total';

/**
 * What went wrong below the protocol; a provider puts it into words that name its server.
 *
 * `unreachable`: nobody listens or the network does not lead there. `not-http`: something answered that is not HTTP.
 * `closed`: accepted, then closed without an answer. `cut`: closed within the answer. `timed-out`: see `stage`.
 */
export class TransportError extends Error {
  constructor(
    readonly kind: 'unreachable' | 'not-http' | 'closed' | 'cut' | 'timed-out',
    message: string,
    readonly stage: Stage | null = null,
    options: { cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TransportError';
  }
}

export interface StreamRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly timeouts: RequestTimeouts;
  readonly clock: Clock;
}

/** An answer whose headers are here and whose body is read piece by piece. */
export interface HttpStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * The next piece of the body, null after its last. Rejects with a {@link TransportError} or `ABORTED`. The stall bound
   * runs only while somebody waits here, so that a slow reader is never taken for a stalled server.
   */
  read(): Promise<Uint8Array | null>;
  /** Tells that what was read is real progress (a token, not a keep-alive comment): ends the wait for the first one. */
  progressed(): void;
  /** Ends the request wherever it is; safe to call twice. The server sees the connection close and stops working. */
  close(): void;
}

/** Creates requests of one scheme. */
interface Transport {
  readonly request: typeof sendRequest;
  /**
   * Opens a fresh connection for each request: a kept one may be closed by the server in the moment it is used again,
   * which cannot be told from a server that died, and on the loopback it saves a fifth of a millisecond.
   */
  readonly agent: import('node:http').Agent;
}

const transports: Record<'http:' | 'https:', () => Promise<Transport>> = {
  'http:': once(async () => {
    const { Agent, request } = await import('node:http');
    return { request, agent: new Agent({ keepAlive: false }) };
  }),
  // Loaded when first needed: TLS costs a start several times what HTTP does, and most servers are on this machine.
  'https:': once(async () => {
    const { Agent, request } = await import('node:https');
    return { request, agent: new Agent({ keepAlive: false }) };
  }),
};

function once<T>(create: () => Promise<T>): () => Promise<T> {
  let created: Promise<T> | null = null;
  return () => {
    created ??= create();
    return created;
  };
}

/** The error for an aborted signal, the same for every provider. */
export function abortedError(signal: AbortSignal): WilsonError {
  return new WilsonError('ABORTED', 'The request was aborted.', { cause: signal.reason });
}

/**
 * Sends a request and resolves with its headers. `node:http` and not the global `fetch`: that one gives up after 300 s
 * without headers, which is how long a big model may load, and Node 20 exports nothing to change it.
 *
 * Rejects with a {@link TransportError}, or `ABORTED`. From then on the caller owns the stream and must `close` it.
 */
export async function openStream(request: StreamRequest): Promise<HttpStream> {
  const url = new URL(request.url);
  const transport = await transports[url.protocol === 'https:' ? 'https:' : 'http:']();
  if (request.signal.aborted) throw abortedError(request.signal);
  const exchange = new Exchange(request, url, transport);
  try {
    return await exchange.headers();
  } catch (thrown) {
    exchange.close();
    throw thrown;
  }
}

/** Reads what is left of a body as text; rejects with `not-http` past `limitBytes`. Closes the stream. */
export async function readText(stream: HttpStream, limitBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let piece = await stream.read(); piece !== null; piece = await stream.read()) {
      stream.progressed();
      bytes += piece.byteLength;
      if (bytes > limitBytes) throw new TransportError('not-http', `The answer is longer than ${limitBytes} bytes.`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  } finally {
    stream.close();
  }
}

class Exchange {
  private readonly clock: Clock;
  private readonly timeouts: RequestTimeouts;
  private readonly request: ClientRequest;
  private readonly onAbort: () => void;
  private readonly totalTimer: Timer;
  private stageTimer: Timer | null = null;
  /** Why we ended the request ourselves; it wins over what the socket reports because of that. */
  private failure: Error | null = null;
  private connected = false;
  private sentAtMs = 0;
  private hasProgress = false;
  private stallDeadlineMs: number | null = null;
  private closed = false;

  constructor(
    private readonly options: StreamRequest,
    url: URL,
    transport: Transport,
  ) {
    this.clock = options.clock;
    this.timeouts = options.timeouts;
    const secure = url.protocol === 'https:';
    const body = options.body === undefined ? null : Buffer.from(options.body, 'utf8');
    this.request = transport.request(url, {
      method: options.method,
      agent: transport.agent,
      headers: { ...options.headers, ...(body === null ? {} : { 'Content-Length': String(body.byteLength) }) },
    });
    this.onAbort = () => this.fail(abortedError(options.signal));
    options.signal.addEventListener('abort', this.onAbort, { once: true });
    this.totalTimer = this.clock.after(this.timeouts.totalMs, () => this.timeOut('total'));
    this.stageTimer = this.clock.after(this.timeouts.connectMs, () => this.timeOut('connect'));
    this.request.once('socket', (socket: Socket) => {
      socket.once(secure ? 'secureConnect' : 'connect', () => this.onConnected());
    });
    this.request.end(body ?? undefined);
  }

  async headers(): Promise<HttpStream> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      this.request.once('response', resolve);
      // Stays on for good: a socket may report its end again after the answer, and nobody else would hear it.
      this.request.on('error', (thrown) => reject(this.explain(thrown)));
      this.request.once('close', () => reject(this.explain(null)));
    });
    // An answer that ends between two reads reports it here; the next read finds out by itself.
    response.on('error', () => undefined);
    const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      read: () => this.read(chunks),
      progressed: () => this.progressed(),
      close: () => this.close(),
    };
  }

  close(): void {
    this.settle();
    this.request.destroy();
  }

  private settle(): void {
    this.closed = true;
    this.stageTimer?.cancel();
    this.totalTimer.cancel();
    this.options.signal.removeEventListener('abort', this.onAbort);
  }

  private async read(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
    if (this.failure) throw this.failure;
    this.armRead();
    try {
      const next = await chunks.next();
      // Ending a request ourselves can look like the regular end of a body.
      if (this.failure) throw this.failure;
      return next.done ? null : next.value;
    } catch (thrown) {
      throw this.failure ?? new TransportError('cut', errorText(thrown), null, { cause: thrown });
    } finally {
      this.stageTimer?.cancel();
      this.stageTimer = null;
    }
  }

  private armRead(): void {
    this.stageTimer?.cancel();
    const now = this.clock.monotonicMs();
    if (this.hasProgress) {
      this.stallDeadlineMs ??= now + this.timeouts.stallMs;
      this.stageTimer = this.clock.after(Math.max(0, this.stallDeadlineMs - now), () => this.timeOut('stall'));
    } else {
      const deadlineMs = this.sentAtMs + this.timeouts.firstTokenMs;
      this.stageTimer = this.clock.after(Math.max(0, deadlineMs - now), () => this.timeOut('first-token'));
    }
  }

  private progressed(): void {
    this.hasProgress = true;
    this.stallDeadlineMs = null;
  }

  private onConnected(): void {
    if (this.closed) return;
    this.connected = true;
    this.sentAtMs = this.clock.monotonicMs();
    this.stageTimer?.cancel();
    this.stageTimer = this.clock.after(this.timeouts.firstTokenMs, () => this.timeOut('first-token'));
  }

  private timeOut(stage: Stage): void {
    const limitMs: Record<Stage, number> = {
      connect: this.timeouts.connectMs,
      'first-token': this.timeouts.firstTokenMs,
      stall: this.timeouts.stallMs,
      total: this.timeouts.totalMs,
    };
    this.fail(new TransportError('timed-out', `No end after ${limitMs[stage]} ms.`, stage));
  }

  private fail(error: Error): void {
    if (this.closed) return;
    this.failure = error;
    this.settle();
    this.request.destroy(this.failure);
  }

  /** Why there are no headers. */
  private explain(thrown: unknown): Error {
    if (this.failure) return this.failure;
    if (thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('HPE_')) {
      return new TransportError('not-http', errorText(thrown), null, { cause: thrown });
    }
    const closedByPeer = thrown === null || hasErrno(thrown, 'ECONNRESET', 'EPIPE');
    if (this.connected && closedByPeer) {
      return new TransportError('closed', 'The connection was closed before an answer came.', null, { cause: thrown });
    }
    return new TransportError('unreachable', errorText(thrown), null, { cause: thrown });
  }
}

function errorText(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') {
    return thrown.errors.map((each) => errorText(each)).join('; ');
  }
  return thrown instanceof Error ? thrown.message : 'The connection was closed.';
}
