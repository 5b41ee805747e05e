import { type CheckResult, type CheckSpec, isCheckResult } from '../../task/definition-of-done.js';
import { type Artifact, isActive, isOver, type Task } from '../../task/task.js';
import type { AttemptMemoryJson, TaskExtras } from '../json-shapes.js';
import {
  memoryText as amountText,
  countText,
  dateText,
  durationText,
  percentText,
  plural,
  sizeText,
} from './amounts.js';
import { wrapTo } from './columns.js';
import { memoryPlot, peakOf } from './memory-plot.js';
import { statusColor, statusText } from './status-words.js';
import { type Column, table } from './table.js';
import { oneLine, page, paint, safeText, type ViewOptions } from './view.js';

const labelColumns = 10;
const indent = '  ';

/** `wilson show`: the story of one task on one page: what was asked, what was done, and what was seen of it. */
export function taskPage(task: Task, extras: TaskExtras, options: ViewOptions): string {
  const status = paint(statusText(task.status), statusColor(task.status), options);
  const lines = [
    `${paint(task.id, 'bold', options)}  ${status}`,
    ...wrapTo(oneLine(task.title), options.columns),
    '',
    ...facts(task, extras, options),
    ...section(
      'Checks',
      task.definitionOfDone.flatMap((check) => checkLines(check, options)),
      options,
    ),
    ...section('Reviews', reviewLines(extras, options), options),
    ...section('Files', fileLines(task.artifacts, options), options),
    ...section('Summary', task.summary === null ? [] : indented(task.summary, options), options),
    ...section('Error', errorLines(task, options), options),
  ];
  const next = nextSteps(task);
  if (next !== '') lines.push('', ...labelled('Next', next, options));
  return page(lines);
}

function facts(task: Task, extras: TaskExtras, options: ViewOptions): string[] {
  const lines: string[] = [];
  const add = (label: string, text: string | null): void => {
    if (text !== null && text !== '') lines.push(...labelled(label, text, options));
  };
  const description = safeText(task.description);
  if (description !== safeText(task.title)) add('Asked', description);
  add('Folder', oneLine(task.folder));
  add('Workspace', task.workspace === null ? null : oneLine(task.workspace));
  add('Agent', `${oneLine(task.agent)} (${task.type})${task.attempt > 0 ? `, attempt ${task.attempt}` : ''}`);
  add('Model', modelText(task));
  add('Fallback', task.usedFallback ? oneLine(task.fallbackReason ?? 'the reason is not recorded') : null);
  add('Asked at', dateText(task.createdAt));
  add('Worked', workedText(task));
  add('Progress', isActive(task.status) ? progressText(task) : null);
  add(
    'Waits',
    isOver(task.status) || isActive(task.status) ? null : oneLine(task.queuedDetail ?? task.queuedReason ?? ''),
  );
  add('After', task.dependsOn.join(', '));
  add('Part of', task.parentId);
  add('Subtasks', (extras.subtasks ?? []).join(', '));
  add('Used', usageText(task));
  add('Memory', memoryText(extras.memory ?? [], options));
  return lines;
}

function labelled(label: string, text: string, options: ViewOptions): string[] {
  const [first = '', ...more] = wrapTo(text, options.columns - labelColumns);
  return [
    `${paint(label.padEnd(labelColumns), 'dim', options)}${first}`,
    ...more.map((line) => ' '.repeat(labelColumns) + line),
  ];
}

function section(title: string, lines: readonly string[], options: ViewOptions): string[] {
  return lines.length === 0 ? [] : ['', paint(title, 'bold', options), ...lines];
}

function indented(text: string, options: ViewOptions): string[] {
  return wrapTo(safeText(text), options.columns - indent.length).map((line) => indent + line);
}

function modelText(task: Task): string | null {
  if (task.modelUsed === null) return null;
  return oneLine(task.modelUsed) + (task.provider === null ? '' : ` (${task.provider})`);
}

function workedText(task: Task): string | null {
  if (task.startedAt === null) return null;
  if (task.endedAt === null) return `since ${dateText(task.startedAt)}`;
  const duration = durationText(Date.parse(task.endedAt) - Date.parse(task.startedAt));
  return `${dateText(task.startedAt)} to ${dateText(task.endedAt)}, ${duration}`;
}

function progressText(task: Task): string {
  const { fraction, basis, message } = task.progress;
  const counted = fraction === null ? '' : `${percentText(fraction)}${basis === '' ? '' : ` (${oneLine(basis)})`}`;
  return [counted, oneLine(message)].filter((part) => part !== '').join(', ');
}

function usageText(task: Task): string {
  const { promptTokens, outputTokens, loadMs, generateMs } = task.usage;
  const parts: string[] = [];
  if (promptTokens + outputTokens > 0) {
    parts.push(`${countText(promptTokens)} tokens read, ${countText(outputTokens)} written`);
  }
  if (loadMs > 0) parts.push(`model loaded in ${durationText(loadMs)}`);
  if (generateMs > 0) parts.push(`generated for ${durationText(generateMs)}`);
  if (task.peakMb !== null) parts.push(`at most ${amountText(task.peakMb)} RAM`);
  return parts.join(', ');
}

const narrowestPlot = 8;
const widestPlot = 60;

