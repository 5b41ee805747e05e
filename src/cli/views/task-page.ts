import { type CheckResult, isCheckResult } from '../../task/definition-of-done.js';
import { type Artifact, isActive, isOver, type Task, type Usage } from '../../task/task.js';
import { leftOutText } from '../../workspace/left-out.js';
import type { AttemptMemoryJson, TaskExtras, TreeJson } from '../json-shapes.js';
import { type ResultState, untouchedResult } from '../result-state.js';
import { memoryText as amountText, countText, dateText, durationText, percentText, sizeText } from './amounts.js';
import { checkLines } from './check-lines.js';
import { wrapTo } from './columns.js';
import { memoryPlot, peakOf } from './memory-plot.js';
import { indent, indented, labelColumns, labelled, section } from './page-parts.js';
import { statusColor, statusText } from './status-words.js';
import { attemptLines, messageLines, reviewLines } from './story-lines.js';
import { type Column, table } from './table.js';
import { treeLines } from './tree-lines.js';
import { oneLine, page, paint, safeText, type ViewOptions } from './view.js';

export interface TaskPageOptions extends ViewOptions {
  /** Every message between agents in full, instead of one line of the newest. */
  readonly allMessages?: boolean;
}

/** `wilson show`: the story of one task on one page: what was asked, what was done, and what was seen of it. */
export function taskPage(task: Task, extras: TaskExtras, options: TaskPageOptions): string {
  const status = paint(statusText(task.status), statusColor(task.status), options);
  const checks = task.definitionOfDone.flatMap((check) => checkLines(check, options));
  const messages = messageLines(task.id, extras.communications ?? [], options.allMessages === true, options);
  const lines = [
    `${paint(task.id, 'bold', options)}  ${status}`,
    ...wrapTo(oneLine(task.title), options.columns),
    '',
    ...facts(task, extras, options),
    ...section('Question', questionLines(task, options), options),
    ...section(treeTitle(extras.tree ?? []), treeLines(extras.tree ?? [], options), options),
    ...section('Attempts', attemptLines(extras.attempts ?? [], options), options),
    ...section('Checks', checks, options),
    ...section('Reviews', reviewLines(extras.reviews ?? [], options), options),
    ...section('Messages', messages, options),
    ...section('Files', fileLines(task, options), options),
    ...section('Summary', task.summary === null ? [] : indented(task.summary, options), options),
    ...section('Error', errorLines(task, options), options),
  ];
  const next = nextSteps(task, extras);
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
  const result = extras.result ?? untouchedResult(task);
  const gone = result.hasCopy ? '' : ' (gone)';
  add('Workspace', task.workspace === null ? null : `${oneLine(task.workspace)}${gone}`);
  add('Left out', extras.leftOut == null ? null : oneLine(leftOutText(extras.leftOut)));
  add('Result', resultText(task, result));
  add('Agent', `${oneLine(task.agent)} (${task.type})${task.attempt > 0 ? `, attempt ${task.attempt}` : ''}`);
  add('Model', modelText(task));
  add('Fallback', task.usedFallback ? oneLine(task.fallbackReason ?? 'the reason is not recorded') : null);
  add('Asked at', dateText(task.createdAt));
  add('Worked', workedText(task));
  const wait = extras.wait ?? null;
  add('Progress', isActive(task.status) && wait === null ? progressText(task) : null);
  const queued = isOver(task.status) || isActive(task.status) ? '' : (task.queuedDetail ?? task.queuedReason ?? '');
  add('Waits', oneLine(wait?.detail ?? queued));
  add('After', task.dependsOn.join(', '));
  add('Part of', task.parentId);
  const isParent = (extras.tree ?? []).length > 0;
  add('Used', usageText(isParent ? (extras.totalUsage ?? task) : task));
  // What the Manager Agent took, or a task for its own part of the work.
  if (isParent) add('Itself', usageText(task));
  add('Memory', memoryText(extras.memory ?? [], options));
  return lines;
}

function resultText(task: Task, { outcome, canUndo }: ResultState): string | null {
  if (outcome === null) return null;
  if (outcome === 'discarded') return 'thrown away';
  return `applied to ${oneLine(task.folder)}${canUndo ? '' : ' for good: the copy was thrown away'}`;
}

