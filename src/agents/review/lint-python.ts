import type { CodeLine } from './code-lines.js';
import { type LintHit, type LintRule, lineRule } from './lint-rules.js';

interface Definition {
  readonly name: string;
  readonly at: number;
  readonly line: number;
  /** Last line of the body that is shown. */
  readonly to: number;
  /** The lines of the body, without the docstring, blank lines and comments. */
  readonly body: readonly CodeLine[];
  readonly decorated: boolean;
}

/** The functions whose beginning is among the lines, each with its body as far as it is shown. */
function definitions(lines: readonly CodeLine[]): Definition[] {
  return lines.flatMap((start, at) => {
    const name = /^\s*(?:async\s+)?def\s+(\w+)/.exec(start.code)?.[1];
    if (name === undefined) return [];
    const opened = endOfHead(lines, at);
    if (opened === null) return [];
    const { next, inline } = opened;
    let to = start.line;
    const body: CodeLine[] = inline === '' ? [] : [{ ...start, text: inline, code: inline, comment: '' }];
    for (let index = next; index < lines.length; index += 1) {
      const each = lines[index];
      if (each === undefined || (each.code.trim() !== '' && each.indent <= start.indent)) break;
      if (each.code.trim() === '') continue;
      body.push(each);
      to = each.line;
    }
    const before = lines[at - 1];
    const decorated = before?.code.trim().startsWith('@') === true && before.indent === start.indent;
    return [{ name, at, line: start.line, to, body: withoutDocstring(body), decorated }];
  });
}

/** Where the body begins, and what stands on the same line; null when the head is not shown whole. */
function endOfHead(lines: readonly CodeLine[], at: number): { next: number; inline: string } | null {
  let depth = 0;
  for (let index = at; index < Math.min(lines.length, at + 30); index += 1) {
    const code = lines[index]?.code ?? '';
    for (let column = 0; column < code.length; column += 1) {
      const character = code[column] ?? '';
      if ('([{'.includes(character)) depth += 1;
      else if (')]}'.includes(character)) depth -= 1;
      else if (character === ':' && depth === 0) return { next: index + 1, inline: code.slice(column + 1).trim() };
    }
  }
  return null;
}