/** One line an attempt: its memory over time, drawn to the same height, the most it was and what was reserved for it. */
function memoryText(attempts: readonly AttemptMemoryJson[], options: ViewOptions): string | null {
  const seen = attempts.flatMap((one) => {
    const peakMb = peakOf(one.mb);
    return peakMb === null ? [] : [{ ...one, peakMb }];
  });
  if (seen.length === 0) return null;
  const topMb = Math.max(...seen.map(({ peakMb }) => peakMb));
  const lines = seen.map(({ attempt, mb, peakMb, reservedMb }) => {
    const which = seen.length === 1 ? '' : `attempt ${attempt}  `;
    const reserved = reservedMb === null ? '' : `, ${amountText(reservedMb)} reserved`;
    const figures = `  at most ${amountText(peakMb)}${reserved}`;
    const room = options.columns - labelColumns - which.length - figures.length;
    const columns = Math.min(widestPlot, Math.max(narrowestPlot, room));
    return which + memoryPlot(mb, { topMb, columns, ascii: options.ascii ?? false }) + figures;
  });
  return lines.join('\n');
}

function checkLines(check: CheckSpec | CheckResult, options: ViewOptions): string[] {
  const evidence = isCheckResult(check) ? evidenceText(check) : 'not run yet';
  const [mark, color] = !isCheckResult(check)
    ? (['·', 'dim'] as const)
    : check.passed
      ? (['✓', 'green'] as const)
      : (['✗', 'red'] as const);
  const name = check.check.padEnd(17);
  const [first = '', ...more] = wrapTo(evidence, options.columns - 22);
  const detail = isCheckResult(check) && !check.passed ? (check.evidence.detail ?? '') : '';
  return [
    `${indent}${paint(mark, color, options)} ${name} ${first}`,
    ...more.map((line) => ' '.repeat(22) + line),
    ...(detail === '' ? [] : wrapTo(safeText(detail), options.columns - 6).map((line) => `      ${line}`)),
  ];
}

function evidenceText(check: CheckResult): string {
  const { evidence } = check;
  const parts: string[] = [];
  if (evidence.ran !== undefined) parts.push(`${plural(evidence.ran, 'test')} ran`);
  if (evidence.failed !== undefined) parts.push(`${countText(evidence.failed)} failed`);
  if (evidence.skipped) parts.push(`${countText(evidence.skipped)} skipped`);
  if (evidence.failsWithoutCode !== undefined) {
    parts.push(evidence.failsWithoutCode ? 'they fail without the code' : 'they pass without the code too');
  }
  if (evidence.coverage !== undefined) {
    const wanted = check.percent === undefined ? '' : ` of at least ${check.percent}%`;
    parts.push(`coverage ${Math.round(evidence.coverage * 10) / 10}%${wanted}`);
  }
  if (evidence.paths && evidence.paths.length > 0) parts.push(evidence.paths.map(oneLine).join(', '));
  if (evidence.command !== undefined) {
    const exit = evidence.exitCode === undefined ? '' : ` → exit ${evidence.exitCode}`;
    parts.push(`${oneLine(evidence.command)}${exit}`);
  } else if (evidence.exitCode !== undefined) parts.push(`exit ${evidence.exitCode}`);
  if (parts.length === 0 && check.passed && evidence.detail) return oneLine(evidence.detail);
  return parts.join(', ');
}

function reviewLines(extras: TaskExtras, options: ViewOptions): string[] {
  return (extras.reviews ?? []).flatMap((review) => {
    const color = review.verdict === 'approved' ? 'green' : 'yellow';
    const verdict = paint(review.verdict.replace('_', ' '), color, options);
    const findings = review.findings.flatMap((finding) => {
      const [first = '', ...more] = wrapTo(safeText(finding), options.columns - 6);
      return [`    - ${first}`, ...more.map((line) => `      ${line}`)];
    });
    return [`${indent}attempt ${review.attempt}: ${verdict} (${oneLine(review.reviewer)})`, ...findings];
  });
}

const signs = { added: '+', modified: '~', deleted: '-' } as const;
const signColors = { added: 'green', modified: 'yellow', deleted: 'red' } as const;

function fileLines(artifacts: readonly Artifact[], options: ViewOptions): string[] {
  if (artifacts.length === 0) return [];
  const columns: readonly Column<Artifact>[] = [
    { title: '', text: ({ kind }) => signs[kind], color: ({ kind }) => signColors[kind] },
    { title: '', text: ({ path }) => oneLine(path), shrinkTo: 16 },
    { title: '', text: ({ kind, bytes }) => (kind === 'deleted' ? '' : sizeText(bytes)), align: 'right' },
  ];
  return table(columns, artifacts, { ...options, columns: options.columns - indent.length })
    .slice(1)
    .map((line) => indent + line);
}

function errorLines(task: Task, options: ViewOptions): string[] {
  if (task.error === null) return [];
  const { code, message, hint } = task.error;
  const lines = indented(`${code}: ${message}`, options).map((line) => paint(line, 'red', options));
  return hint === '' ? lines : [...lines, ...indented(`→ ${hint}`, options)];
}

/** The commands that make sense now. */
function nextSteps(task: Task): string {
  const commands = (...names: string[]): string => names.map((name) => `wilson ${name} ${task.id}`).join(' · ');
  if (!isOver(task.status)) return commands('logs -f', 'kill');
  const left = task.workspace !== null && task.artifacts.length > 0;
  if (task.status === 'done') return left ? commands('diff', 'apply', 'discard') : '';
  return left ? commands('logs', 'diff', 'retry') : commands('logs', 'retry');
}
