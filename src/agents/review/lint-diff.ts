import type { ReviewFinding } from '../../task/review.js';
import { isTestPath } from '../code/file-names.js';
import { type CodeLine, codeLines, languageOfPath } from './code-lines.js';
import { javascriptRules } from './lint-javascript.js';
import { pythonRules } from './lint-python.js';
import { generalRules, type LintFile, type LintRule } from './lint-rules.js';
import { type DiffFile, newLines } from './parse-diff.js';

/** Findings of one rule in one file that are told; more of the same say nothing new. */
const sameLimit = 3;

/** A finding of the program's own rules: it is true of the text, whatever a model thinks. */
export interface LintFinding extends ReviewFinding {
  readonly rule: string;
}

/**
 * What rules alone can say against the added lines of a diff: work left undone, swallowed errors, input that is run as
 * code, secrets, tests that check nothing, leftovers. Each finding has the line in the file as it is now. Pure; looks at
 * nothing but the diff, so a rule that needs a whole function is silent where the diff shows only a part.
 */
export function lintDiff(files: readonly DiffFile[]): LintFinding[] {
  return files.flatMap(lintFile);
}

function lintFile(file: DiffFile): LintFinding[] {
  const { path } = file;
  const isTest = isTestPath(path);
  if (file.status === 'deleted') {
    if (!isTest) return [];
    return [
      { rule: 'tests-deleted', file: path, line: null, severity: 'major', text: 'this file with tests was deleted' },
    ];
  }
  const language = languageOfPath(path);
  const hunks: CodeLine[][] = file.hunks.map((hunk) => codeLines(newLines(hunk), language));
  const about: LintFile = {
    path,
    language,
    isTest,
    isWhole: file.status === 'added',
    isProgram: isProgram(hunks.flat()),
  };
  const rules: LintRule[] = [
    ...generalRules,
    ...(language === 'python' ? pythonRules : language === 'javascript' ? javascriptRules : []),
  ];
  const counts = new Map<string, number>();
  const findings: LintFinding[] = [];
  for (const lines of hunks) {
    for (const { id, find } of rules) {
      for (const { line, to = line, severity, text } of find(lines, about)) {
        // Old lines are somebody else's work.
        if (!lines.some((each) => each.touched && each.line >= line && each.line <= to)) continue;
        const count = (counts.get(id) ?? 0) + 1;
        counts.set(id, count);
        if (count <= sameLimit) findings.push({ rule: id, file: path, line, severity, text });
      }
    }
  }
  return findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Whether a file is run rather than imported, so that printing is what it is for. */
function isProgram(lines: readonly CodeLine[]): boolean {
  return lines.some(({ text }) =>
    /__main__|\bargparse\b|\bsys\.argv\b|\bprocess\.(?:argv|exit|stdout)\b|^#!|\binput\(|\bcommander\b|\.listen\(/.test(
      text,
    ),
  );
}
