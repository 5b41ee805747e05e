import type { CheckResult, CheckSpec } from './definition-of-done.js';
import { claimedFiles } from './named-files.js';
import type { TaskType } from './task.js';

/** Types of tasks whose words are about their own work. */
const makesFiles: readonly TaskType[] = ['code', 'test', 'general'];

const readLimit = 4_000;
/** "All tests pass", "the tests ran and passed", "12 tests ran and passed". */
const testsPassed =
  /\b(?:(\d{1,5})\s+(?:unit\s+)?|all\s+(?:the\s+|of the\s+)?|the\s+)tests?\b(?:(?!\bnot\b|n['’]t\b|\bfail)(?:[^.;\n]|\.(?=\w))){0,40}?\bpass(?:ed|es|ing)?\b/gi;
/** A figure that was, or is wanted, claims nothing. */
const coverage =
  /(?<!\b(?:was|from|were|least|want(?:s|ed)?|of)\s)\b(\d{1,3}(?:\.\d+)?)\s*(?:%|per ?cent)\s*(?:(?:test|line|code|statement)\s+)?(?:coverage|covered)\b|\bcoverage\s+(?:is|of|at|reached)\s*:?\s*(\d{1,3}(?:\.\d+)?)\s*(?:%|per ?cent)/gi;
/** What rounding may add to a figure, in percent. */
const roundingPercent = 1;

/**
 * What a worker's closing words say it has made, as checks: a claim is looked at like any other. A report only tells of the
 * tests and files of others. Pure.
 */
export function claimedChecks(type: TaskType, summary: string): CheckSpec[] {
  if (!makesFiles.includes(type)) return [];
  const text = summary.slice(0, readLimit);
  const paths = claimedFiles(text);
  return [
    ...(paths.length === 0 ? [] : [{ check: 'file_exists' as const, paths }]),
    ...([...text.matchAll(testsPassed)].length === 0 ? [] : [{ check: 'tests_pass' as const }]),
  ];
}

/** Figures of a summary that are higher than what was counted, one sentence each. Pure. */
export function overstatedFigures(type: TaskType, summary: string, checks: readonly CheckResult[]): string[] {
  if (!makesFiles.includes(type)) return [];
  const text = summary.slice(0, readLimit);
  const most = (figures: readonly number[]): number | null => (figures.length === 0 ? null : Math.max(...figures));
  const tests = most(
    [...text.matchAll(testsPassed)].flatMap(([, count]) => (count === undefined ? [] : [Number(count)])),
  );
  const ran = most(checks.flatMap(({ evidence }) => evidence.ran ?? [])) ?? 0;
  const percent = most([...text.matchAll(coverage)].map(([, before, after]) => Number(before ?? after)));
  const covered = most(checks.flatMap(({ evidence }) => evidence.coverage ?? []));
  const found: string[] = [];
  if (tests !== null && tests > ran) found.push(`the summary tells of ${tests} tests that passed, ${ran} ran`);
  if (percent !== null && percent > (covered ?? 0) + roundingPercent) {
    const seen = covered === null ? 'none was measured' : `${covered}% was measured`;
    found.push(`the summary tells of a coverage of ${percent}%, ${seen}`);
  }
  return found;
}
