/** Columns that are described, different values that are counted, and groups that are told apart. */
const columnLimit = 30;
const valueLimit = 5_000;
const groupLimit = 12;
const shownValues = 5;

interface Column {
  readonly name: string;
  filled: number;
  numbers: number;
  sum: number;
  min: number;
  max: number;
  readonly values: Map<string, number>;
}

interface Group {
  rows: number;
  readonly sums: number[];
  readonly counts: number[];
}

/** Counts what a table holds, row by row. The first row names the columns. */
export class CsvFacts {
  private columns: Column[] = [];
  private rows = 0;
  private ragged = 0;
  /** For each column, while it has few values: the sums of all columns by its value. */
  private groups: (Map<string, Group> | null)[] = [];

  add(cells: readonly string[]): void {
    if (this.columns.length === 0) {
      this.columns = cells.slice(0, columnLimit).map((name, index) => ({
        name: name.trim() === '' ? `column ${index + 1}` : name.trim().slice(0, 60),
        filled: 0,
        numbers: 0,
        sum: 0,
        min: Number.POSITIVE_INFINITY,
        max: Number.NEGATIVE_INFINITY,
        values: new Map(),
      }));
      this.groups = this.columns.map(() => new Map());
      return;
    }
    if (cells.length === 1 && cells[0]?.trim() === '') return;
    this.rows += 1;
    if (cells.length !== this.columns.length && this.columns.length < columnLimit) this.ragged += 1;
    const numbers = this.columns.map((column, index) => note(column, cells[index]?.trim() ?? ''));
    for (const [index] of this.columns.entries()) this.noteGroup(index, cells[index]?.trim() ?? '', numbers);
  }

  /** The facts in sentences; `name` is the file. */
  result(name: string): string[] {
    const names = this.columns.map((column) => column.name).join(', ');
    const facts = [`${name} has ${this.rows} rows and ${this.columns.length} columns: ${names}.`];
    if (this.ragged > 0) facts.push(`${this.ragged} rows have another number of cells than the first line.`);
    for (const column of this.columns) facts.push(describe(column, this.rows));
    return [...facts, ...this.groupFacts()];
  }

  private noteGroup(index: number, key: string, numbers: readonly (number | null)[]): void {
    const groups = this.groups[index];
    if (groups === null || groups === undefined) return;
    let group = groups.get(key);
    if (group === undefined) {
      if (groups.size >= groupLimit) {
        this.groups[index] = null;
        return;
      }
      group = { rows: 0, sums: numbers.map(() => 0), counts: numbers.map(() => 0) };
      groups.set(key, group);
    }
    group.rows += 1;
    for (const [at, number] of numbers.entries()) {
      if (number === null) continue;
      group.sums[at] = (group.sums[at] ?? 0) + number;
      group.counts[at] = (group.counts[at] ?? 0) + 1;
    }
  }

  private groupFacts(): string[] {
    return this.columns.flatMap((column, index) => {
      const groups = this.groups[index];
      // Each value once is a list of names, not a grouping; numbers are measured, not grouped.
      if (groups === null || groups === undefined || groups.size < 2 || groups.size === this.rows || isNumeric(column))
        return [];
      return this.columns.flatMap((measured, at) => {
        if (at === index || !isNumeric(measured)) return [];
        const sorted = [...groups].sort((a, b) => (b[1].sums[at] ?? 0) - (a[1].sums[at] ?? 0));
        const texts = sorted.map(([key, group]) => groupText(key, group, at));
        const [most, least] = [sorted[0], sorted.at(-1)];
        if (most === undefined || least === undefined) return [];
        const [high, low] = [most[1].sums[at] ?? 0, least[1].sums[at] ?? 0];
        // Which is the most and which the least is what people ask, and what small models get wrong.
        const ends =
          high === low
            ? `All have the same sum of ${measured.name} by ${column.name}.`
            : `The most ${measured.name} by ${column.name} has ${shownKey(most[0])}, the least ${shownKey(least[0])}.`;
        return [ends, `Sum of ${measured.name} by ${column.name}: ${texts.join(', ')}.`];
      });
    });
  }
}

function groupText(key: string, { sums, counts }: Group, at: number): string {
  const sum = sums[at] ?? 0;
  return `${shownKey(key)} ${shown(sum)} (mean ${shown(sum / Math.max(1, counts[at] ?? 0))})`;
}

function shownKey(key: string): string {
  return key === '' ? '(empty)' : key.slice(0, 40);
}

function note(column: Column, cell: string): number | null {
  if (cell === '') return null;
  column.filled += 1;
  if (column.values.size < valueLimit || column.values.has(cell))
    column.values.set(cell, (column.values.get(cell) ?? 0) + 1);
  const number = numberOf(cell);
  if (number === null) return null;
  column.numbers += 1;
  column.sum += number;
  column.min = Math.min(column.min, number);
  column.max = Math.max(column.max, number);
  return number;
}

/** `1,234.50`, `-3`, `$12`, `45%`; null for anything else, such as a date. */
function numberOf(cell: string): number | null {
  const plain = cell.replace(/^[$€£]\s?|\s?(?:%|€)$/g, '').replace(/(?<=\d),(?=\d{3}\b)/g, '');
  return /^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

function isNumeric(column: Column): boolean {
  return column.numbers > 0 && column.numbers >= 0.9 * column.filled;
}

function describe(column: Column, rows: number): string {
  const empty = rows - column.filled;
  const gaps = empty === 0 ? '' : `, ${empty} empty`;
  if (isNumeric(column)) {
    const mean = column.sum / column.numbers;
    return `${column.name}: ${column.numbers} numbers from ${shown(column.min)} to ${shown(column.max)}, sum ${shown(column.sum)}, mean ${shown(mean)}${gaps}.`;
  }
  const distinct = column.values.size >= valueLimit ? `at least ${valueLimit}` : `${column.values.size}`;
  const common = [...column.values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, shownValues);
  const most =
    (common[0]?.[1] ?? 0) > 1 ? `: ${common.map(([value, times]) => `${value.slice(0, 40)} ${times}`).join(', ')}` : '';
  return `${column.name}: ${distinct} different values${most}${gaps}.`;
}

function shown(value: number): string {
  return `${Number(value.toFixed(2))}`;
}

/** Reads a table cell by cell; a quoted cell may hold the delimiter and line breaks. Feed it whole lines. */
export class CsvReader {
  private cells: string[] = [];
  private cell = '';
  private isQuoted = false;
  private delimiter: string | null = null;

  /** The cells of a row that is complete with this line; null while a quoted cell goes on. */
  line(text: string): string[] | null {
    this.delimiter ??= delimiterOf(text);
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at] ?? '';
      if (this.isQuoted && character === '"' && text[at + 1] === '"') {
        this.cell += '"';
        at += 1;
      } else if (character === '"' && (this.isQuoted || this.cell.trim() === '')) {
        this.isQuoted = !this.isQuoted;
      } else if (!this.isQuoted && character === this.delimiter) {
        this.cells.push(this.cell);
        this.cell = '';
      } else this.cell += character;
    }
    if (this.isQuoted) {
      this.cell += '\n';
      return null;
    }
    const row = [...this.cells, this.cell];
    this.cells = [];
    this.cell = '';
    return row;
  }
}

function delimiterOf(line: string): string {
  const counts = [',', ';', '\t', '|'].map((mark) => [mark, line.split(mark).length - 1] as const);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ',';
}
