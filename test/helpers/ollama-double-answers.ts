import type { ServerResponse } from 'node:http';
import type { Fault, Step } from './ollama-double-script.js';
import { busyText, cut, goJson, head, overflowText, recordedLines, recording } from './ollama-double-wire.js';

export const jsonType = 'application/json; charset=utf-8';

/** True when the fault was the whole answer. */
export async function playFault(
  response: ServerResponse,
  fault: Fault,
  step: Step,
  body: Record<string, unknown>,
): Promise<boolean> {
  const name = String(body.model ?? '');
  switch (fault) {
    case 'missing-model':
      send(response, 404, jsonType, goJson({ error: `model '${name}' not found` }));
      return true;
    case 'no-tools':
      if (!Array.isArray(body.tools)) return false;
      send(response, 400, jsonType, goJson({ error: `registry.ollama.ai/library/${name} does not support tools` }));
      return true;
    case 'busy':
      send(response, 503, jsonType, goJson({ error: busyText }));
      return true;
    case 'overflow':
      send(response, 400, jsonType, goJson({ error: overflowText }));
      return true;
    case 'bad-option':
    case 'bad-json':
      sendRecorded(response, `${fault}.json`);
      return true;
    case 'error-line':
      sendRecorded(response, 'runner-killed.ndjson', step.pieceDelayMs);
      return true;
    case 'html':
      sendHtml(response);
      return true;
    case 'gone-after-accept':
      response.socket?.destroy();
      return true;
    case 'never-answers':
      return true;
    default:
      await broken(response, fault, step, name);
      return true;
  }
}

async function broken(response: ServerResponse, fault: Fault, step: Step, name: string): Promise<void> {
  const recorded = recordedLines('server-killed.ndjson');
  const piece = (content: string) =>
    `${goJson({ ...head(name), message: { role: 'assistant', content }, done: false })}\n`;
  if (fault === 'gone-after-headers') {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    response.flushHeaders();
    await turn();
    response.socket?.destroy();
  } else if (fault === 'no-done') {
    await sendPieces(response, cut(step.answer ?? 'Sure, I').map(piece));
    response.end();
  } else if (fault === 'stall') {
    await sendPieces(response, cut(step.answer ?? 'Sure, I').map(piece));
  } else {
    const lines = fault === 'cut' ? recorded : [...recorded.slice(0, 3), (recorded[3] ?? '').slice(0, 40)];
    await sendPieces(response, lines, step.pieceDelayMs);
    await turn();
    response.socket?.destroy();
  }
}

/** A recorded body with its status and type, a stream line by line. */
export function sendRecorded(response: ServerResponse, file: string, pieceDelayMs?: number): void {
  const { status, contentType, body } = recording(file);
  if (!file.endsWith('.ndjson')) return void send(response, status, contentType, body);
  sendPieces(response, recordedLines(file), pieceDelayMs).then(
    () => response.end(),
    (thrown: unknown) => response.destroy(thrown instanceof Error ? thrown : undefined),
  );
}

/** Lines of a stream, each in a chunk of its own; the stream stays open. */
export async function sendPieces(response: ServerResponse, lines: readonly string[], delayMs = 0): Promise<void> {
  if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  for (const line of lines) {
    if (response.destroyed) return;
    response.write(line);
    // A turn of the event loop between two lines keeps the kernel from joining them.
    await (delayMs > 0 ? pause(response, delayMs) : turn());
  }
}

export function sendHtml(response: ServerResponse): void {
  send(response, 200, 'text/html; charset=utf-8', '<!doctype html><title>Another server</title>');
}

export function send(response: ServerResponse, status: number, contentType: string, body: string | Buffer): void {
  response.writeHead(status, { 'Content-Type': contentType });
  response.end(body);
}

/** Waits so long, or until the client is gone. */
export function pause(response: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      response.off('close', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    response.once('close', end);
    if (response.destroyed) end();
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
