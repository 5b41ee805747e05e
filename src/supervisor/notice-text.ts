import { type CheckResult, type CheckSpec, isCheckResult, wasChecked } from '../task/definition-of-done.js';
import { brokenText } from '../task/earlier-tests.js';
import type { Plan } from '../task/plan.js';
import { findingText, isAboutOthers, type ReviewRecord, verdictText } from '../task/review.js';
import type { Task } from '../task/task.js';

/** One check as a line of evidence: what was seen, with the counts that were measured. */
export function evidenceLine(check: CheckResult): string {
  const { evidence } = check;
  if (!wasChecked(check)) return `· ${check.check}: ${uncheckedText(evidence)}`;
  const mark = check.passed ? '✓' : '✗';
  const broken = brokenText(evidence);
  if (broken !== null) return `${evidence.broken?.count !== 0 && check.passed ? '!' : mark} ${check.check}: ${broken}`;
  const parts: string[] = [];
  if (evidence.ran !== undefined) {
    parts.push(`${evidence.ran} test${evidence.ran === 1 ? '' : 's'} run, ${evidence.failed ?? 0} failed`);
  }
  if (evidence.failsWithoutCode === true) parts.push('they fail without the code');
  if (evidence.failsWithoutCode === false) parts.push('they pass without the code, so they test nothing');
  if (evidence.coverage !== undefined) parts.push(`${evidence.coverage}% covered`);
  if (evidence.command !== undefined) parts.push(`\`${evidence.command}\``);
  if (evidence.exitCode !== undefined && (evidence.exitCode !== 0 || parts.length === 0)) {
    parts.push(`exit code ${evidence.exitCode}`);
  }
  const named = evidence.command ?? '';
  const paths = (evidence.paths ?? []).filter((path) => !named.includes(path));
  if (paths.length > 0) parts.push(pathList(paths));
  // Of an approval nothing can be counted: who gave it is all there is to say.
  const isWords = !check.passed || check.check === 'review_approved';
  if (isWords && evidence.detail !== undefined) parts.push(firstLine(evidence.detail));
  if (!isWords && evidence.unchecked !== undefined) parts.push(uncheckedText(evidence));
  return `${mark} ${check.check}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** `not checked: m.ts (There is no syntax checker here for .ts)`. */
function uncheckedText({ unchecked = [], detail = '' }: CheckResult['evidence']): string {
  const reason = firstLine(detail);
  if (unchecked.length === 0) return `not checked: ${reason}`;
  return `not checked: ${pathList(unchecked)}${reason === '' ? '' : ` (${reason})`}`;
}

function pathList(paths: readonly string[]): string {
  const shown = paths.slice(0, 4).join(', ');
  return paths.length > 4 ? `${shown} and ${paths.length - 4} more` : shown;
}

function firstLine(text: string): string {
  const line = text.split('\n').find((candidate) => candidate.trim() !== '') ?? '';
  return line.trim().slice(0, 160);
}

/** What the failed checks say, for the next attempt and for the error of the task. */
export function failedChecks(checks: readonly (CheckSpec | CheckResult)[]): string[] {
  return checks
    .filter(isCheckResult)
    .filter((check) => !check.passed)
    .map((check) => {
      const detail = check.evidence.detail === undefined ? '' : `\n${check.evidence.detail}`;
      return `${evidenceLine(check).slice(2)}${detail}`;
    });
}

export function startedText(task: Task, model: string): string {
  return `${task.id} started: ${task.agent} (${model}): ${task.title}`;
}

export function queuedText(task: Task, detail: string): string {
  return `${task.id} is queued: ${detail}`;
}

/** With the reason the first time that it is told; null afterwards. */
export function fallbackText(task: Task, model: string, reason: string | null): string {
  return `⚠️ ${task.id} runs on ${model}${reason === null ? ', as a fallback.' : `: ${reason}`} Quality may vary.`;
}

/** `applied` says what became of the result where it is applied without asking. */
export function doneText(task: Task, applied?: string): string {
  return [subtaskDoneText(task), ...nextLines(task, applied)].join('\n');
}

/** What became of the result, or how to look at it and take it. */
function nextLines(task: Task, applied: string | undefined): string[] {
  if (applied !== undefined) return [`  ${applied}`];
  return task.artifacts.length > 0 ? [`  See it: /diff ${task.id}   Take it: /apply ${task.id}`] : [];
}

/** The last line of a notice that comes late. */
export function lateText(task: Pick<Task, 'endedAt'>): string {
  const when = task.endedAt === null ? '' : ` on ${task.endedAt.slice(0, 10)} at ${task.endedAt.slice(11, 16)} UTC`;
  return `  It ended${when}, when nobody was told.`;
}

/** In the place of notices that would fill the screen. */
export function olderEndsText(count: number): string {
  return `${count} more ${count === 1 ? 'task has' : 'tasks have'} ended since you were last told: /tasks lists them.`;
}

export function failedText(task: Task): string {
  const lines = [`✗ ${task.id} failed: ${task.error?.message ?? 'no reason given'}`];
  for (const check of task.definitionOfDone.filter(isCheckResult)) {
    if (!check.passed) lines.push(`  ${evidenceLine(check)}`);
  }
  if (task.error?.hint !== undefined && task.error.hint !== '') lines.push(`  ${task.error.hint}`);
  return lines.join('\n');
}

/** Findings that a notice lists before it counts the rest. */
const shownFindings = 3;
/** Lines of evidence under a parent that is done, before the rest is counted. */
const shownEvidence = 8;
const titleChars = 60;

/** What the Manager Agent made of a request: `TASK-001 planned: 3 subtasks: TASK-002 code (Write todo.py), …`. */
export function planText(task: Task, subtasks: readonly Task[], plan?: Pick<Plan, 'basis' | 'notes'>): string {
  const steps = subtasks.map(({ id, type, title }) => `${id} ${type} (${shortened(title, titleChars)})`);
  const count = `${subtasks.length} subtask${subtasks.length === 1 ? '' : 's'}`;
  // A plan that the model did not make is not sold as its own; the last note says why.
  const why = plan?.notes.at(-1) ?? 'The model gave no usable plan.';
  const note = plan?.basis === 'default' ? `\n  These are the usual steps. ${shortened(why, 250)}` : '';
  return `${task.id} planned: ${count}: ${steps.join(', ')}${note}`;
}

/** `TASK-004 reviewed TASK-002: needs changes: todo.py:12 (major): it never saves`. */
export function reviewText(review: ReviewRecord): string {
  const findings = review.findings.map((finding) => shortened(findingText(finding), 200));
  const head = `${review.reviewer} reviewed ${review.taskId}: ${verdictText(review)}`;
  const [only] = findings;
  // What was said is about the others.
  if (only === undefined)
    return review.summary === '' || isAboutOthers(review) ? head : `${head}: ${shortened(review.summary, 200)}`;
  if (findings.length === 1) return `${head}: ${only}`;
  const lines = [`${head}, ${findings.length} findings:`, ...findings.slice(0, shownFindings).map((one) => `  ${one}`)];
  if (findings.length > shownFindings)
    lines.push(`  and ${findings.length - shownFindings} more: /show ${review.taskId}`);
  return lines.join('\n');
}

/** A reviewed task that gets a fresh worker; `nextAttempt` is the number of the attempt that will have the findings. */
export function revisionText(
  task: Pick<Task, 'id'>,
  { reviewer, findings, nextAttempt }: { reviewer: string; findings: number; nextAttempt: number },
): string {
  const what = `${findings} finding${findings === 1 ? '' : 's'} of ${reviewer}`;
  return `${task.id} is revised: attempt ${nextAttempt} gets a fresh worker and ${what}.`;
}

/** What an agent asks; the number alone is enough to name its task. */
export function askText(task: Pick<Task, 'id' | 'question'>): string {
  const number = Number(task.id.replace(/\D/g, ''));
  const question = (task.question ?? '').trim();
  return `${task.id} asks: ${question}\n  Answer with: /answer ${number} …`;
}

/** The changes of a subtask are in its parent's workspace now. */
export function mergedText(subtask: Pick<Task, 'id' | 'parentId'>, paths: readonly string[]): string {
  return `${subtask.id} is part of ${subtask.parentId ?? 'its parent'} now: ${pathList(paths)}`;
}

/** A done subtask with its evidence; its changes are taken with its parent's, so there is no hint to apply them. */
export function subtaskDoneText(task: Task): string {
  const lines = [`✓ ${task.id} is done: ${task.summary ?? task.title}`];
  for (const check of task.definitionOfDone.filter(isCheckResult)) lines.push(`  ${evidenceLine(check)}`);
  return lines.join('\n');
}

/** A done parent with what was counted of itself and of its subtasks; `applied` as in {@link doneText}. */
export function parentDoneText(task: Task, subtasks: readonly Task[], applied?: string): string {
  const evidence = task.definitionOfDone.filter(isCheckResult).map(evidenceLine);
  for (const subtask of subtasks) {
    const seen = tellingChecks(subtask.definitionOfDone.filter(isCheckResult));
    if (seen.length > 0) evidence.push(`${subtask.id}: ${seen.map(countsLine).join('; ')}`);
    else if (subtask.status !== 'done') evidence.push(`${subtask.id}: ${subtask.status} (${subtask.title})`);
  }
  const lines = [`✓ ${task.id} is done: ${task.summary ?? task.title}`];
  lines.push(...evidence.slice(0, shownEvidence).map((line) => `  ${line}`));
  if (evidence.length > shownEvidence) lines.push(`  and ${evidence.length - shownEvidence} more: /show ${task.id}`);
  return [...lines, ...nextLines(task, applied)].join('\n');
}

/** The evidence without the command that gave it, which the parent's own checks and `wilson show` have. */
function countsLine({ evidence: { command: _, ...evidence }, ...check }: CheckResult): string {
  return evidenceLine({ ...check, evidence });
}

/** Checks with a count or a verdict, those that failed or could not look at all; without any, all there are. */
function tellingChecks(checks: readonly CheckResult[]): readonly CheckResult[] {
  const telling = checks.filter(
    ({ check, passed, checked, evidence }) =>
      !passed ||
      checked === false ||
      [evidence.ran, evidence.coverage, evidence.unchecked].some((one) => one !== undefined) ||
      check === 'review_approved',
  );
  return telling.length > 0 ? telling : checks;
}

function shortened(text: string, limit: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).trimEnd()}…`;
}
