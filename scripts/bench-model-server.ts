import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChatPart, ChatRequest } from '../src/providers/provider.js';
import { parseKeepAlive } from '../test/helpers/ollama-double-keep-alive.js';
import { fullName, showAnswer } from '../test/helpers/ollama-double-models.js';
import { goJson, goTime, head, marker, recordedModels } from '../test/helpers/ollama-double-wire.js';
import { ServedModel } from './bench-served-model.js';

export interface ModelServerOptions {
  /** The embedded engine of the built program, and where its models are. */
  readonly createEngine: (name: string, modelPath: string) => import('../src/models/chat-engine-client.js').ChatEngine;
  /** GGUF files by the names that clients use. */
  readonly models: Readonly<Record<string, string>>;
}

/** How often clients asked, broke off, and had models loaded; `GET /bench`. */
export interface ServerCounts {
  chats: number;
  abortedChats: number;
  loads: number;
}

const json = 'application/json; charset=utf-8';

/**
 * A server on the loopback that speaks Ollama's wire and really runs its models: one engine process for each, one
 * request at a time (`OLLAMA_NUM_PARALLEL=1`), loaded at the first use and gone at `keep_alive: 0`. A client that
 * breaks off ends its answer. For benchmarks where no Ollama is installed.
 */
export async function startModelServer(
  options: ModelServerOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const counts: ServerCounts = { chats: 0, abortedChats: 0, loads: 0 };
  const known = recordedModels().filter(({ name }) => name in options.models);
  const served = new Map(
    known.map(({ name }) => {
      const path = options.models[name] ?? '';
      return [name, new ServedModel(name, options.createEngine(name, path), () => counts.loads++)] as const;
    }),
  );

  async function rows(): Promise<unknown[]> {
    const all = await Promise.all(
      known.map(async (model) => {
        const loaded = await served.get(model.name)?.loaded();
        if (loaded === undefined || loaded === null) return [];
        const { name, digest, details } = model;
        const place = { size: loaded.memoryBytes, size_vram: 0, context_length: loaded.contextTokens };
        return [{ name, model: name, digest, details, ...place, expires_at: goTime(loaded.expiresAtMs) }];
      }),
    );
    return all.flat();
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const body = await readJson(request);
    const name = fullName(String(body.model ?? body.name ?? ''));
    const model = known.find((one) => one.name === name);
    switch (pathname) {
      case '/':
        return send(response, 200, 'Ollama is running', 'text/plain; charset=utf-8');
      case '/bench':
        return send(response, 200, goJson(counts));
      case '/api/version':
        return send(response, 200, goJson({ version: '0.0.0-bench' }));
      case '/api/tags':
        return send(response, 200, goJson({ models: known }));
      case '/api/ps':
        return send(response, 200, goJson({ models: await rows() }));
      case '/api/show':
        if (model === undefined) return missing(response, name);
        return send(response, 200, goJson(showAnswer(model, ['completion'])));
      case '/api/chat':
      case '/api/generate': {
        const one = served.get(name);
        if (one === undefined) return missing(response, name);
        return answer(one, pathname === '/api/chat', body, response, counts);
      }
      default:
        return send(response, 404, '404 page not found', 'text/plain');
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.all([...served.values()].map((one) => one.close()));
    },
  };
}

async function answer(
  model: ServedModel,
  chat: boolean,
  body: Record<string, unknown>,
  response: ServerResponse,
  counts: ServerCounts,
): Promise<void> {
  const keepAlive = parseKeepAlive(body.keep_alive);
  if ('error' in keepAlive) return send(response, 400, goJson({ error: keepAlive.error }));
  const options = (body.options ?? {}) as Record<string, unknown>;
  const load = { numCtx: Number(options.num_ctx ?? 4096), numThreads: numberOrNull(options.num_thread) };
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    // As Ollama: the answer to an unload goes out before it happens.
    if (keepAlive.ms === 0) model.unload();
    else await model.load(load, keepAlive.ms);
    return send(response, 200, goJson(marker(model.name, keepAlive.ms === 0 ? 'unload' : 'load', chat)));
  }
  counts.chats += 1;
  const left = new AbortController();
  response.on('close', () => {
    if (response.writableFinished) return;
    counts.abortedChats += 1;
    left.abort();
  });
  const request: Omit<ChatRequest, 'model'> = {
    messages: body.messages as ChatRequest['messages'],
    load,
    temperature: Number(options.temperature ?? 0.8),
    maxTokens: Number(options.num_predict ?? load.numCtx),
    ...(options.seed === undefined ? {} : { seed: Number(options.seed) }),
    ...(Array.isArray(options.stop) ? { stop: options.stop.map(String) } : {}),
    ...(typeof body.format === 'object' && body.format !== null
      ? { schema: body.format as NonNullable<ChatRequest['schema']> }
      : {}),
    signal: left.signal,
  };
  await stream(model, model.chat(request, keepAlive.ms), response);
}

async function stream(model: ServedModel, parts: AsyncIterable<ChatPart>, response: ServerResponse): Promise<void> {
  let firstMs = Number.NaN;
  for await (const part of parts) {
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    if (part.type === 'text') {
      if (Number.isNaN(firstMs)) firstMs = performance.now();
      response.write(
        `${goJson({ ...head(model.name), message: { role: 'assistant', content: part.text }, done: false })}\n`,
      );
    } else if (part.type === 'done') {
      const { promptTokens, outputTokens, generateMs, loadMs } = part.usage;
      const writtenMs = Number.isNaN(firstMs) ? 0 : Math.min(generateMs, performance.now() - firstMs);
      const times = {
        total_duration: nanoseconds(generateMs + loadMs),
        load_duration: nanoseconds(loadMs),
        prompt_eval_count: promptTokens,
        prompt_eval_duration: nanoseconds(generateMs - writtenMs),
        eval_count: outputTokens,
        eval_duration: nanoseconds(writtenMs),
      };
      const last = { message: { role: 'assistant', content: '' }, done: true, done_reason: part.reason, ...times };
      response.end(`${goJson({ ...head(model.name), ...last })}\n`);
    }
  }
}

/** Before the headers a status, within a stream a line, as Ollama has it; a client that is gone hears nothing. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  const text = goJson({ error: error instanceof Error ? error.message : String(error) });
  if (response.headersSent) response.end(`${text}\n`);
  else send(response, 500, text);
}

function missing(response: ServerResponse, name: string): void {
  send(response, 404, goJson({ error: `model '${name}' not found` }));
}

function send(response: ServerResponse, status: number, body: string, contentType = json): void {
  response.writeHead(status, { 'Content-Type': contentType });
  response.end(body);
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  request.setEncoding('utf8');
  for await (const piece of request) text += String(piece);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function nanoseconds(ms: number): number {
  return Math.round(Math.max(0, ms) * 1e6);
}