function treeTitle(tree: readonly TreeJson[]): string {
  const counting = tree.filter(({ superseded }) => !superseded);
  const done = counting.filter(({ status }) => status === 'done').length;
  const earlier = tree.length - counting.length;
  const more = earlier === 0 ? '' : `; ${countText(earlier)} of an earlier try`;
  return `Subtasks (${countText(done)} of ${countText(counting.length)} done${more})`;
}

function questionLines(task: Task, options: ViewOptions): string[] {
  return task.question === null ? [] : indented(task.question, options);
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

function usageText(used: (Usage & { readonly peakMb: number | null }) | Task): string {
  const { promptTokens, outputTokens, loadMs, generateMs } = 'usage' in used ? used.usage : used;
  const parts: string[] = [];
  if (promptTokens + outputTokens > 0) {
    parts.push(`${countText(promptTokens)} tokens read, ${countText(outputTokens)} written`);
  }
  if (loadMs > 0) parts.push(`model loaded in ${durationText(loadMs)}`);
  if (generateMs > 0) parts.push(`generated for ${durationText(generateMs)}`);
  if (used.peakMb !== null) parts.push(`at most ${amountText(used.peakMb)} RAM`);
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

const signs = { added: '+', modified: '~', deleted: '-' } as const;
const signColors = { added: 'green', modified: 'yellow', deleted: 'red' } as const;

/** What was made, a report as such. */
function fileLines(task: Task, options: ViewOptions): string[] {
  if (task.artifacts.length === 0) return [];
  const reports = task.definitionOfDone
    .filter((check): check is CheckResult => isCheckResult(check) && check.passed && check.check === 'report_written')
    .flatMap(({ evidence }) => evidence.paths ?? []);
  const columns: readonly Column<Artifact>[] = [
    { title: '', text: ({ kind }) => signs[kind], color: ({ kind }) => signColors[kind] },
    { title: '', text: ({ path }) => oneLine(path), shrinkTo: 16 },
    { title: '', text: ({ kind, bytes }) => (kind === 'deleted' ? '' : sizeText(bytes)), align: 'right' },
    { title: '', text: ({ path }) => (reports.includes(path) ? 'report' : ''), dropOrder: 1 },
  ];
  return table(columns, task.artifacts, { ...options, columns: options.columns - indent.length })
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
function nextSteps(task: Task, extras: TaskExtras): string {
  const commands = (...names: string[]): string[] => names.map((name) => `wilson ${name} ${task.id}`);
  const steps: string[] = [];
  for (const id of [...(task.question === null ? [] : [task.id]), ...askingBelow(extras.tree ?? [])]) {
    steps.push(`wilson answer ${id} "…"`);
  }
  // What a subtask made is taken, or thrown away, with its parent's; one that its parent can do without is not tried again.
  const isClosed = task.status === 'done' || task.superseded || extras.parentStatus === 'done';
  if (task.parentId !== null && isClosed) steps.push(`wilson show ${task.parentId}`);
  else steps.push(...commands(...stepNames(task, extras.result ?? untouchedResult(task))));
  return steps.join(' · ');
}

function stepNames(task: Task, { hasCopy, canApply, canDiscard, canUndo }: ResultState): string[] {
  const when = (condition: boolean, name: string): string[] => (condition ? [name] : []);
  if (!isOver(task.status)) return ['logs -f', 'kill', ...when(canUndo, 'undo')];
  const made = task.artifacts.length > 0;
  if (task.status === 'done') {
    const isLeft = canDiscard && (made || !hasCopy);
    return [
      ...when(hasCopy && made, 'diff'),
      ...when(canApply && made, 'apply'),
      ...when(canUndo, 'undo'),
      ...when(isLeft, 'discard'),
    ];
  }
  // Of one that was ended midway nobody has looked at what it made.
  const mayHaveMade = made || task.status === 'cancelled';
  return ['logs', ...when(hasCopy && mayHaveMade, 'diff'), ...when(canUndo, 'undo'), 'retry'];
}

function askingBelow(tree: readonly TreeJson[]): string[] {
  return tree.flatMap((node) => [...(node.asks ? [node.id] : []), ...askingBelow(node.subtasks)]);
}
