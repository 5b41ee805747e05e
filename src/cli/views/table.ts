import { columnsOf, cutTo } from './columns.js';
import { type Color, paint, type ViewOptions } from './view.js';

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly color?: (row: Row) => Color | null;
  readonly align?: 'left' | 'right';
  /** May be cut down to this many columns where the table is too wide; without it, never. */
  readonly shrinkTo?: number;
  /** Left out where even the cut table is too wide, the highest number first; without it, never. */
  readonly dropOrder?: number;
}

const gap = '  ';

/** Rows under a line of titles, within the width of the view as far as its columns may shrink or be left out. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: ViewOptions): string[] {
  const shown = fitting(columns, rows, options.columns);
  const widths = widthsOf(shown, rows, options.columns);
  const line = (cells: readonly string[], colors: readonly (Color | null)[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        const text = cutTo(cell, width);
        const padding = ' '.repeat(Math.max(0, width - columnsOf(text)));
        const painted = paint(text, colors[index] ?? null, options);
        return shown[index]?.align === 'right' ? padding + painted : painted + padding;
      })
      .join(gap)
      .trimEnd();
  return [
    line(
      shown.map((column) => column.title),
      shown.map(() => 'dim'),
    ),
    ...rows.map((row) =>
      line(
        shown.map((column) => column.text(row)),
        shown.map((column) => column.color?.(row) ?? null),
      ),
    ),
  ];
}

function naturalWidth<Row>(column: Column<Row>, rows: readonly Row[]): number {
  return rows.reduce((widest, row) => Math.max(widest, columnsOf(column.text(row))), columnsOf(column.title));
}

function leastWidth<Row>(column: Column<Row>, rows: readonly Row[]): number {
  const natural = naturalWidth(column, rows);
  return column.shrinkTo === undefined ? natural : Math.min(natural, column.shrinkTo);
}

function fitting<Row>(columns: readonly Column<Row>[], rows: readonly Row[], limit: number): Column<Row>[] {
  let shown = [...columns];
  const least = (): number =>
    shown.reduce((sum, column) => sum + leastWidth(column, rows), gap.length * (shown.length - 1));
  while (least() > limit) {
    const first = [...shown].sort((a, b) => (b.dropOrder ?? 0) - (a.dropOrder ?? 0))[0];
    if (first?.dropOrder === undefined) break;
    shown = shown.filter((column) => column !== first);
  }
  return shown;
}

/** Natural widths, the widest column that may shrink giving way first. */
function widthsOf<Row>(shown: readonly Column<Row>[], rows: readonly Row[], limit: number): number[] {
  const widths = shown.map((column) => naturalWidth(column, rows));
  const least = shown.map((column) => leastWidth(column, rows));
  let excess = widths.reduce((sum, width) => sum + width, gap.length * (shown.length - 1)) - limit;
  while (excess > 0) {
    const widest = widths
      .map((width, index) => ({ index, width, room: width - (least[index] ?? width) }))
      .filter(({ room }) => room > 0)
      .sort((a, b) => b.width - a.width)[0];
    if (!widest) break;
    widths[widest.index] = widest.width - 1;
    excess--;
  }
  return widths;
}
