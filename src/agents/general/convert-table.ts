import { WilsonError } from '../../errors.js';
import { CsvReader } from '../report/facts/csv-facts.js';

/** A table as a JSON list of objects; cells stay texts, so that `007` and long numbers stay what they are. Pure. */
export function csvToJson(text: string): { readonly json: string; readonly rows: number } {
  const reader = new CsvReader();
  const rows = text
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .flatMap((line) => {
      const row = reader.line(line);
      return row === null ? [] : [row];
    });
  const [head, ...body] = rows;
  if (head === undefined || head.some((name) => name.trim() === '') || new Set(head).size !== head.length) {
    throw new WilsonError('BAD_REQUEST', 'The first line does not name each column once.', {
      hint: 'Give the table a line of column names.',
    });
  }
  const ragged = body.findIndex((row) => row.length !== head.length);
  if (ragged >= 0) {
    throw new WilsonError(
      'BAD_REQUEST',
      `Row ${ragged + 1} has ${body[ragged]?.length ?? 0} cells instead of ${head.length}.`,
      { hint: 'Mend that row first.' },
    );
  }
  const objects = body.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ''])));
  return { json: `${JSON.stringify(objects, null, 2)}\n`, rows: objects.length };
}

/** A JSON list of flat objects as a table. Throws `BAD_REQUEST` for anything else. Pure. */
export function jsonToCsv(text: string): { readonly csv: string; readonly rows: number } {
  const objects: unknown = parse(text);
  const isFlat = (each: unknown): each is Record<string, unknown> =>
    typeof each === 'object' &&
    each !== null &&
    !Array.isArray(each) &&
    Object.values(each).every((value) => typeof value !== 'object' || value === null);
  if (!Array.isArray(objects) || objects.length === 0 || !objects.every(isFlat)) {
    throw new WilsonError('BAD_REQUEST', 'Only a list of flat objects becomes a table.', {
      hint: 'Say how nested values should be written.',
    });
  }
  const head = [...new Set(objects.flatMap((each) => Object.keys(each)))];
  const rows = [head, ...objects.map((each) => head.map((name) => each[name] ?? ''))];
  return { csv: `${rows.map((row) => row.map(cellOf).join(',')).join('\n')}\n`, rows: objects.length };
}

function cellOf(value: unknown): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new WilsonError(
      'BAD_REQUEST',
      `It is not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
