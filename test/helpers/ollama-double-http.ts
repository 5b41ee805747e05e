import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A port on the loopback that can be closed with all its connections, and opened again. */
export class Listener {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  /** `greeting` is said to everybody who connects, before the connection is closed: not HTTP then. */
  constructor(
    private readonly host: '127.0.0.1' | '::1',
    private readonly greeting: string | null,
    private readonly serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  ) {}

  get url(): string {
    return `http://${this.host === '::1' ? '[::1]' : this.host}:${this.port}`;
  }

  /** On that port; without one on the port that it had, or any. */
  async open(port?: number): Promise<void> {
    const server = createServer((request, response) => {
      this.serve(request, response).catch((thrown: unknown) => response.destroy(toError(thrown)));
    });
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      if (this.greeting !== null) socket.end(this.greeting);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: port ?? this.port, host: this.host, ipv6Only: this.host === '::1' }, resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Destroys every connection. A second call does nothing. */
  async close(): Promise<void> {
    const server = this.server;
    this.server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Null for what is no JSON object. */
export function parseBody(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : null;
  } catch {
    // The real server answers such a body with `bad-json`.
    return null;
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
