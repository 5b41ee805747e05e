import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { jsonType, send, sendPieces } from './ollama-double-answers.js';
import { fullName, type ModelShelf } from './ollama-double-models.js';
import type { PullScript } from './ollama-double-script.js';
import { goJson } from './ollama-double-wire.js';

interface Line {
  readonly status: string;
  readonly digest?: string;
  readonly total?: number;
  readonly completed?: number;
}

/** Pulls as a real server does them: one that was broken off goes on where it was, and only a whole one adds the model. */
export class Pulls {
  private readonly bytesByModel = new Map<string, number>();

  constructor(private readonly shelf: ModelShelf) {}

  async serve(
    response: ServerResponse,
    body: Readonly<Record<string, unknown>>,
    script: PullScript,
    pieceDelayMs?: number,
  ): Promise<void> {
    const name = fullName(String(body.model ?? body.name ?? ''));
    const streams = body.stream !== false;
    const present = this.shelf.find(name);
    const totalBytes = present?.size ?? Math.round((script.sizeMb ?? 100) * 1_048_576);
    for (const line of this.lines(name, totalBytes, present === null ? (script.pieces ?? 4) : 1)) {
      if (line.completed !== undefined) this.bytesByModel.set(name, line.completed);
      if (streams) await sendPieces(response, [`${goJson(line)}\n`], pieceDelayMs);
      if (response.destroyed) return;
    }
    if (script.error !== undefined) return void response.end(`${goJson({ error: script.error })}\n`);
    if (streams)
      await sendPieces(
        response,
        afterwards.map((line) => `${goJson(line)}\n`),
        pieceDelayMs,
      );
    if (response.destroyed) return;
    this.bytesByModel.delete(name);
    if (present === null) this.shelf.add(name, totalBytes);
    if (streams) response.end(`${goJson({ status: 'success' })}\n`);
    else send(response, 200, jsonType, goJson({ status: 'success' }));
  }

  private *lines(name: string, total: number, pieces: number): Generator<Line> {
    const hash = createHash('sha256').update(name).digest('hex');
    const layer = { status: `pulling ${hash.slice(0, 12)}`, digest: `sha256:${hash}`, total };
    yield { status: 'pulling manifest' };
    const before = this.bytesByModel.get(name) ?? 0;
    // Go leaves out what is 0.
    if (before === 0) yield layer;
    for (let piece = 1; piece <= pieces; piece += 1) {
      const completed = Math.round((total * piece) / pieces);
      if (completed >= before) yield { ...layer, completed };
    }
  }
}

const afterwards: readonly Line[] = [{ status: 'verifying sha256 digest' }, { status: 'writing manifest' }];
