/** The labelled turns that the router's classifier learns from, and the variations of them that make it sturdier. */
import { readdirSync, readFileSync } from 'node:fs';
import { taskTypes } from '../src/task/task.js';

export interface Labelled {
  readonly text: string;
  readonly intent: string;
  readonly type?: string;
  /** What Wilson had said before. */
  readonly after?: string;
  /** Where the row comes from; rows of one source have one author and one occasion. */
  readonly source: string;
}

/** A row to learn from; `weight` is below 1 for variations and for rows that are many and alike. */
export interface Lesson extends Labelled {
  readonly weight: number;
  /** True for a variation, false for the row as somebody wrote it. */
  readonly isVaried: boolean;
}

const folder = new URL('../test/fixtures/data/routing/', import.meta.url);

export function readLabelled(file: string | URL, source = ''): Labelled[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ source, ...(JSON.parse(line) as Omit<Labelled, 'source'>) }));
}

/** Rows that the rules were written with: what the rules say of them teaches nothing about how far to trust the rules. */
export const tunedSources: ReadonlySet<string> = new Set(['requests', 'more']);

/** All rows that are learnt from. `unseen-b.jsonl` is not among them: tests judge by it. */
export function readCorpus(): Labelled[] {
  const labelled = ['requests', 'more', 'unseen-a', 'unseen-d'].flatMap((name) =>
    readLabelled(new URL(`${name}.jsonl`, folder), name),
  );
  const grouped = readdirSync(new URL('corpus/', folder))
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap((name) => readGrouped(readFileSync(new URL(`corpus/${name}`, folder), 'utf8'), name.slice(0, -4)));
  return [...labelled, ...grouped];
}

/** Turns one a line under headings (`= code`), each with what Wilson had said before it behind ` <<< `. */
function readGrouped(text: string, source: string): Labelled[] {
  let heading = '';
  const rows: Labelled[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('= ')) heading = line.slice(2);
    if (line === '' || line.startsWith('= ')) continue;
    const [said = '', after] = line.split(' <<< ');
    const isType = (taskTypes as readonly string[]).includes(heading);
    const label = isType ? { intent: 'delegate', type: heading } : { intent: heading };
    rows.push({ text: said, ...label, ...(after === undefined ? {} : { after }), source });
  }
  return rows;
}

/** Sentences that people put around what they want; they change nothing about what it is. */
function readFrames(): { before: string[]; after: string[] } {
  return JSON.parse(readFileSync(new URL('frames.json', folder), 'utf8')) as { before: string[]; after: string[] };
}

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How many rows get each kind of variation, and what a variation weighs. */
const share = { framed: 0.5, told: 0.25, misspelt: 0.15, afterTalk: 0.2, weight: 0.5 } as const;
/** Rows of this source are short and many: "cancel the task", "cancel that task". */
const crowded = { source: 'short', weight: 0.4, framedFrom: 14 } as const;
/** How many other offers a reply to an offer is tried with. */
const otherOffers = 3;

/**
 * The rows themselves and variations: framed by other sentences, after a story that asks nothing, misspelt, said after
 * something that they do not answer, and replies to offers as replies to other offers.
 */
export function lessonsFrom(rows: readonly Labelled[], seed = 11): Lesson[] {
  const random = seededRandom(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const frames = readFrames();
  const earlier = rows.flatMap(({ after }) => after ?? []);
  const offers = rows.flatMap(({ after, type }) => (after !== undefined && type !== undefined ? [after] : []));
  const stories = rows
    .filter((row) => row.intent === 'answer' && isStory(row.text))
    .map(({ text }) => ended(text, '.'));
  const lessons: Lesson[] = [];
  for (const row of rows) {
    const weight = row.source === crowded.source ? crowded.weight : 1;
    const varied = { ...row, weight: weight * share.weight, isVaried: true };
    lessons.push({ ...row, weight, isVaried: false });
    if (row.after !== undefined) {
      if (!offers.includes(row.after) || (row.intent !== 'delegate' && row.intent !== 'answer')) continue;
      for (let count = 0; count < otherOffers; count += 1) {
        const { type: _, ...untyped } = varied;
        lessons.push({ ...untyped, after: pick(offers) });
      }
      continue;
    }
    if (random() < share.framed && (row.source !== crowded.source || row.text.length >= crowded.framedFrom)) {
      const where = random();
      let text = row.text;
      if (where < 0.65) text = `${pick(frames.before)} ${text}`;
      if (where > 0.5) text = `${ended(text, pick(['.', ',']))} ${pick(frames.after)}`;
      lessons.push({ ...varied, text });
    }
    if (random() < share.told && row.text.length >= crowded.framedFrom)
      lessons.push({ ...varied, text: `${pick(stories)} ${row.text}` });
    if (random() < share.misspelt && /^\p{ASCII}+$/u.test(row.text))
      lessons.push({ ...varied, text: misspelt(row.text, random) });
    if (random() < share.afterTalk && row.text.split(' ').length >= 4)
      lessons.push({ ...varied, after: pick(earlier) });
  }
  return lessons;
}

/** A statement of some length, in English: what people tell before they ask. */
function isStory(text: string): boolean {
  return (
    /^\p{ASCII}+$/u.test(text) &&
    text.length > 20 &&
    /^(?:i|we|my|our|they|the|he|she|it)\b/i.test(text) &&
    !text.includes('?')
  );
}

function ended(text: string, mark: string): string {
  return /[.!?,。？]$/.test(text) ? text : `${text}${mark}`;
}

/** Two words of a text with letters swapped, lost or doubled. */
function misspelt(text: string, random: () => number): string {
  const words = text.split(' ');
  for (let count = 0; count < 2; count += 1) {
    const index = Math.floor(random() * words.length);
    const word = words[index] ?? '';
    if (!/^[a-z]{4,}$/i.test(word)) continue;
    const at = 1 + Math.floor(random() * (word.length - 2));
    const how = random();
    const [head, letter, next, tail] = [word.slice(0, at), word[at] ?? '', word[at + 1] ?? '', word.slice(at + 2)];
    words[index] =
      how < 0.4 ? head + next + letter + tail : how < 0.7 ? head + next + tail : head + letter + letter + next + tail;
  }
  return words.join(' ');
}
