import type { ReviewFinding, Severity } from '../../task/review.js';
import type { DiffFile } from './parse-diff.js';
import { placeQuote, samePath } from './place-quote.js';

/** What a model says is wrong, as it came. */
export interface Claim {
  /** The line that it copied. */
  readonly quote: string;
  readonly problem: string;
  readonly severity: Severity;
  readonly file?: string;
  readonly line?: number;
}

export interface Sifted {
  readonly kept: readonly ReviewFinding[];
  /** Why the others do not count, one reason each. */
  readonly refused: readonly string[];
}

const textLimit = 300;
/** Wishes about taste are no faults, however they are ranked. */
const taste =
  /\b(?:consider|could be (?:improved|better|more)|might (?:want|be better)|docstrings?|comments?|documentation|naming|variable names?|readab\w*|style|formatting|indentation|type hints?|best practices?|more descriptive|more efficient|unclear|refactor\w*|logging)\b/i;
const saysNothing =
  /^(?:\W*|none|no (?:problems?|bugs?|issues?|errors?)\b.*|the code is (?:correct|fine|right)\b.*|n\/a)$/i;
const saysTestsFail = /\btests?\b[^.]{0,40}\b(?:fail|do(?:es)? not pass|don't pass|are broken|never run|not run)/i;
const saysNoTests = /\b(?:no|without|missing|lacks?) (?:any )?(?:unit )?tests?\b/i;
const saysUnparsable =
  /\b(?:syntax error|syntaxerror|does not (?:parse|compile)|invalid syntax|indentationerror|missing (?:colon|parenthesis|bracket))\b/i;

/**
 * Which of a model's claims count: one that quotes a line of the diff, is about a fault rather than about taste, and does
 * not contradict what was seen. Taste becomes a remark. Pure.
 */
export function siftClaims(claims: readonly Claim[], files: readonly DiffFile[], evidence: readonly string[]): Sifted {
  const kept: ReviewFinding[] = [];
  const refused: string[] = [];
  for (const claim of claims) {
    const problem = claim.problem.replace(/\s+/g, ' ').trim().slice(0, textLimit);
    if (saysNothing.test(problem)) continue;
    const against = contradicts(problem, evidence);
    const place = placeOf(claim, files);
    if (against !== null) refused.push(`“${problem}” contradicts what was seen (${against})`);
    else if (place === null) refused.push(`“${problem}” is about a line that is not in the diff`);
    else if (kept.some((each) => each.file === place.file && each.line === place.line)) {
      refused.push(`“${problem}” is about a line that has a finding already`);
    } else kept.push({ ...place, severity: taste.test(problem) ? 'minor' : claim.severity, text: problem });
  }
  return { kept, refused };
}

/** By the quoted line; a line number alone counts where that line was added. */
function placeOf(claim: Claim, files: readonly DiffFile[]): { file: string; line: number | null } | null {
  const hint = {
    ...(claim.file === undefined ? {} : { file: claim.file }),
    ...(claim.line === undefined ? {} : { near: claim.line }),
  };
  const quoted = placeQuote(files, claim.quote, hint);
  if (quoted !== null || claim.quote.trim() !== '') return quoted;
  const file = files.find(({ path }) => claim.file !== undefined && samePath(path, claim.file));
  const line = file?.hunks.flat().find((each) => each.kind === 'added' && each.line === claim.line);
  return file === undefined || line === undefined ? null : { file: file.path, line: line.line };
}

/** The line of the evidence that speaks against a claim; null when none does. */
export function contradicts(problem: string, evidence: readonly string[]): string | null {
  const good = evidence.filter((line) => !isFailed(line));
  const tests = good.find((line) => /\btests?_pass\b|\b[1-9]\d* tests? run, 0 failed/.test(line));
  if (tests !== undefined && (saysTestsFail.test(problem) || saysNoTests.test(problem))) return tests;
  const parses = good.find((line) => /\bparses\b/.test(line) && !/\bnot checked\b/.test(line)) ?? tests;
  return parses !== undefined && saysUnparsable.test(problem) ? parses : null;
}

/** Whether a line of evidence tells of a check that did not pass. */
export function isFailed(line: string): boolean {
  return (
    /^\s*(?:✗|✘|×|\[?fail)/i.test(line) ||
    /\b(?:not passed|did not pass)\b/i.test(line) ||
    /\b[1-9]\d* failed\b/.test(line)
  );
}
