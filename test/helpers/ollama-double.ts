import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { jsonType, playFault, send, sendHtml, sendPieces, sendRecorded } from './ollama-double-answers.js';
import { matches, type Step } from './ollama-double-script.js';
import { fullName, type LoadCounts, OllamaState, parseKeepAlive } from './ollama-double-state.js';
import { counts, cut, goJson, head, marker, showAnswer } from './ollama-double-wire.js';

export type { Step } from './ollama-double-script.js';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Resolves when the client has closed the connection, or the answer is out. */
  readonly closed: Promise<{ byClient: boolean }>;
}

export interface OllamaDoubleOptions {
  /** Added to the two recorded models. */
  readonly models?: readonly string[];
  /** Only `models` exist. */
  readonly onlyModels?: boolean;
  readonly port?: number;
  readonly steps?: readonly Step[];
  /** Capabilities in `/api/show`; `['completion']` as recorded. */
  readonly capabilities?: readonly string[];
  /** Answers every request as this other thing on the port would. */
  readonly notOllama?: 'html' | 'json' | 'garbage';
}

export interface OllamaDouble {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  script(...steps: Step[]): void;
  /** The next request to that path that has not been waited for yet. */
  nextRequest(path: string): Promise<RecordedRequest>;
  isLoaded(model: string): boolean;
  counts(model: string): LoadCounts;
  /** Someone else loads or unloads a model. */
  loadBehindOurBack(model: string): void;
  unloadBehindOurBack(model: string): void;
  /** The server dies: the port is closed and every connection destroyed. */
  die(): Promise<void>;
  /** It is started again on the same port, with nothing loaded. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** A server on the loopback that answers as the recorded Ollama did, with the faults that a test asks for. */
export async function startOllamaDouble(options: OllamaDoubleOptions = {}): Promise<OllamaDouble> {
  const double = new Double(options);
  await double.listen(options.port ?? 0);
  return double;
}

/** Models whose template has no place for tools. */
const modelsWithoutTools = ['smollm2:135m', 'llama3:latest'];

class Double implements OllamaDouble {
  readonly requests: RecordedRequest[] = [];
  private state: OllamaState;
  private readonly steps: { step: Step; left: number }[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly waiting: { path: string; resolve: (request: RecordedRequest) => void }[] = [];
  private readonly unseen: RecordedRequest[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private server: Server | null = null;
  private port = 0;

  constructor(private readonly options: OllamaDoubleOptions) {
    this.state = new OllamaState(options.models ?? [], options.onlyModels ?? false);
    this.script(...(options.steps ?? []));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  script(...steps: Step[]): void {
    for (const step of steps) this.steps.push({ step, left: step.times ?? 1 });
  }

  nextRequest(path: string): Promise<RecordedRequest> {
    const index = this.unseen.findIndex((request) => request.path === path);
    const [seen] = index === -1 ? [] : this.unseen.splice(index, 1);
    if (seen) return Promise.resolve(seen);
    return new Promise((resolve) => this.waiting.push({ path, resolve }));
  }

  isLoaded(model: string): boolean {
    return this.state.isLoaded(model);
  }

  counts(model: string): LoadCounts {
    return this.state.countsOf(model);
  }

  loadBehindOurBack(model: string): void {
    this.state.use(model, {}, null);
  }

  unloadBehindOurBack(model: string): void {
    this.state.unload(model);
  }

  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      this.serve(request, response).catch((thrown: unknown) => response.destroy(toError(thrown)));
    });
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      if (this.options.notOllama === 'garbage') socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  async die(): Promise<void> {
    const server = this.server;
    this.server = null;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async comeBack(): Promise<void> {
    this.state = new OllamaState(this.options.models ?? [], this.options.onlyModels ?? false);
    await this.listen(this.port);
  }

  close(): Promise<void> {
    return this.die();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.url).pathname;
    const text = await readBody(request);
    const parsed = parseBody(text);
    this.record(request, response, path, parsed ?? {});
    if (this.options.notOllama === 'html') return sendHtml(response);
    if (this.options.notOllama === 'json')
      return void send(response, 404, 'application/json', '{"detail":"Not Found"}');
    if (request.method === 'GET' && path === '/')
      return void send(response, 200, 'text/plain; charset=utf-8', 'Ollama is running');
    if (request.method === 'POST' && parsed === null) return sendRecorded(response, 'bad-json.json');
    const body = parsed ?? {};
    const step = this.take(path, body);
    if (step?.delayMs) await this.pause(step.delayMs);
    if (step?.fault && (await playFault(response, step.fault, step, body))) return;
    if (step?.recording) return sendRecorded(response, step.recording, step.pieceDelayMs);
    if (step?.lines) {
      await sendPieces(
        response,
        step.lines.map((line) => `${goJson(line)}\n`),
        step.pieceDelayMs,
      );
      return void response.end();
    }
    await this.answer(response, path, body, step);
  }

  private async answer(
    response: ServerResponse,
    path: string,
    body: Record<string, unknown>,
    step: Step | null,
  ): Promise<void> {
    switch (path) {
      case '/api/version':
        return sendRecorded(response, 'version.json');
      case '/api/tags':
        return this.json(response, { models: this.state.models });
      case '/api/ps':
        return this.json(response, { models: this.state.rows() });
      case '/api/show':
        return this.show(response, body);
      case '/api/chat':
      case '/api/generate':
        return this.generate(response, path, body, step);
      case '/api/pull':
        return sendRecorded(response, 'pull-unreachable.ndjson');
      default:
        return void send(response, 404, 'text/plain', '404 page not found');
    }
  }

  private show(response: ServerResponse, body: Record<string, unknown>): void {
    const name = String(body.model ?? body.name ?? '');
    const model = this.state.find(name);
    if (model === null)
      return void send(response, 404, jsonType, goJson({ error: `model '${fullName(name)}' not found` }));
    this.json(response, showAnswer(model, this.options.capabilities ?? model.capabilities));
  }

  private async generate(
    response: ServerResponse,
    path: string,
    body: Record<string, unknown>,
    step: Step | null,
  ): Promise<void> {
    const name = String(body.model ?? '');
    const model = this.state.find(name);
    if (model === null) return void send(response, 404, jsonType, goJson({ error: `model '${name}' not found` }));
    const keepAlive = parseKeepAlive(body.keep_alive);
    if ('error' in keepAlive) return void send(response, 400, jsonType, goJson({ error: keepAlive.error }));
    const options = (body.options ?? {}) as Record<string, unknown>;
    const chat = path === '/api/chat';
    const empty = chat ? !Array.isArray(body.messages) || body.messages.length === 0 : !body.prompt;
    if (empty && keepAlive.ms === 0) {
      this.state.unload(name);
      return this.json(response, marker(name, 'unload', chat));
    }
    const tools = Array.isArray(body.tools) && body.tools.length > 0;
    const hasTools = this.options.capabilities?.includes('tools') ?? !modelsWithoutTools.includes(fullName(name));
    if (tools && !hasTools) return sendRecorded(response, 'chat-tools-unsupported.json');
    this.state.use(name, options, keepAlive.ms);
    if (empty) return this.json(response, marker(name, 'load', chat));
    await this.stream(response, name, body, step);
    if (keepAlive.ms === 0) this.state.unload(name);
  }

  private async stream(
    response: ServerResponse,
    name: string,
    body: Record<string, unknown>,
    step: Step | null,
  ): Promise<void> {
    const pieces = step?.answer === undefined ? (step?.toolCalls ? [] : ['4']) : cut(step.answer);
    const last = { done: true, done_reason: step?.doneReason ?? 'stop', ...counts(pieces.length) };
    if (body.stream === false) {
      return this.json(response, { ...head(name), message: { role: 'assistant', content: pieces.join('') }, ...last });
    }
    const lines = [
      ...(step?.thinking ?? []).map((thinking) => ({ role: 'assistant', content: '', thinking })),
      ...pieces.map((content) => ({ role: 'assistant', content })),
      ...(step?.toolCalls ?? []).map((call) => ({ role: 'assistant', content: '', tool_calls: [{ function: call }] })),
    ].map((message) => ({ ...head(name), message, done: false }));
    const all = [...lines, { ...head(name), message: { role: 'assistant', content: '' }, ...last }];
    await sendPieces(
      response,
      all.map((line) => `${goJson(line)}\n`),
      step?.pieceDelayMs,
    );
    response.end();
  }

  private json(response: ServerResponse, value: unknown): void {
    send(response, 200, jsonType, goJson(value));
  }

  private take(path: string, body: Record<string, unknown>): Step | null {
    const index = this.steps.findIndex(({ step }) => matches(step, path, body));
    const found = this.steps[index];
    if (found === undefined) return null;
    if (found.left === 1) this.steps.splice(index, 1);
    else if (found.left > 1) found.left -= 1;
    return found.step;
  }

  private record(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    body: Record<string, unknown>,
  ): void {
    const closed = new Promise<{ byClient: boolean }>((resolve) => {
      response.on('close', () => resolve({ byClient: !response.writableFinished }));
    });
    const record = { method: request.method ?? '', path, body, closed };
    this.requests.push(record);
    const index = this.waiting.findIndex((each) => each.path === path);
    const [waiter] = index === -1 ? [] : this.waiting.splice(index, 1);
    if (waiter) waiter.resolve(record);
    else this.unseen.push(record);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve();
      }, ms);
      this.timers.add(timer);
    });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

function parseBody(text: string): Record<string, unknown> | null {
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
