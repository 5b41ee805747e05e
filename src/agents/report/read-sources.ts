import { type Clock, systemClock } from '../../clock.js';
import { throwIfAborted } from '../abort.js';
import type { AgentContext } from '../agent.js';
import type { StepCounter } from '../step-counter.js';
import { type Chunk, chunksOf, fitting, shownChunk, sizeOf } from './chunks.js';
import type { Source } from './pick-sources.js';

/** Parts that are read one by one, tokens of the notes on each, and how long that may take in all. */
const partLimit = 10;
const noteTokens = 160;
const timeLimitMs = 240_000;
/** A file is never cut into parts shorter than this. */
const leastPart = 800;

export interface ReadSources {
  /** What the model gets to read: the texts themselves, or notes on them. */
  readonly text: string;
  /** What was read, for the list of sources. */
  readonly read: readonly Chunk[];
  readonly unread: readonly Chunk[];
  /** True when the model reads its own notes instead of the texts. */
  readonly isNotes: boolean;
}

/**
 * Brings sources into `limitChars`: as they are where they fit, else part by part, with notes of the model on each. Bounded
 * by parts and by time; what was not read is told. Rejects with `ABORTED` and as the model's `complete` does.
 */
export async function readSources(
  context: AgentContext,
  sources: readonly Source[],
  request: string,
  options: { readonly limitChars: number; readonly steps: StepCounter; readonly clock?: Clock },
): Promise<ReadSources> {
  const { limitChars, steps } = options;
  const clock = options.clock ?? systemClock;
  const chunks = chunksOf(sources, Math.max(leastPart, limitChars - 200));
  const whole = fitting(chunks, limitChars);
  if (whole.length === chunks.length) {
    return { text: whole.map(shownChunk).join('\n\n'), read: whole, unread: [], isNotes: false };
  }
  const startedMs = clock.monotonicMs();
  const parts = grouped(chunks, limitChars);
  const notes: string[] = [];
  const read: Chunk[] = [];
  steps.extend(Math.min(parts.length, partLimit));
  for (const [index, part] of parts.slice(0, partLimit).entries()) {
    throwIfAborted(context.signal);
    if (clock.monotonicMs() - startedMs > timeLimitMs) break;
    const names = [...new Set(part.map(({ path }) => path))].join(', ');
    steps.next(`reading part ${index + 1} of ${Math.min(parts.length, partLimit)}: ${names}`);
    const { text } = await context.model.complete({
      messages: [
        {
          role: 'system',
          content: 'You take notes. You write down only what stands in the text, in at most five short points.',
        },
        {
          role: 'user',
          content: `${part.map(shownChunk).join('\n\n')}\n\nWhat does this say about: ${request.slice(0, 500)}`,
        },
      ],
      maxTokens: noteTokens,
      temperature: 0,
    });
    read.push(...part);
    if (text.trim() !== '') notes.push(`Notes on ${names}:\n${text.trim()}`);
  }
  const unread = chunks.filter((chunk) => !read.includes(chunk));
  // Notes on many parts may themselves be too long: the first ones are on the files that fit best.
  return { text: notes.join('\n\n').slice(0, limitChars), read, unread, isNotes: true };
}

/** Small files share a part. */
function grouped(chunks: readonly Chunk[], limit: number): Chunk[][] {
  const parts: Chunk[][] = [];
  let room = 0;
  for (const chunk of chunks) {
    const size = sizeOf(chunk);
    const last = parts.at(-1);
    if (last === undefined || size > room) {
      parts.push([chunk]);
      room = limit - size;
    } else {
      last.push(chunk);
      room -= size;
    }
  }
  return parts;
}
