import type { ModelChoice } from '../../supervisor/port.js';
import type { ModelJson, ModelsJson } from '../json-shapes.js';
import { countText, sizeText } from './amounts.js';
import { wrapTo } from './columns.js';
import { type Column, table } from './table.js';
import { oneLine, page, paint, type ViewOptions } from './view.js';

const purposeColumns: readonly Column<ModelChoice>[] = [
  { title: 'PURPOSE', text: (choice) => choice.purpose },
  {
    title: 'MODEL',
    text: (choice) => `${oneLine(choice.model)}${choice.usedFallback ? ' (fallback)' : ''}`,
    color: (choice) => (choice.usedFallback ? 'yellow' : null),
    shrinkTo: 16,
  },
  { title: 'PROVIDER', text: (choice) => choice.provider, dropOrder: 2 },
  { title: 'SERVER', text: (choice) => oneLine(choice.server), shrinkTo: 12, dropOrder: 1 },
];

const modelColumns: readonly Column<ModelJson>[] = [
  { title: 'MODEL', text: (model) => oneLine(model.name), shrinkTo: 16 },
  { title: 'PROVIDER', text: (model) => model.provider, dropOrder: 3 },
  { title: 'SIZE', text: (model) => sizeText(model.sizeBytes), align: 'right' },
  {
    title: 'CONTEXT',
    text: (model) => (model.contextTokens === null ? '-' : countText(model.contextTokens)),
    align: 'right',
    dropOrder: 2,
  },
  { title: 'STATE', text: stateOf, color: (model) => (model.loaded ? 'green' : null) },
  { title: 'SERVER', text: (model) => oneLine(model.server), shrinkTo: 12, dropOrder: 1 },
];

/** `wilson models`: what each purpose would use now and why, then every model that is known. */
export function modelsView(models: ModelsJson, options: ViewOptions): string {
  const lines = table(purposeColumns, models.purposes, options);
  const reasons = fallbackReasons(models.purposes).flatMap((line) => wrapTo(line, options.columns));
  if (reasons.length > 0) lines.push('', ...reasons.map((line) => paint(line, 'yellow', options)));
  if (models.models.length > 0) lines.push('', ...table(modelColumns, models.models, options));
  return page(lines);
}

/** Each reason once, with the purposes that it holds for. */
function fallbackReasons(choices: ModelsJson['purposes']): string[] {
  const purposesOf = new Map<string, string[]>();
  for (const { purpose, usedFallback, fallbackReason } of choices) {
    if (!usedFallback) continue;
    const reason = oneLine(fallbackReason ?? 'reason unknown');
    purposesOf.set(reason, [...(purposesOf.get(reason) ?? []), purpose]);
  }
  return [...purposesOf].map(([reason, purposes]) => `${purposes.join(', ')}: ${reason}`);
}

function stateOf(model: ModelJson): string {
  if (model.loaded) return 'loaded';
  return model.present ? 'ready' : 'not here: wilson models pull';
}