function withoutDocstring(body: readonly CodeLine[]): readonly CodeLine[] {
  const mark = /^\s*[rbuRBU]?("""|'''|"|')/.exec(body[0]?.code ?? '')?.[1];
  if (mark === undefined) return body;
  // Text inside of strings is blanked, so the docstring's lines are the ones up to the second mark.
  let marks = 0;
  for (const [index, { code }] of body.entries()) {
    marks += code.split(mark).length - 1;
    if (marks >= 2) return body.slice(index + 1);
  }
  return [];
}

const emptyStatement = /^\s*(?:pass|\.\.\.)\s*$/;
const notImplemented = /^\s*raise\s+NotImplementedError\b/;

const stubs: LintRule = {
  id: 'stub',
  find: (lines, { isTest }) =>
    definitions(lines).flatMap((each): LintHit[] => {
      const [only, second] = each.body;
      // A docstring alone is a body too, and a body that is not shown is not known to be one.
      const isShown = lines.slice(each.at + 1).some(({ code }) => code.trim() !== '');
      if (second !== undefined || !isShown || each.decorated || /^__\w+__$/.test(each.name)) return [];
      if (only !== undefined && !emptyStatement.test(only.code) && !notImplemented.test(only.code)) return [];
      const isHook =
        (isTest && !each.name.startsWith('test')) || /^_?no_?op/.test(each.name) || isMadeToBeReplaced(lines, each.at);
      const severity = isHook ? 'minor' : 'major';
      const what =
        only !== undefined && notImplemented.test(only.code) ? 'only raises NotImplementedError' : 'does nothing';
      return [{ line: each.line, to: each.to, severity, text: `${each.name} ${what}: its body is missing` }];
    }),
};

/** A method of a class that others of the same file build on, or that is named as a base, is there to be replaced. */
function isMadeToBeReplaced(lines: readonly CodeLine[], at: number): boolean {
  const indent = lines[at]?.indent ?? 0;
  if (indent === 0) return false;
  const owner = lines.slice(0, at).findLast((each) => /^\s*class\s+\w/.test(each.code) && each.indent < indent);
  const [, name, bases = ''] = /^\s*class\s+(\w+)\s*(?:\(([^)]*)\))?/.exec(owner?.code ?? '') ?? [];
  if (name === undefined) return false;
  if (
    /Base|Abstract|Mixin|Interface|Handler|Visitor|Listener|Observer|Protocol|Plugin/.test(name) ||
    /\b(?:ABC|ABCMeta|Protocol)\b/.test(bases)
  ) {
    return true;
  }
  return lines.some(({ code }) => new RegExp(`^\\s*class\\s+\\w+\\s*\\([^)]*\\b${name}\\b`).test(code));
}

const hollowTests: LintRule = {
  id: 'test-without-assertion',
  find: (lines, { isTest }) =>
    definitions(lines).flatMap((each): LintHit[] => {
      if (!isTest || !/^test(?:_|[A-Z0-9]|$)/.test(each.name) || each.body.length === 0) return [];
      if (
        each.body.some(({ code }) =>
          /\bassert|\.fail\(|\braises?\b|\bwarns\(|\bexpect|\bcheck\w*\(|\bverify\w*\(/i.test(code),
        )
      )
        return [];
      if (each.body.every(({ code }) => emptyStatement.test(code))) return [];
      return [
        { line: each.line, to: each.to, severity: 'major', text: `${each.name} asserts nothing, so it cannot fail` },
      ];
    }),
};

/** Whoever says why an error does not matter has thought about it. */
function isExplained(lines: readonly CodeLine[], at: number): boolean {
  return lines
    .slice(at, at + 3)
    .some(({ comment }) => /\w+\W+\w+/.test(comment) && !/\b(?:TODO|FIXME)\b/.test(comment));
}

const swallowed: LintRule = {
  id: 'swallowed-error',
  find: (lines) =>
    lines.flatMap((each, at): LintHit[] => {
      const caught = /^\s*except\b\s*(.*?)\s*:\s*(.*)$/.exec(each.code);
      if (caught === null) return [];
      const [, what = '', inline = ''] = caught;
      const isAll = what === '' || /^\(?\s*(?:Base)?Exception\b/.test(what);
      if (!isAll) return [];
      const body = inline === '' ? (lines.slice(at + 1).find(({ code }) => code.trim() !== '')?.code ?? '') : inline;
      if (emptyStatement.test(body) && isExplained(lines, at)) return [];
      if (emptyStatement.test(body)) {
        const to = (lines.slice(at + 1).find(({ code }) => code.trim() !== '') ?? each).line;
        return [{ line: each.line, to, severity: 'major', text: 'every error is caught and nothing is done about it' }];
      }
      if (what !== '') return [];
      return [
        { line: each.line, severity: 'minor', text: 'a bare except also catches Ctrl-C and the end of the program' },
      ];
    }),
};

const unusedImports: LintRule = {
  id: 'unused-import',
  find: (lines, { isWhole, path }) => {
    if (!isWhole || path.endsWith('__init__.py')) return [];
    const all = lines.map(({ code }) => code);
    return lines.flatMap((each, at): LintHit[] => {
      const names = importedNames(each.code);
      if (names.length === 0 || each.indent > 0 || /noqa/.test(each.comment)) return [];
      const rest = all.filter((_, index) => index !== at).join('\n');
      // A name in `__all__` or in a quoted annotation is a use that blanked strings hide.
      const isUsed = (name: string): boolean =>
        new RegExp(`\\b${name}\\b`).test(rest) ||
        lines.some(({ text }, index) => index !== at && text.includes(`'${name}`)) ||
        lines.some(({ text }, index) => index !== at && text.includes(`"${name}`));
      const unused = names.filter((name) => !isUsed(name));
      if (unused.length === 0) return [];
      return [{ line: each.line, severity: 'minor', text: `${unused.join(', ')} is imported and never used` }];
    });
  },
};

function importedNames(code: string): string[] {
  const from = /^from\s+(\S+)\s+import\s+([^(]+)$/.exec(code);
  if (from?.[1] === '__future__') return [];
  const list = from?.[2] ?? /^import\s+(.+)$/.exec(code)?.[1];
  if (list === undefined) return [];
  return list.split(',').flatMap((part) => {
    const [name = '', alias] = part.trim().split(/\s+as\s+/);
    const bound = (alias ?? name).split('.')[0] ?? '';
    return /^\w+$/.test(bound) ? [bound] : [];
  });
}

/** Rules for Python. */
export const pythonRules: readonly LintRule[] = [
  stubs,
  hollowTests,
  swallowed,
  unusedImports,
  lineRule('runs-input', ({ code, text }) => {
    const call = /(?<![\w.])(eval|exec)\s*\(\s*(.*)/.exec(code);
    if (call === null || /^(?:["'])/.test(call[2] ?? '')) return null;
    const fromOutside = /\binput\s*\(|\bargv\b|\brequest\b/.test(text);
    return {
      severity: fromOutside ? 'blocker' : 'major',
      text: `${call[1]} runs ${fromOutside ? 'what a user types' : 'a text'} as code`,
    };
  }),
  lineRule('shell', ({ code, text }) => {
    if (/\bshell\s*=\s*True\b/.test(code))
      return { severity: 'major', text: 'a command goes through a shell (shell=True): give a list of arguments' };
    if (!/\bos\.(?:system|popen)\s*\(/.test(code)) return null;
    const isFixed = /\bos\.(?:system|popen)\s*\(\s*(["'])[^"'{%]*\1\s*\)/.test(text);
    return isFixed
      ? null
      : { severity: 'major', text: 'a command line is put together from values and goes through a shell' };
  }),
  lineRule('unsafe-load', ({ code }) => {
    if (/\bpickle\.loads?\s*\(/.test(code))
      return { severity: 'minor', text: 'pickle runs code from the data that it loads' };
    if (/\byaml\.load\s*\((?!.*Loader)/.test(code))
      return { severity: 'major', text: 'yaml.load without a safe loader runs code from the file' };
    return /\bverify\s*=\s*False\b/.test(code)
      ? { severity: 'major', text: 'the certificate of the server is not checked' }
      : null;
  }),
  lineRule('breakpoint', ({ code }) =>
    /(?<![\w.])breakpoint\s*\(\)|\bpdb\.set_trace\s*\(/.test(code)
      ? { severity: 'major', text: 'a breakpoint was left in' }
      : null,
  ),
  lineRule('print', ({ code, indent }, { isTest, isProgram }) =>
    !isTest && !isProgram && indent > 0 && /(?<![\w.])print\s*\(/.test(code)
      ? { severity: 'minor', text: 'code that is imported prints' }
      : null,
  ),
  lineRule('mutable-default', ({ code }) =>
    /^\s*(?:async\s+)?def\s+\w+\(.*=\s*(?:\[\s*\]|\{\s*\}|list\(\)|dict\(\)|set\(\))\s*[,)]/.test(code)
      ? { severity: 'minor', text: 'the default value is shared by all calls: use None and make it in the body' }
      : null,
  ),
  lineRule('vain-assertion', ({ code, text }) =>
    /^\s*assert\s+True\s*$|\.assertTrue\(\s*True\s*\)|\.assertFalse\(\s*False\s*\)/.test(code) ||
    /\.assertEqual\(\s*([\w"']+)\s*,\s*\1\s*\)/.test(text)
      ? { severity: 'major', text: 'this assertion holds whatever the code does' }
      : null,
  ),
  lineRule('skipped-test', ({ code }, { isTest }) =>
    isTest && /@\s*(?:unittest\.skip|pytest\.mark\.(?:skip|xfail))\b(?!If|Unless|if|unless)/.test(code)
      ? { severity: 'major', text: 'a test is switched off' }
      : null,
  ),
];
