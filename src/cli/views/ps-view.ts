import type { PsJson, PsModelJson, PsWorkerJson } from '../ps-json.js';
import type { TaskWait } from '../task-wait.js';
import { countText, durationText, memoryText, percentText, plural } from './amounts.js';
import { wrapTo } from './columns.js';
import { statusColor, statusText } from './status-words.js';
import { type Column, table } from './table.js';
import { oneLine, page, paint, type ViewOptions } from './view.js';

const workerColumns: readonly Column<PsWorkerJson>[] = [
  { title: 'TASK', text: (worker) => worker.task },
  { title: 'PID', text: (worker) => String(worker.pid ?? '-'), align: 'right', dropOrder: 4 },
  { title: 'AGENT', text: (worker) => oneLine(worker.agent), dropOrder: 3 },
  {
    title: 'MODEL',
    text: (worker) => `${oneLine(worker.model ?? '-')}${worker.usedFallback ? ' (fallback)' : ''}`,
    color: (worker) => (worker.usedFallback ? 'yellow' : null),
    shrinkTo: 12,
    dropOrder: 2,
  },
  { title: 'STATUS', text: (worker) => statusText(worker.status), color: (worker) => statusColor(worker.status) },
  { title: 'DONE', text: (worker) => percentText(worker.progress), align: 'right', dropOrder: 5 },
  { title: 'RAM', text: (worker) => memoryText(worker.processMb), align: 'right' },
  { title: 'TIME', text: (worker) => durationText(worker.elapsedMs), align: 'right', dropOrder: 6 },
  { title: 'DOING', text: doing, shrinkTo: 16, dropOrder: 1 },
];

const modelColumns: readonly Column<PsModelJson>[] = [
  { title: 'MODEL', text: (model) => oneLine(model.name), shrinkTo: 16 },
  { title: 'FOR', text: (model) => model.purpose.join(', ') || '-', dropOrder: 3 },
  { title: 'RAM', text: (model) => memoryText(model.memoryMb), align: 'right' },
  {
    title: 'CONTEXT',
    text: (model) => (model.contextTokens === null ? '-' : countText(model.contextTokens)),
    align: 'right',
    dropOrder: 4,
  },
  { title: 'SERVER', text: (model) => oneLine(model.server), shrinkTo: 12, dropOrder: 2 },
  { title: 'HELD BY', text: heldBy, shrinkTo: 12, dropOrder: 1 },
];

/** Reasons whose detail says by itself what is waited for: `waits for TASK-002`, `asks: …`. */
const waitsForOthers: readonly string[] = [
  'dependencies',
  'subtasks',
  'question',
  'review',
  'no_session',
] satisfies TaskWait['reason'][];

/** `wilson ps`: the worker processes, the loaded models, what waits and why, and the sum against the limits. */
export function psView(ps: PsJson, options: ViewOptions): string {
  const lines: string[] = [];
  if (ps.workers.length > 0) lines.push(...table(workerColumns, ps.workers, options), '');
  else lines.push('No worker is running.', ...(ps.models.length > 0 ? [''] : []));
  if (ps.models.length > 0) lines.push(...table(modelColumns, ps.models, options), '');
  else lines.push('Wilson holds no model.', '');
  for (const queued of ps.queued) {
    const reason = oneLine(queued.detail || queued.reason);
    const line = waitsForOthers.includes(queued.reason) ? reason : `is queued: ${reason}`;
    lines.push(...wrapTo(`${queued.task} ${line}`, options.columns));
  }
  if (ps.queued.length > 0) lines.push('');
  lines.push(...totals(ps, options));
  return page(lines);
}

function totals(ps: PsJson, options: ViewOptions): string[] {
  const { totals: sum } = ps;
  const used = sum.processMb + sum.modelMb + sum.reservedMb;
  const parts = [
    `Workers ${sum.activeWorkers} of ${sum.maxConcurrent}`,
    `processes ${memoryText(sum.processMb)}${memoryKinds(ps)}`,
    `models ${memoryText(sum.modelMb)}`,
    ...(sum.reservedMb > 0 ? [`reserved ${memoryText(sum.reservedMb)}`] : []),
    `together ${memoryText(used)} of ${memoryText(sum.maxMemoryMb)}`,
  ];
  const lines = wrapTo(parts.join(' · '), options.columns);
  if (used >= sum.warnThresholdMb) {
    const warning = `That is above warn_threshold_mb (${memoryText(sum.warnThresholdMb)}); ${plural(ps.queued.length, 'task')} waiting.`;
    lines.push(...wrapTo(warning, options.columns).map((line) => paint(line, 'yellow', options)));
  }
  return lines;
}

/** PSS and RSS differ by what processes share, so the reader is told which one the figure is. */
function memoryKinds(ps: PsJson): string {
  const kinds = new Set(ps.workers.flatMap((worker) => (worker.memoryKind ? [worker.memoryKind.toUpperCase()] : [])));
  return kinds.size === 0 ? '' : ` (${[...kinds].sort().join(' and ')})`;
}

function doing(worker: PsWorkerJson): string {
  return oneLine(worker.message) || oneLine(worker.title);
}

function heldBy(model: PsModelJson): string {
  const holders = model.holders.join(', ') || 'nobody';
  if (!model.ours) return `${holders} (loaded by another program)`;
  return model.keepAlive ? `${holders} (kept loaded)` : holders;
}
