import { type CheckResult, type CheckSpec, isCheckResult, wasChecked } from '../../task/definition-of-done.js';
import { brokenText } from '../../task/earlier-tests.js';
import { countText, plural } from './amounts.js';
import { wrapTo } from './columns.js';
import { indent } from './page-parts.js';
import { type Color, oneLine, paint, safeText, type ViewOptions } from './view.js';

/** A check of the Definition of Done with what was seen, and the reason where it failed or could not look. */
export function checkLines(check: CheckSpec | CheckResult, options: ViewOptions): string[] {
  const evidence = isCheckResult(check) ? evidenceText(check) : 'not run yet';
  const [mark, color] = markOf(check);
  const name = check.check.padEnd(17);
  const [first = '', ...more] = wrapTo(evidence, options.columns - 22);
  const detail = isCheckResult(check) && !check.passed ? (check.evidence.detail ?? '') : '';
  return [
    `${indent}${paint(mark, color, options)} ${name} ${first}`,
    ...more.map((line) => ' '.repeat(22) + line),
    ...(detail === '' ? [] : wrapTo(safeText(detail), options.columns - 6).map((line) => `      ${line}`)),
  ];
}

function markOf(check: CheckSpec | CheckResult): readonly [mark: string, color: Color] {
  if (!isCheckResult(check)) return ['·', 'dim'];
  if (!wasChecked(check)) return ['·', 'yellow'];
  if (check.passed && (check.evidence.broken?.count ?? 0) > 0) return ['!', 'yellow'];
  return check.passed ? ['✓', 'green'] : ['✗', 'red'];
}

function evidenceText(check: CheckResult): string {
  const { evidence } = check;
  if (!wasChecked(check)) return uncheckedText(evidence);
  const broken = brokenText(evidence);
  if (broken !== null) return oneLine(broken);
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
  if (check.passed && evidence.unchecked !== undefined) parts.push(uncheckedText(evidence));
  if (parts.length === 0 && check.passed && evidence.detail) return oneLine(evidence.detail);
  return parts.join(', ');
}

function uncheckedText({ unchecked = [], detail = '' }: CheckResult['evidence']): string {
  if (unchecked.length === 0) return `not checked: ${oneLine(detail)}`;
  return `not checked: ${unchecked.map(oneLine).join(', ')}${detail === '' ? '' : ` (${oneLine(detail)})`}`;
}
