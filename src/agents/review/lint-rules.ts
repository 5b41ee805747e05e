import type { Severity } from '../../task/review.js';
import type { CodeLine, LintLanguage } from './code-lines.js';

export interface LintFile {
  readonly path: string;
  readonly language: LintLanguage;
  readonly isTest: boolean;
  /** The whole file is in the diff. */
  readonly isWhole: boolean;
  /** It is run rather than imported. */
  readonly isProgram: boolean;
}

export interface LintHit {
  readonly line: number;
  /** Last line that it is about, where it is about several: a change to any of them counts. */
  readonly to?: number;
  readonly severity: Severity;
  readonly text: string;
}

/** One thing that is looked for in the lines of one hunk. */
export interface LintRule {
  readonly id: string;
  find(lines: readonly CodeLine[], file: LintFile): LintHit[];
}

/** A rule that looks at lines one by one; `test` gives the severity and the text, or null. */
export function lineRule(id: string, test: (line: CodeLine, file: LintFile) => Omit<LintHit, 'line'> | null): LintRule {
  return {
    id,
    find: (lines, file) =>
      lines.flatMap((each) => {
        const hit = each.added ? test(each, file) : null;
        return hit === null ? [] : [{ line: each.line, ...hit }];
      }),
  };
}

const knownKeys =
  /\bAKIA[0-9A-Z]{16}\b|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bsk-[A-Za-z0-9_-]{24,}|\bxox[abp]-[A-Za-z0-9-]{10,}/;
const namedSecret =
  /\b\w*(?:password|passwd|secret|api_?key|access_?key|private_?key|auth_?token)\w*["']?\s*[:=]\s*["'`]([^"'`\s]{6,})["'`]/i;
/** Values that stand for a secret, and are none. */
const standIn =
  /^(?:\W*|.*(?:example|dummy|changeme|change_me|placeholder|your|xxx|\.\.\.|<|\$\{|%\(|test|fake|sample|password|secret|token|key).*)$/i;
const machinePath = /["'`](?:\/(?:home|Users)\/[\w.-]+\/|[A-Z]:\\+Users\\+)/;

/** What models write when they save themselves the rest. */
const leftOut =
  /(?:\.{3}|…)[^.]*\b(?:rest|existing|remaining|previous|other|same|unchanged)\b|\byour (?:code|logic|implementation) (?:goes )?here\b|^\W*(?:the )?rest of (?:the|your) (?:code|file|function|implementation)\b|\b(?:code|implementation) remains? (?:the same|unchanged)\b/i;

/** What is wrong in any language. */
export const generalRules: readonly LintRule[] = [
  lineRule('conflict-marker', ({ text }) =>
    /^(?:<{7}|>{7}) /.test(text) ? { severity: 'blocker', text: 'a mark of an unresolved merge conflict' } : null,
  ),
  lineRule('secret', ({ text }, { isTest }) => {
    if (knownKeys.test(text)) return { severity: 'blocker', text: 'a secret key stands in the code' };
    const value = namedSecret.exec(text)?.[1];
    if (isTest || value === undefined || standIn.test(value)) return null;
    return { severity: 'blocker', text: 'a password or key stands in the code' };
  }),
  lineRule('machine-path', ({ text }) =>
    machinePath.test(text) ? { severity: 'minor', text: 'a path that exists on one machine only' } : null,
  ),
  lineRule('left-out', ({ comment }) =>
    leftOut.test(comment) ? { severity: 'major', text: 'a comment stands in place of code that was left out' } : null,
  ),
  lineRule('todo', ({ comment }) => {
    if (!/\b(?:TODO|FIXME|XXX|HACK)\b/.test(comment)) return null;
    const undone = /\bimplement|\b(?:finish|complete|not done|missing)\b/i.test(comment);
    return {
      severity: undone ? 'major' : 'minor',
      text: `work left to do: ${comment.replace(/^\W+/, '').slice(0, 80)}`,
    };
  }),
  lineRule('sql-from-text', ({ text, code }) => {
    const call = /\b(?:execute|executemany|executescript|query|raw)\s*\(\s*(.*)$/.exec(text);
    if (call === null || !/\b(?:execute|executemany|executescript|query|raw)\s*\(/.test(code)) return null;
    const argument = call[1] ?? '';
    const isSql = /\b(?:SELECT|INSERT|UPDATE|DELETE|DROP|CREATE)\b/i.test(argument);
    const isJoined = /^f["'].*\{|["']\s*(?:\+|%)\s*\(?\w|["']\.format\(|\+\s*["']|`[^`]*\$\{/.test(argument);
    return isSql && isJoined ? { severity: 'major', text: 'values are put into the SQL text: use parameters' } : null;
  }),
];
