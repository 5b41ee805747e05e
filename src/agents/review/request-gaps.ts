import type { ReviewFinding } from '../../task/review.js';
import { isTestPath } from '../code/file-names.js';
import { readRequest } from '../code/request.js';
import { languageOfPath } from './code-lines.js';
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

/** Functions that languages bring along: a request speaks of them, and nobody has to write them. */
const built =
  /^(?:eval|exec|print|input|len|open|range|sorted|sum|max|min|map|filter|zip|int|str|float|list|dict|set|tuple|isinstance|require|import|fetch|alert|main|setTimeout|parseInt|parseFloat)$/;

/** Whether a request says that something is not to be used. */
function isRefused(name: string, request: string): boolean {
  return new RegExp(
    `\\b(?:no|not|never|without|avoid|don['’]?t|instead of|rather than|replace|remove|delete|rename)\\b[^.;\\n]{0,60}\\b${name}\\b`,
    'i',
  ).test(request);
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
  const missing = targets
    .map(({ name }) => name)
    .filter((name) => !built.test(name) && !isRefused(name, request) && !new RegExp(`\\b${name}\\b`).test(shown));
  if (missing.length > 0) add('', `asked for and not there: ${missing.join(', ')}`);
  const isThere = (name: string): boolean =>
    listing.some((file) => file === name || file.endsWith(`/${name}`)) || files.some(({ path }) => path === name);
  // Data files are often made only when the program runs.
  if (modulePath !== null && languageOfPath(modulePath) !== 'other' && !isThere(modulePath))
    add('', `the request names ${modulePath}, and there is no such file`);
  const ran = evidence.some((line) => /\b[1-9]\d* tests? run\b/.test(line));
  if (wantsTests && !ran && ![...listing, ...files.map(({ path }) => path)].some(isTestPath)) {
    add('', 'tests were asked for, and there is no test file');
  }
  return findings;
}
