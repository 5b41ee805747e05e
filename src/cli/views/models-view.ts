import type { MemoryFigure, ModelJson, ModelsJson, PurposeJson } from '../json-shapes.js';
import { countText, memoryText, sizeText } from './amounts.js';
import { wrapTo } from './columns.js';
import { type Column, table } from './table.js';
import { oneLine, page, paint, type ViewOptions } from './view.js';

const purposeColumns: readonly Column<PurposeJson>[] = [
  { title: 'PURPOSE', text: (row) => row.purpose },
  { title: 'MODEL', text: modelOf, color: (row) => (isAmiss(row) ? 'yellow' : null), shrinkTo: 16 },
  { title: 'RAM', text: ramOf, align: 'right' },
  { title: 'CONTEXT', text: (row) => tokens(row.contextTokens), align: 'right', dropOrder: 2 },
  { title: 'LOADED', text: loadedOf, color: (row) => (row.loaded === true ? 'green' : null) },
  { title: 'PROVIDER', text: (row) => row.provider ?? '-', dropOrder: 3 },
  { title: 'SERVER', text: (row) => oneLine(row.server ?? '-'), shrinkTo: 12, dropOrder: 1 },
];

const modelColumns: readonly Column<ModelJson>[] = [
  { title: 'MODEL', text: (model) => oneLine(model.name), shrinkTo: 16 },
  { title: 'PROVIDER', text: (model) => model.provider, dropOrder: 3 },
  { title: 'SIZE', text: (model) => sizeText(model.sizeBytes), align: 'right', dropOrder: 4 },
  { title: 'RAM', text: ramOf, align: 'right' },
  { title: 'FITS', text: fitsOf, color: (model) => (model.fits === false ? 'yellow' : null) },
  { title: 'CONTEXT', text: (model) => tokens(model.contextTokens), align: 'right', dropOrder: 2 },
  { title: 'STATE', text: stateOf, color: (model) => (model.loaded ? 'green' : null) },
  { title: 'SERVER', text: (model) => oneLine(model.server), shrinkTo: 12, dropOrder: 1 },
];

/** `wilson models`: what each purpose would use now and why, then every model that is known. */
export function modelsView(models: ModelsJson, options: ViewOptions): string {
  const wrapped = (text: string): string[] => wrapTo(text, options.columns);
  const lines = [...table(purposeColumns, models.purposes, options), ''];
  for (const { text, amiss } of reasonLines(models.purposes)) {
    lines.push(...wrapped(text).map((line) => paint(line, amiss ? 'yellow' : 'dim', options)));
  }
  if (models.models.length > 0) lines.push('', ...table(modelColumns, models.models, options));
  const legend = [
    ...([...models.purposes, ...models.models].some(isEstimate)
      ? ['~ is an estimate, loaded and with its context.']
      : []),
    ...(models.models.length > 0 ? [`FITS: alone within max_memory_mb (${memoryText(models.maxMemoryMb)}).`] : []),
    ...(models.models.some(({ present }) => !present)
      ? ['What is not here is fetched with wilson models pull <name>.']
      : []),
  ].join(' ');
  if (legend !== '') lines.push('', ...wrapped(legend).map((line) => paint(line, 'dim', options)));
  return page(lines);
}

/** Each reason once, with the purposes that it holds for. */
function reasonLines(rows: ModelsJson['purposes']): { text: string; amiss: boolean }[] {
  const groups = new Map<string, { purposes: string[]; amiss: boolean }>();
  for (const row of rows) {
    const reason = oneLine(row.reason);
    const group = groups.get(reason) ?? { purposes: [], amiss: isAmiss(row) };
    group.purposes.push(row.purpose);
    groups.set(reason, group);
  }
  return [...groups].map(([reason, { purposes, amiss }]) => ({ text: `${purposes.join(', ')}: ${reason}`, amiss }));
}

function isAmiss(row: PurposeJson): boolean {
  return row.usedFallback || row.fallbackReason !== null;
}

function modelOf(row: PurposeJson): string {
  if (row.model === null) return '(none)';
  const note = row.usedFallback ? ' (fallback)' : isAmiss(row) ? ' (not to be had)' : '';
  return `${oneLine(row.model)}${note}`;
}

function isEstimate({ memoryMb, memoryBasis }: MemoryFigure): boolean {
  return memoryMb !== null && memoryBasis !== 'measured';
}

function ramOf(figure: MemoryFigure): string {
  return `${isEstimate(figure) ? '~' : ''}${memoryText(figure.memoryMb)}`;
}

function tokens(count: number | null): string {
  return count === null ? '-' : countText(count);
}

function loadedOf({ loaded }: PurposeJson): string {
  return loaded === null ? '-' : loaded ? 'yes' : 'no';
}

function fitsOf({ fits }: ModelJson): string {
  return fits === null ? '-' : fits ? 'yes' : 'no';
}

function stateOf(model: ModelJson): string {
  if (model.loaded) return 'loaded';
  return model.present ? 'ready' : 'not here';
}
