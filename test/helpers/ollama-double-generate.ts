import type { ServerResponse } from 'node:http';
import { jsonType, pause, send, sendPieces, sendRecorded } from './ollama-double-answers.js';
import { parseKeepAlive } from './ollama-double-keep-alive.js';
import { fullName, type ModelShelf } from './ollama-double-models.js';
import type { Scheduler } from './ollama-double-schedule.js';
import type { Step } from './ollama-double-script.js';
import { busyText, counts, cut, goJson, head, marker } from './ollama-double-wire.js';

/** One request to `/api/chat` or `/api/generate`, and what it is answered with. */
export interface Generation {
  readonly response: ServerResponse;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly step: Step | null;
  readonly shelf: ModelShelf;
  readonly scheduler: Scheduler;
  /** In `/api/show`; null for those of the model itself. */
  readonly capabilities: readonly string[] | null;
  /** Plays what of the step is due when the model is there; true when that was the whole answer. */
  readonly play: () => Promise<boolean>;
}

/** Models whose template has no place for tools. */
const modelsWithoutTools = ['smollm2:135m', 'llama3:latest'];

/** Answers as the recorded server: refusals first, then load, slot and text. The slot is held until the answer is out. */
export async function generate(generation: Generation): Promise<void> {
  const { response, path, body, step, shelf, scheduler, capabilities, play } = generation;
  const chat = path === '/api/chat';
  const name = String(body.model ?? '');
  const model = shelf.find(name);
  if (model === null) return void send(response, 404, jsonType, goJson({ error: `model '${name}' not found` }));
  const keepAlive = parseKeepAlive(body.keep_alive);
  if ('error' in keepAlive) return void send(response, 400, jsonType, goJson({ error: keepAlive.error }));
  const empty = chat ? !Array.isArray(body.messages) || body.messages.length === 0 : !body.prompt;
  if (empty && keepAlive.ms === 0) {
    if (await play()) return;
    scheduler.unload(name);
    return send(response, 200, jsonType, goJson(marker(name, 'unload', chat)));
  }
  const tools = Array.isArray(body.tools) && body.tools.length > 0;
  const hasTools = capabilities?.includes('tools') ?? !modelsWithoutTools.includes(fullName(name));
  if (tools && !hasTools) return sendRecorded(response, 'chat-tools-unsupported.json');
  const options = (body.options ?? {}) as Record<string, unknown>;
  const signal = leaving(response);
  const turn = await scheduler.run({ model, options, keepAliveMs: keepAlive.ms, generates: !empty, signal });
  if (turn === 'full') return send(response, 503, jsonType, goJson({ error: busyText }));
  if (turn === 'left') return;
  if (step?.fault === 'error-line') turn.crash();
  if (await play()) return;
  if (empty) send(response, 200, jsonType, goJson(marker(name, 'load', chat)));
  else await stream(response, name, body, step);
  turn.end();
}

/** Aborted when the connection is gone, and when the answer is out. */
function leaving(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.once('close', () => controller.abort());
  return controller.signal;
}

async function stream(
  response: ServerResponse,
  name: string,
  body: Readonly<Record<string, unknown>>,
  step: Step | null,
): Promise<void> {
  const pieces = step?.answer === undefined ? (step?.toolCalls ? [] : ['4']) : cut(step.answer);
  const last = { done: true, done_reason: step?.doneReason ?? 'stop', ...counts(pieces.length) };
  if (body.stream === false) {
    const message = { role: 'assistant', content: pieces.join('') };
    if (step?.pieceDelayMs !== undefined) await pause(response, step.pieceDelayMs * pieces.length);
    return send(response, 200, jsonType, goJson({ ...head(name), message, ...last }));
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
