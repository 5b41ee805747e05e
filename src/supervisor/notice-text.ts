import { type CheckResult, type CheckSpec, isCheckResult } from '../task/definition-of-done.js';
import type { Task } from '../task/task.js';

/** One check as a line of evidence: what was seen, with the counts that were measured. */
export function evidenceLine(check: CheckResult): string {
  const { evidence } = check;
  const mark = check.passed ? '✓' : '✗';
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
  if (!check.passed && evidence.detail !== undefined) parts.push(firstLine(evidence.detail));
  return `${mark} ${check.check}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
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
  const lines = [`✓ ${task.id} is done: ${task.summary ?? task.title}`];
  for (const check of task.definitionOfDone.filter(isCheckResult)) lines.push(`  ${evidenceLine(check)}`);
  if (applied !== undefined) lines.push(`  ${applied}`);
  else if (task.artifacts.length > 0) lines.push(`  See it: /diff ${task.id}   Take it: /apply ${task.id}`);
  return lines.join('\n');
}

export function failedText(task: Task): string {
  const lines = [`✗ ${task.id} failed: ${task.error?.message ?? 'no reason given'}`];
  for (const check of task.definitionOfDone.filter(isCheckResult)) {
    if (!check.passed) lines.push(`  ${evidenceLine(check)}`);
  }
  if (task.error?.hint !== undefined && task.error.hint !== '') lines.push(`  ${task.error.hint}`);
  return lines.join('\n');
}
