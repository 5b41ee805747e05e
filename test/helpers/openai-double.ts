import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the server does with one request for a chat. */
export interface OpenAiStep {
  readonly answer?: readonly string[];
  /** Raw `tool_calls` deltas, one chunk each. */
  readonly toolDeltas?: readonly Readonly<Record<string, unknown>>[];
  readonly finishReason?: string | null;
  /** Leaves `data: [DONE]` out. */
  readonly withoutDone?: boolean;
  readonly status?: number;
  /** Body of an error, or of an answer that does not stream. */
  readonly body?: unknown;
  readonly fault?: 'never-answers' | 'gone-after-accept' | 'cut' | 'stall' | 'error-event' | 'comments-only' | 'html';
}

export interface OpenAiRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly closed: Promise<{ byClient: boolean }>;
}

export interface OpenAiDouble {
  readonly url: string;
  readonly requests: readonly OpenAiRequest[];
  script(...steps: OpenAiStep[]): void;
  nextRequest(path: string): Promise<OpenAiRequest>;
  close(): Promise<void>;
}

export interface OpenAiDoubleOptions {
  readonly models?: readonly Readonly<Record<string, unknown>>[];
  /** Refuses every request without this key. */
  readonly key?: string;
}

/** An OpenAI-compatible server on the loopback, in the forms that the API documents. */
export async function startOpenAiDouble(options: OpenAiDoubleOptions = {}): Promise<OpenAiDouble> {
  const steps: OpenAiStep[] = [];
  const requests: OpenAiRequest[] = [];
  const unseen: OpenAiRequest[] = [];
  const waiting: { path: string; resolve: (request: OpenAiRequest) => void }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    serve(request, response).catch((thrown: unknown) => response.destroy(thrown instanceof Error ? thrown : undefined));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const text = Buffer.concat(pieces).toString('utf8');
    const path = request.url ?? '';
    const closed = new Promise<{ byClient: boolean }>((resolve) => {
      response.on('close', () => resolve({ byClient: !response.writableFinished }));
    });
    const record = { path, headers: request.headers, body: text === '' ? {} : JSON.parse(text), closed };
    requests.push(record);
    const index = waiting.findIndex((each) => each.path === path);
    const [waiter] = index === -1 ? [] : waiting.splice(index, 1);
    if (waiter) waiter.resolve(record);
    else unseen.push(record);
    if (options.key !== undefined && request.headers.authorization !== `Bearer ${options.key}`) {
      return json(response, 401, { error: { message: 'Incorrect API key provided.', code: 'invalid_api_key' } });
    }
    if (path === '/v1/models')
      return json(response, 200, { object: 'list', data: options.models ?? [{ id: 'local' }] });
    if (path !== '/v1/chat/completions') return json(response, 404, { error: { message: 'Not found' } });
    await chat(response, steps.shift() ?? { answer: ['4'] }, String(record.body.model));
  }

  async function chat(response: ServerResponse, step: OpenAiStep, model: string): Promise<void> {
    if (step.fault === 'never-answers') return;
    if (step.fault === 'gone-after-accept') return void response.socket?.destroy();
    if (step.fault === 'html') {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      return void response.end('<!doctype html>');
    }
    if (model !== 'local') {
      return json(response, 404, {
        error: { message: `The model \`${model}\` does not exist`, code: 'model_not_found' },
      });
    }
    if (step.body !== undefined || step.status !== undefined) return json(response, step.status ?? 200, step.body);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const send = async (data: string) => {
      response.write(data);
      await new Promise((resolve) => setImmediate(resolve));
    };
    const chunk = (delta: unknown, finish: string | null = null) =>
      send(`data: ${JSON.stringify({ model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
    if (step.fault === 'comments-only') return void (await send(': still working\n\n'));
    await chunk({ role: 'assistant', content: '' });
    for (const content of step.answer ?? []) await chunk({ content });
    if (step.fault === 'error-event') {
      await send(`data: ${JSON.stringify({ error: { message: 'the runner died', type: 'server_error' } })}\n\n`);
      return void response.end();
    }
    if (step.fault === 'stall') return;
    if (step.fault === 'cut') {
      await send('data: {"choices":[{"del');
      return void response.socket?.destroy();
    }
    for (const delta of step.toolDeltas ?? []) await chunk({ tool_calls: [delta] });
    if (step.finishReason !== null) await chunk({}, step.finishReason ?? 'stop');
    await send(`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 3 } })}\n\n`);
    if (!step.withoutDone) await send('data: [DONE]\n\n');
    response.end();
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (...more) => void steps.push(...more),
    nextRequest(path) {
      const index = unseen.findIndex((request) => request.path === path);
      const [seen] = index === -1 ? [] : unseen.splice(index, 1);
      if (seen) return Promise.resolve(seen);
      return new Promise((resolve) => waiting.push({ path, resolve }));
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
