import { showControls } from './sanitize.js';
import { textWidth, truncateToWidth, wrapHard, wrapWords } from './text-width.js';

/** What the lines at the bottom of the window show, top to bottom. */
export interface RegionContent {
  /** The unfinished last row of an answer that is being written; null when none is. */
  readonly answer: string | null;
  /** Something that is being waited for, and messages that wait for their turn. */
  readonly hints: readonly string[];
  readonly status: readonly string[];
  readonly label: string;
  readonly text: string;
  /** Index into `text`. */
  readonly cursor: number;
}

export interface RegionLayout {
  readonly rows: readonly string[];
  /** Kinds of the rows, for their colours. */
  readonly kinds: readonly ('answer' | 'hint' | 'status' | 'prompt')[];
  readonly cursorRow: number;
  /** What stands left of the cursor in its row: printing it again puts the cursor where the terminal itself sees it. */
  readonly cursorPrefix: string;
}

interface PromptRow {
  readonly text: string;
  readonly start: number;
  readonly prefix: string;
}

function promptRows(label: string, shown: string, columns: number): PromptRow[] {
  const indent = ' '.repeat(textWidth(label));
  const room = Math.max(1, columns - textWidth(label));
  const rows: PromptRow[] = [];
  let offset = 0;
  for (const line of shown.split('\n')) {
    for (const row of wrapHard(line, room)) {
      rows.push({ text: row.text, start: offset + row.start, prefix: rows.length === 0 ? label : indent });
    }
    offset += line.length + 1;
  }
  return rows;
}

/**
 * Lays the live region out for a window. No row is wider than `columns - 1` (a full row makes some terminals wrap) and
 * there are at most `windowRows - 1` rows: hints and status lines give way before the text that is being typed, and of
 * a long text only the part around the cursor is shown.
 */
export function layoutRegion(content: RegionContent, columns: number, windowRows: number): RegionLayout {
  const width = Math.max(1, columns - 1);
  const available = Math.max(1, windowRows - 1);
  const label = textWidth(content.label) + 4 > width ? '' : content.label;
  // Each control character becomes one visible sign, so that indexes stay what they were.
  const all = promptRows(label, showControls(content.text), width);
  let cursorIndex = all.findLastIndex((row) => row.start <= content.cursor);
  if (cursorIndex === -1) cursorIndex = 0;
  const promptLimit = Math.max(1, Math.min(available, Math.max(3, Math.floor(available / 2))));
  const first = Math.min(Math.max(0, cursorIndex - promptLimit + 1), Math.max(0, all.length - promptLimit));
  const prompt = all.slice(first, first + promptLimit);

  const rows: string[] = [];
  const kinds: RegionLayout['kinds'][number][] = [];
  let room = available - prompt.length;
  const answer = content.answer === null ? [] : wrapWords(content.answer, width).slice(-1);
  const status = content.status.slice(0, Math.max(0, room - answer.length));
  const hints = content.hints.slice(0, Math.max(0, room - answer.length - status.length));
  for (const [kind, texts] of [
    ['answer', answer],
    ['hint', hints],
    ['status', status],
  ] as const) {
    for (const text of texts) {
      if (room <= 0) break;
      rows.push(truncateToWidth(text, width));
      kinds.push(kind);
      room -= 1;
    }
  }
  const cursorRow = rows.length + cursorIndex - first;
  for (const row of prompt) {
    rows.push(row.prefix + row.text);
    kinds.push('prompt');
  }
  const current = all[cursorIndex];
  const cursorPrefix =
    current === undefined ? label : current.prefix + current.text.slice(0, content.cursor - current.start);
  return { rows, kinds, cursorRow, cursorPrefix };
}
