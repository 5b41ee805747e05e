import type { ReviewFinding } from '../../task/review.js';
import { isTestPath } from '../code/file-names.js';
import { readRequest } from '../code/request.js';
import type { DiffFile } from './parse-diff.js';
import { isFailed } from './sift-claims.js';

export interface GapsInput {
  /** What was asked for, in the user's words. */
  readonly request: string;
  readonly files: readonly DiffFile[];
  readonly evidence: readonly string[];
  /** Text of all code that the workspace has now, as far as it was read; the diff may show only a part of it. */
  readonly code: string;
  /** Names of the files of the workspace. */
  readonly listing: readonly string[];
}

/**
 * What was asked for by name and is nowhere: functions, classes, the file, tests; and checks that failed. By wording and
 * names alone. Pure.
 */
export function requestGaps({ request, files, evidence, code, listing }: GapsInput): ReviewFinding[] {
  const findings: ReviewFinding[] = [];
  const add = (file: string, text: string): void => {
    findings.push({ file, line: null, severity: 'major', text });
  };
  for (const line of evidence.filter(isFailed))
    add('', `a check does not pass: ${line.replace(/^\s*[✗✘×]\s*/, '').slice(0, 200)}`);
  const { targets, wantsTests, modulePath } = readRequest(request);
  const shown = `${code}\n${files
    .flatMap(({ hunks }) =>
      hunks
        .flat()
        .filter(({ kind }) => kind !== 'removed')
        .map(({ text }) => text),
    )
    .join('\n')}`;
  const missing = targets.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(shown)).map(({ name }) => name);
  if (missing.length > 0) add('', `asked for and not there: ${missing.join(', ')}`);
  const isThere = (name: string): boolean =>
    listing.some((file) => file === name || file.endsWith(`/${name}`)) || files.some(({ path }) => path === name);
  if (modulePath !== null && !isThere(modulePath))
    add('', `the request names ${modulePath}, and there is no such file`);
  const ran = evidence.some((line) => /\b[1-9]\d* tests? run\b/.test(line));
  if (wantsTests && !ran && ![...listing, ...files.map(({ path }) => path)].some(isTestPath)) {
    add('', 'tests were asked for, and there is no test file');
  }
  return findings;
}
