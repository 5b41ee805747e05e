import type { CodeLine } from './code-lines.js';
import { type LintHit, type LintRule, lineRule } from './lint-rules.js';

interface Block {
  /** The code between the braces, strings and comments blanked. */
  readonly inside: string;
  /** Its last line, as an index. */
  readonly end: number;
}

/** A longer block holds enough to be no stub and no empty test. */
const blockLines = 200;

/** The block whose `{` comes first at or after a column of a line; null when it is not shown whole. */
function blockAt(lines: readonly CodeLine[], from: number, column: number): Block | null {
  let depth = 0;
  let inside = '';
  for (let index = from; index < Math.min(lines.length, from + blockLines); index += 1) {
    const code = lines[index]?.code ?? '';
    for (let at = index === from ? column : 0; at < code.length; at += 1) {
      const character = code[at] ?? '';
      if (character === '}') depth -= 1;
      if (character === '}' && depth === 0) return { inside, end: index };
      if (depth > 0) inside += character;
      if (character === '{') depth += 1;
      else if (depth === 0 && /[;=]/.test(character) && code[at + 1] !== '>') return null;
    }
    if (depth > 0) inside += '\n';
  }
  return null;
}

const stubs: LintRule = {
  id: 'stub',
  find: (lines) =>
    lines.flatMap((each, at): LintHit[] => {
      const head =
        /^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*(\w+)\s*\([^)]*\)\s*(?::\s*[\w<>[\]| ]+)?(?=\{)/.exec(
          each.code,
        );
      if (head === null) return [];
      const block = blockAt(lines, at, head.index + head[0].length);
      if (block === null || /^_?no_?op?/i.test(head[1] ?? '') || isExplained(lines, at, block.end)) return [];
      const what = /^\s*$/.test(block.inside)
        ? 'does nothing'
        : /^\s*throw new Error\(\s*["'`]\s*["'`]\s*\);?\s*$/.test(block.inside) && isUndone(lines, at)
          ? 'only throws that it is not implemented'
          : null;
      return what === null
        ? []
        : [
            {
              line: each.line,
              to: lines[block.end]?.line ?? each.line,
              severity: 'major',
              text: `${head[1]} ${what}: its body is missing`,
            },
          ];
    }),
};

/** Whoever says why there is nothing to do has thought about it. */
function isExplained(lines: readonly CodeLine[], from: number, to: number): boolean {
  return lines
    .slice(from, to + 1)
    .some(({ comment }) => /\w+\W+\w+/.test(comment) && !/\b(?:TODO|FIXME|implement)/i.test(comment));
}

function isUndone(lines: readonly CodeLine[], at: number): boolean {
  return lines.slice(at, at + 4).some(({ text }) => /not (?:yet )?implemented|implement me|todo/i.test(text));
}

const swallowed: LintRule = {
  id: 'swallowed-error',
  find: (lines) =>
    lines.flatMap((each, at): LintHit[] => {
      const head = /\bcatch\s*(?:\([^)]*\))?\s*(?=\{)/.exec(each.code);
      if (head === null) return [];
      const block = blockAt(lines, at, head.index + head[0].length);
      if (block === null || block.inside.trim() !== '' || isExplained(lines, at, block.end)) return [];
      return [
        {
          line: each.line,
          to: lines[block.end]?.line ?? each.line,
          severity: 'major',
          text: 'every error is caught and nothing is done about it',
        },
      ];
    }),
};

const hollowTests: LintRule = {
  id: 'test-without-assertion',
  find: (lines, { isTest }) =>
    lines.flatMap((each, at): LintHit[] => {
      const head = /^\s*(?:test|it)\s*\(/.exec(each.code);
      const arrow = each.code.search(/(?:=>|\bfunction\b[^{]*)\s*\{/);
      if (!isTest || head === null || arrow < 0) return [];
      const block = blockAt(lines, at, each.code.indexOf('{', arrow));
      if (block === null || /\bassert|\bexpect\b|\bt\.\w+|\bshould\b|\bthrow|\breject/i.test(block.inside)) return [];
      // What is awaited may reject, which is a failure too.
      const severity = /\bawait\b/.test(block.inside) ? 'minor' : 'major';
      return [
        { line: each.line, to: lines[block.end]?.line ?? each.line, severity, text: 'this test asserts nothing' },
      ];
    }),
};

const unusedImports: LintRule = {
  id: 'unused-import',
  find: (lines, { isWhole }) => {
    if (!isWhole) return [];
    return lines.flatMap((each, at): LintHit[] => {
      const names = importedNames(each.code);
      if (names.length === 0) return [];
      // A use within a template string is blanked, so the text itself is looked at.
      const rest = lines
        .filter((_, index) => index !== at)
        .map(({ text }) => text)
        .join('\n');
      const unused = names.filter(
        (name) => !new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(rest),
      );
      if (unused.length === 0) return [];
      return [{ line: each.line, severity: 'minor', text: `${unused.join(', ')} is imported and never used` }];
    });
  },
};

function importedNames(code: string): string[] {
  const braces =
    /^(?:import|const|let|var)\s+(?:(\w+)\s*,\s*)?\{([^}]*)\}\s*(?:from\b|=\s*(?:await\s+)?(?:require|import)\()/.exec(
      code,
    );
  const whole = /^(?:import\s+(?:\*\s+as\s+)?|(?:const|let|var)\s+)([\w$]+)\s*(?:from\b|=\s*require\()/.exec(code);
  const list = braces === null ? [whole?.[1] ?? ''] : [braces[1] ?? '', ...(braces[2] ?? '').split(',')];
  return list.flatMap((part) => {
    const name =
      part
        .trim()
        .split(/\s+as\s+|\s*:\s*/)
        .at(-1) ?? '';
    return /^[\w$]+$/.test(name) ? [name] : [];
  });
}

/** Rules for JavaScript and TypeScript. */
export const javascriptRules: readonly LintRule[] = [
  stubs,
  swallowed,
  hollowTests,
  unusedImports,
  lineRule('runs-input', ({ code, text }) => {
    const call = /(?<![\w.$])(eval|new Function)\s*\(\s*(.*)/.exec(code);
    if (call === null || /^["']/.test(call[2] ?? '')) return null;
    const fromOutside = /\breq(?:uest)?\.|\bargv\b|\blocation\b/.test(text);
    return {
      severity: fromOutside ? 'blocker' : 'major',
      text: `${call[1]} runs ${fromOutside ? 'what comes from outside' : 'a text'} as code`,
    };
  }),
  lineRule('shell', ({ code, text }) => {
    if (
      !/(?<![\w$])(?:child_process\.)?(?:exec|execSync)\s*\(/.test(code) ||
      /\.exec\s*\(/.test(code.replace(/child_process\./g, ''))
    )
      return null;
    const isJoined = /\bexec(?:Sync)?\s*\(\s*(?:`[^`]*\$\{|["'][^"']*["']\s*\+|\w+\s*\+)/.test(text);
    return isJoined
      ? { severity: 'major', text: 'a command line is put together from values and goes through a shell' }
      : null;
  }),
  lineRule('raw-html', ({ text, code }) =>
    /\.(?:innerHTML|outerHTML)\s*\+?=|\bdocument\.write\s*\(/.test(code) &&
    /\$\{|\+\s*\w|=\s*\w+(?:\.\w+)*\s*;?\s*$/.test(text)
      ? { severity: 'minor', text: 'text becomes HTML unescaped: use textContent where it comes from users' }
      : null,
  ),
  lineRule('breakpoint', ({ code }) =>
    /^\s*debugger\s*;?\s*$/.test(code) ? { severity: 'major', text: 'a breakpoint was left in' } : null,
  ),
  lineRule('print', ({ code, indent }, { isTest, isProgram }) =>
    !isTest && !isProgram && indent > 0 && /\bconsole\.(?:log|debug)\s*\(/.test(code)
      ? { severity: 'minor', text: 'code that is imported prints' }
      : null,
  ),
  lineRule('vain-assertion', ({ code }) =>
    /\bexpect\(\s*true\s*\)\.\w+\(\s*true\s*\)|\bassert(?:\.ok|\.equal|\.strictEqual)?\(\s*true\s*(?:,\s*true\s*)?\)/.test(
      code,
    )
      ? { severity: 'major', text: 'this assertion holds whatever the code does' }
      : null,
  ),
  lineRule('skipped-test', ({ code }, { isTest }) =>
    isTest && /\b(?:test|it|describe)\.(?:skip|todo)\s*\(|^\s*x(?:it|describe)\s*\(/.test(code)
      ? { severity: 'major', text: 'a test is switched off' }
      : null,
  ),
  lineRule('only-test', ({ code }, { isTest }) =>
    isTest && /\b(?:test|it|describe)\.only\s*\(/.test(code)
      ? { severity: 'major', text: 'all other tests are switched off by .only' }
      : null,
  ),
];
