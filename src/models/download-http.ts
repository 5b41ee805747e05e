import { type FileHandle, open, truncate } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { hasErrno } from '../errors.js';
import { fileSizeBytes } from '../platform/file-size.js';
import type { FetchOrder, Transport } from './download-transport.js';

export interface HttpTransportOptions {
  readonly url: string;
  readonly label: string;
  /** Until the answer's head is there; default 5 s, so that a machine without a network is not kept waiting. */
  readonly connectTimeoutMs?: number;
  /** Between two pieces of the body; default 30 s. */
  readonly stallTimeoutMs?: number;
  /** Attempts that bring no new byte before it gives up; default 3. */
  readonly maxFruitlessAttempts?: number;
  /** Before an attempt that follows a fruitless one; default 1 s. */
  readonly retryDelayMs?: number;
}

/** The reason why HTTP did not bring the file; `final` when asking again cannot help. */
class HttpFailure extends Error {
  constructor(
    message: string,
    readonly final: boolean,
  ) {
    super(message);
  }
}

/**
 * Fetches one file by HTTP(S), going on where an earlier attempt stopped (`Range`). A connection that breaks or stalls is
 * taken up again as long as each attempt brings new bytes. A server that says another size than the catalog's is
 * refused before its body is read.
 */
export function httpTransport(options: HttpTransportOptions): Transport {
  const maxFruitless = options.maxFruitlessAttempts ?? 3;
  return {
    label: options.label,
    partSuffix: '.part',
    neededBytes: (entry) => entry.bytes,
    async fetch(order) {
      let fruitless = 0;
      // The hash that the hub names is only needed where the catalog has none.
      const stated = order.entry.sha256 === null ? await statedByHub(order, options) : null;
      for (;;) {
        const before = await fileSizeBytes(order.partPath);
        try {
          await attempt(order, options, before, stated?.bytes ?? null);
          return { statedSha256: stated?.sha256 ?? null };
        } catch (error) {
          order.signal.throwIfAborted();
          if (!(error instanceof HttpFailure) || error.final) throw error;
          const now = await fileSizeBytes(order.partPath);
          fruitless = now > before ? 0 : fruitless + 1;
          // Without a single byte there is no sign that this server can be reached at all.
          if (fruitless >= maxFruitless || (now === 0 && before === 0)) throw error;
          if (fruitless > 0) await delay(options.retryDelayMs ?? 1_000, undefined, { signal: order.signal });
        }
      }
    },
  };
}

async function attempt(
  order: FetchOrder,
  options: HttpTransportOptions,
  offset: number,
  statedBytes: number | null,
): Promise<void> {
  const expected = statedBytes ?? (order.entry.sha256 === null ? null : order.entry.bytes);
  if (expected !== null && offset === expected) return;
  if (expected !== null && offset > expected) {
    await truncate(order.partPath, 0);
    return await attempt(order, options, 0, statedBytes);
  }
  order.report('connecting', offset, expected ?? order.entry.bytes);
  const { response, watch } = await request(order, options, 'GET', {
    'accept-encoding': 'identity',
    ...(offset > 0 ? { range: `bytes=${offset}-` } : {}),
  });
  try {
    const { start, total } = rangeOf(response, offset);
    if (expected !== null && total !== null && total !== expected) {
      throw new HttpFailure(`it offers a file of ${total} bytes instead of ${expected}`, true);
    }
    const file = await open(order.partPath, start === 0 ? 'w' : 'r+');
    try {
      await writeBody(response, file, start, expected ?? total, order, watch);
    } finally {
      await file.close();
    }
  } finally {
    watch.stop();
    // Frees the connection where the body was not read to its end; nothing happens where it was.
    watch.cancel();
  }
}

async function writeBody(
  response: Response,
  file: FileHandle,
  start: number,
  total: number | null,
  order: FetchOrder,
  watch: Watch,
): Promise<void> {
  let position = start;
  if (response.body === null) throw new HttpFailure('it sent no body', true);
  const reader = response.body.getReader();
  for (;;) {
    watch.restart();
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw watch.explain(error);
    });
    if (done) break;
    if (total !== null && position + value.length > total) {
      throw new HttpFailure(`it sent more than the ${total} bytes of the file`, true);
    }
    await file.write(value, 0, value.length, position);
    position += value.length;
    order.report('downloading', position, total ?? Math.max(order.entry.bytes, position));
  }
  if (total !== null && position < total)
    throw new HttpFailure(`it stopped after ${position} of ${total} bytes`, false);
}

