import { chmod, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.js';
import { makeFolder } from '../config/paths.js';
import { type ErrorRecord, toErrorRecord, WilsonError } from '../errors.js';

/** What one wilson process asks of another. */
export type ControlRequest =
  | { readonly op: 'kill'; readonly taskId: string }
  | { readonly op: 'ping' }
  /** A chat turn of session `from` uses the machine `place`; counts for `ttlMs` unless it comes again. */
  | { readonly op: 'hold'; readonly from: string; readonly place: string; readonly ttlMs: number }
  /** That turn is over. */
  | { readonly op: 'continue'; readonly from: string };

export type ControlReply =
  | { readonly ok: true; readonly result: string }
  | { readonly ok: false; readonly error: ErrorRecord };

export interface ControlServer {
  readonly path: string;
  close(): Promise<void>;
}

/** Unix socket paths end at 108 bytes on Linux and 104 on macOS. */
const maxSocketPathBytes = 100;
const maxRequestBytes = 4_096;
const requestWaitMs = 5_000;
/** Nobody holds our workers for longer on the strength of one request. */
const longestHoldMs = 60_000;

/** Where a session listens: in the state folder, or in the temporary folder when that path would be too long. */
export function controlPath(stateFolder: string, sessionId: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\wilson-${sessionId}`;
  const path = join(stateFolder, 'run', `${sessionId}.sock`);
  return Buffer.byteLength(path) <= maxSocketPathBytes ? path : join(tmpdir(), `wilson-${sessionId}.sock`);
}

/** Listens for other wilson processes of this user (mode 0600): one JSON line in, one out, closed. */
export async function listenForControl(
  path: string,
  serve: (request: ControlRequest) => Promise<string>,
): Promise<ControlServer> {
  if (process.platform !== 'win32') {
    makeFolder(dirname(path), 0o700);
    await rm(path, { force: true });
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveConnection(socket, serve);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return {
    path,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // A client that says nothing, or is stopped, must not keep us.
        for (const socket of sockets) socket.destroy();
      });
      if (process.platform !== 'win32') await rm(path, { force: true });
    },
  };
}

function serveConnection(socket: Socket, serve: (request: ControlRequest) => Promise<string>): void {
  let received = '';
  socket.setEncoding('utf8');
  socket.setTimeout(requestWaitMs, () => socket.destroy());
  // A caller that goes away needs no answer.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    received += chunk;
    if (received.length > maxRequestBytes) socket.destroy();
    const end = received.indexOf('\n');
    if (end < 0) return;
    socket.pause();
    socket.setTimeout(0);
    void answer(received.slice(0, end), serve).then((reply) => {
      if (!socket.destroyed) socket.end(`${JSON.stringify(reply)}\n`);
    });
  });
}

async function answer(line: string, serve: (request: ControlRequest) => Promise<string>): Promise<ControlReply> {
  try {
    const request: unknown = JSON.parse(line);
    if (!isRequest(request)) throw new WilsonError('BAD_REQUEST', 'That is not a request of this protocol.');
    return { ok: true, result: await serve(request) };
  } catch (error) {
    return { ok: false, error: toErrorRecord(error) };
  }
}

function isRequest(value: unknown): value is ControlRequest {
  if (typeof value !== 'object' || value === null || !('op' in value)) return false;
  if (value.op === 'ping') return true;
  if (value.op === 'continue') return 'from' in value && typeof value.from === 'string';
  if (value.op === 'hold') {
    const { from, place, ttlMs } = value as Readonly<Record<string, unknown>>;
    const named = typeof from === 'string' && typeof place === 'string';
    return named && typeof ttlMs === 'number' && ttlMs > 0 && ttlMs <= longestHoldMs;
  }
  return value.op === 'kill' && 'taskId' in value && typeof value.taskId === 'string';
}

/** Asks the session that listens at `path`. Null when nobody answers within `timeoutMs`; never rejects for that. */
export function askControl(
  path: string,
  request: ControlRequest,
  timeoutMs: number,
  clock: Clock,
): Promise<ControlReply | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let received = '';
    const finish = (reply: ControlReply | null): void => {
      timer.cancel();
      socket.destroy();
      resolve(reply);
    };
    const timer = clock.after(timeoutMs, () => finish(null), { keepAlive: true });
    socket.setEncoding('utf8');
    socket.once('error', () => finish(null));
    socket.once('close', () => finish(null));
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = received.indexOf('\n');
      if (end < 0) return;
      try {
        // Written by `answer` above, in another process of this program.
        finish(JSON.parse(received.slice(0, end)) as ControlReply);
      } catch {
        // Something else listens there: as good as nobody.
        finish(null);
      }
    });
  });
}
