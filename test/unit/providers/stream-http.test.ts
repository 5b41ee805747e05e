import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { openStream, readText, type StreamRequest, TransportError } from '../../../src/providers/stream-http.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

const timeouts = { connectMs: 1_000, firstTokenMs: 2_000, stallMs: 3_000, totalMs: 60_000 };
let server: Server | null = null;
const sockets: Socket[] = [];

/** A server that does with each connection what the test wants. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const created = createServer((socket) => {
    sockets.push(socket);
    // What the client does to the connection is what the test is about.
    socket.on('error', () => undefined);
    serve(socket);
  });
  server = created;
  await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve));
  const address = created.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise<void>((resolve) => {
    if (server === null) resolve();
    else server.close(() => resolve());
  });
  server = null;
});

function request(port: number, more: Partial<StreamRequest> = {}): StreamRequest {
  return {
    url: `http://127.0.0.1:${port}/`,
    method: 'GET',
    headers: {},
    signal: new AbortController().signal,
    timeouts,
    clock: systemClock,
    ...more,
  };
}

async function transportFailure(work: Promise<unknown>): Promise<TransportError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(TransportError);
  return thrown as TransportError;
}

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('the stages of a request', () => {
  it('bounds the connection until it can carry a request: here TLS that never comes', async () => {
    const clock = createFakeClock();
    let accepted: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => {
      accepted = resolve;
    });
    const port = await listen(() => accepted());
    const opening = transportFailure(openStream(request(port, { url: `https://127.0.0.1:${port}/`, clock })));
    await connected;
    clock.advance(1_000);
    expect(await opening).toMatchObject({ kind: 'timed-out', stage: 'connect' });
    expect(clock.pending()).toBe(0);
  });

  it('bounds the first token by what is progress, and not by headers or by noise', async () => {
    const clock = createFakeClock();
    const port = await listen((socket) => socket.once('data', () => socket.write(`${head}3\r\n: x\r\n`)));
    const stream = await openStream(request(port, { clock }));
    clock.advance(1_500);
    expect(Buffer.from((await stream.read()) ?? []).toString()).toBe(': x');
    const reading = transportFailure(stream.read());
    clock.advance(500);
    expect(await reading).toMatchObject({ kind: 'timed-out', stage: 'first-token' });
    expect(clock.pending()).toBe(0);
  });

  it('bounds a stall only while somebody waits, and from the last progress', async () => {
    const clock = createFakeClock();
    const port = await listen((socket) => socket.once('data', () => socket.write(`${head}1\r\na\r\n`)));
    const stream = await openStream(request(port, { clock }));
    await stream.read();
    stream.progressed();
    clock.advance(10_000);
    const reading = transportFailure(stream.read());
    clock.advance(2_999);
    expect(clock.pending()).toBe(2);
    clock.advance(1);
    expect(await reading).toMatchObject({ kind: 'timed-out', stage: 'stall' });
  });

  it('bounds the whole, also while nobody reads', async () => {
    const clock = createFakeClock();
    const port = await listen((socket) => socket.once('data', () => socket.write(`${head}1\r\na\r\n`)));
    const stream = await openStream(request(port, { clock }));
    await stream.read();
    stream.progressed();
    clock.advance(60_000);
    expect(await transportFailure(stream.read())).toMatchObject({ kind: 'timed-out', stage: 'total' });
    expect(clock.pending()).toBe(0);
  });
});

describe('what can go wrong below HTTP', () => {
  it.each([
    ['nothing but bytes', (socket: Socket) => socket.end('220 mail ready\r\n'), 'not-http'],
    ['closed without a word', (socket: Socket) => socket.once('data', () => socket.end()), 'closed'],
    ['reset', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()), 'closed'],
  ] as const)('%s', async (_name, serve, kind) => {
    const port = await listen(serve);
    expect((await transportFailure(openStream(request(port)))).kind).toBe(kind);
  });

  it.each([
    ['closed within a chunk', (socket: Socket) => socket.once('data', () => socket.end(`${head}5\r\nab`))],
    ['closed before the last chunk', (socket: Socket) => socket.once('data', () => socket.end(`${head}1\r\na\r\n`))],
    [
      'shorter than announced',
      (socket: Socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab')),
    ],
  ])('is cut: %s', async (_name, serve) => {
    const port = await listen(serve);
    const stream = await openStream(request(port));
    expect((await transportFailure(readText(stream, 1_000))).kind).toBe('cut');
  });

  it('is unreachable where nobody listens, and where no host has that name', async () => {
    const port = await listen(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    server = null;
    expect((await transportFailure(openStream(request(port)))).kind).toBe('unreachable');
    const nowhere = request(port, { url: 'http://nowhere.invalid:1/' });
    expect((await transportFailure(openStream(nowhere))).kind).toBe('unreachable');
  });

  it('keeps no more of a body than its limit', async () => {
    const port = await listen((socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.end('x'.repeat(200_000));
      }),
    );
    const error = await transportFailure(readText(await openStream(request(port)), 100_000));
    expect(error.message).toContain('longer than 100000 bytes');
  });

  it('survives a server that dies between two reads', async () => {
    const port = await listen((socket) =>
      socket.once('data', () => {
        socket.write(`${head}1\r\na\r\n`);
      }),
    );
    const stream = await openStream(request(port));
    await stream.read();
    const [socket] = sockets;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    socket?.resetAndDestroy();
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect((await transportFailure(stream.read())).kind).toBe('cut');
    stream.close();
    stream.close();
  });
});