/** Where the body starts and how long the whole file is. */
function rangeOf(response: Response, offset: number): { start: number; total: number | null } {
  const length = numberOf(response.headers.get('content-length'));
  if (response.status === 200) return { start: 0, total: length };
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  const [start, total] = [numberOf(range?.[1] ?? null), numberOf(range?.[2] ?? null)];
  if (response.status !== 206 || start !== offset || total === null) {
    throw new HttpFailure('it answered a request for the rest of the file with something else', true);
  }
  return { start, total };
}

interface Watch {
  readonly signal: AbortSignal;
  restart(): void;
  stop(): void;
  /** Breaks the connection off. */
  cancel(): void;
  /** What a failed read means: the caller's abort, the stall timer or the network. */
  explain(error: unknown): Error;
}

/** Sends a request whose head must arrive in time; the caller stops the watch when it has read the body. */
async function request(
  order: FetchOrder,
  options: HttpTransportOptions,
  method: 'GET' | 'HEAD',
  headers: Record<string, string>,
): Promise<{ response: Response; watch: Watch }> {
  const watch = watchOver(order.signal, options);
  let response: Response;
  try {
    response = await fetch(options.url, {
      method,
      headers,
      signal: watch.signal,
      redirect: method === 'HEAD' ? 'manual' : 'follow',
    });
  } catch (error) {
    watch.stop();
    throw watch.explain(error);
  }
  const redirected = method === 'HEAD' && response.status >= 300 && response.status < 400;
  if (response.ok || redirected) return { response, watch };
  watch.cancel();
  watch.stop();
  // 416: the part is longer than the file. It is thrown away, and the next attempt starts from the beginning.
  if (response.status === 416) await truncate(order.partPath, 0);
  throw new HttpFailure(`it answered ${response.status} ${response.statusText}`.trim(), !mayPass(response.status));
}

function mayPass(status: number): boolean {
  return status === 416 || status === 429 || status >= 500;
}

function watchOver(outer: AbortSignal, options: HttpTransportOptions): Watch {
  const controller = new AbortController();
  const stallMs = options.stallTimeoutMs ?? 30_000;
  const connectMs = options.connectTimeoutMs ?? 5_000;
  let timedOut: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const arm = (delayMs: number, text: string): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timedOut = text;
      controller.abort();
    }, delayMs);
  };
  const onAbort = (): void => controller.abort(outer.reason);
  if (outer.aborted) onAbort();
  outer.addEventListener('abort', onAbort, { once: true });
  arm(connectMs, `it did not answer within ${connectMs / 1_000} s`);
  return {
    signal: controller.signal,
    restart: () => arm(stallMs, `it sent nothing for ${stallMs / 1_000} s`),
    stop: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', onAbort);
    },
    cancel: () => controller.abort(),
    explain: (error) => {
      if (outer.aborted) return outer.reason instanceof Error ? outer.reason : new Error(String(outer.reason));
      return new HttpFailure(timedOut ?? networkReason(error), false);
    },
  };
}

/** `fetch` hides the reason of the system in `cause`. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (hasErrno(cause, 'ENOTFOUND', 'EAI_AGAIN')) return 'its address was not found (no network?)';
  if (hasErrno(cause, 'ECONNREFUSED')) return 'it refused the connection';
  if (hasErrno(cause, 'ENETUNREACH', 'EHOSTUNREACH')) return 'there is no way to it (no network?)';
  return `the connection failed (${cause instanceof Error ? cause.message : String(cause)})`;
}

/** Asks the hub for the size and hash of a large file: it names them in the head of its redirect. */
async function statedByHub(
  order: FetchOrder,
  options: HttpTransportOptions,
): Promise<{ sha256: string; bytes: number }> {
  order.report('connecting', 0, order.entry.bytes);
  const { response, watch } = await request(order, options, 'HEAD', { 'accept-encoding': 'identity' });
  watch.stop();
  const sha256 = /^"?([0-9a-f]{64})"?$/.exec(response.headers.get('x-linked-etag') ?? '')?.[1];
  const bytes = numberOf(response.headers.get('x-linked-size'));
  if (sha256 === undefined || bytes === null) {
    throw new HttpFailure('it names no hash for the file, which therefore cannot be checked', true);
  }
  return { sha256, bytes };
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
