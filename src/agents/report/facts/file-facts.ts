import { createInterface } from 'node:readline';
import { openInside } from '../../../tools/jail.js';
import { throwIfAborted } from '../../abort.js';
import { CsvFacts, CsvReader } from './csv-facts.js';
import { isLog, LogFacts } from './log-facts.js';

/** A bigger file is counted up to here, and said to be. */
const bytesLimit = 200 * 1024 * 1024;
const headBytes = 8_192;
/** Lines between two looks at the signal; a line longer than this many characters is counted by its beginning. */
const linesPerLook = 2_000;
const lineChars = 4_000;

export interface FileFacts {
  /** Sentences whose figures were all counted here. */
  readonly facts: readonly string[];
  /** Lines that were counted. */
  readonly lines: number;
  /** False when the file is longer than what was counted. */
  readonly whole: boolean;
}

/**
 * Counts what a log or a table of the workspace holds; null for any other file. Rejects with `ABORTED` and as
 * {@link openInside} does.
 */
export async function fileFacts(root: string, name: string, signal: AbortSignal): Promise<FileFacts | null> {
  const { file, stats } = await openInside(root, name);
  try {
    const head = Buffer.alloc(Math.min(headBytes, stats.size));
    await file.read(head, 0, head.length, 0);
    if (head.includes(0)) return null;
    const isTable = /\.(?:csv|tsv)$/i.test(name);
    if (!isTable && !isLog(name, head.toString('utf8'))) return null;
    const table = new CsvFacts();
    const log = new LogFacts();
    const reader = new CsvReader();
    const stream = file.createReadStream({ start: 0, end: bytesLimit - 1, autoClose: false, encoding: 'utf8' });
    let lines = 0;
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      lines += 1;
      if (lines % linesPerLook === 0) throwIfAborted(signal);
      const line = (lines === 1 ? text.replace(/^\uFEFF/, '') : text).slice(0, lineChars);
      if (!isTable) log.add(line);
      else {
        const row = reader.line(line);
        if (row !== null) table.add(row);
      }
    }
    return { facts: isTable ? table.result(name) : log.result(name), lines, whole: stats.size <= bytesLimit };
  } finally {
    await file.close();
  }
}
