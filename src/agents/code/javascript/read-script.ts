import { balanced } from '../example-text.js';
import type { CaseStep, ClassShape, CodeReading, FunctionShape, ReadOptions, TestCase } from '../language.js';
import { parameterNames } from '../targets.js';

/** A piece of source between two offsets that stands at the left margin. */
export interface TopLevel {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** What it declares; null for a statement. */
  readonly name: string | null;
  readonly kind: 'function' | 'class' | 'import' | 'export' | 'assertion' | 'declaration' | 'statement';
}

/**
 * Reads JavaScript by its layout, without a parser: top-level pieces begin at the left margin and end where their brackets
 * close. Enough for what a model writes; a file laid out otherwise is not merged into but refused.
 */
export function readScript(code: string, options: ReadOptions): CodeReading {
  const pieces = topLevelPieces(code);
  const functions: FunctionShape[] = [];
  const classes: ClassShape[] = [];
  const bodies = pieces.filter((piece) => piece.kind === 'function').map((piece) => piece.text);
  for (const piece of pieces) {
    if (piece.name === null) continue;
    if (piece.kind === 'class') {
      const methods = [...piece.text.matchAll(/^\s+(?:async\s+|static\s+)*(\w+)\([^)]*\)\s*\{/gm)].map(
        (m) => m[1] ?? '',
      );
      classes.push({ name: piece.name, methods });
    } else if (piece.kind === 'function') {
      const inside = /\(([^)]*)\)/.exec(piece.text)?.[1] ?? '';
      const params = parameterNames(inside.replace(/\.\.\./g, '')) ?? [];
      const helper = bodies.some((body) => body !== piece.text && new RegExp(`\\b${piece.name}\\(`).test(body));
      const optional = (inside.match(/=/g) ?? []).length;
      functions.push({
        name: piece.name,
        params,
        optional,
        variadic: inside.includes('...'),
        prints: printsOnly(piece.text),
        helper,
      });
    }
  }
  const names =
    options.functions.length + options.classes.length > 0 ? options.functions : functions.map((f) => f.name);
  const fromLines = [...code.split('\n'), ...(options.lines ?? [])].flatMap((line) => readAssertion(line, names));
  const required = [...code.matchAll(/(?:require\(|from\s+)['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
  return {
    error: null,
    clean: options.keepStatements === true ? code : cleanScript(pieces),
    functions,
    classes,
    cases: unique(fromLines),
    outside: required.filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtins.has(name)),
    readsInput: /\bprompt\(|process\.stdin|readline/.test(code),
  };
}

/** True when it logs something and returns nothing. */
function printsOnly(text: string): boolean {
  return /\bconsole\.log\(/.test(text) && !/\breturn\s+[^;\s]|=>\s*[^{\s]/.test(text);
}

const builtins = new Set([
  'fs',
  'path',
  'os',
  'util',
  'assert',
  'events',
  'crypto',
  'http',
  'https',
  'url',
  'readline',
]);

/** The pieces at the left margin, in order, comments in front of a piece included. */
export function topLevelPieces(code: string): TopLevel[] {
  const lines = code.split('\n');
  const pieces: TopLevel[] = [];
  let offset = 0;
  let index = 0;
  while (index < lines.length) {
    const start = offset;
    let text = '';
    let depth = 0;
    do {
      const line = lines[index] ?? '';
      text += (text === '' ? '' : '\n') + line;
      offset += line.length + 1;
      depth += bracketBalance(line);
      index += 1;
      const comment = /^\s*(\/\/|\/\*|\*)/.test(line);
      if (depth <= 0 && !comment && line.trim() !== '') break;
    } while (index < lines.length);
    if (text.trim() !== '') pieces.push({ text, start, end: start + text.length, ...classify(text) });
  }
  return pieces;
}

function classify(text: string): Pick<TopLevel, 'name' | 'kind'> {
  const body = text.replace(/^(?:\s*(?:\/\/.*|\/\*[\s\S]*?\*\/)\s*\n)*/, '');
  const declared =
    /^(?:export\s+(?:default\s+)?)?(?:async\s+)?function\s*\*?\s*(\w+)/.exec(body) ??
    /^(?:export\s+)?(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*=>|\w+\s*=>)/.exec(body);
  if (declared?.[1] !== undefined) return { name: declared[1], kind: 'function' };
  const klass = /^(?:export\s+(?:default\s+)?)?class\s+(\w+)/.exec(body)?.[1];
  if (klass !== undefined) return { name: klass, kind: 'class' };
  if (/^import\b|^(?:const|let|var)\s+.*=\s*require\(/.test(body)) return { name: null, kind: 'import' };
  if (/^(?:module\.)?exports\b|^export\b/.test(body)) return { name: null, kind: 'export' };
  if (/^(?:console\.)?assert|^expect\(|^(?:test|it|describe)\(/.test(body)) return { name: null, kind: 'assertion' };
  const constant = /^(?:const|let|var)\s+(\w+)/.exec(body)?.[1];
  return constant === undefined ? { name: null, kind: 'statement' } : { name: constant, kind: 'declaration' };
}

/** Opened minus closed brackets of a line, outside of quotes and comments. */
function bracketBalance(line: string): number {
  const bare = line
    .replace(/\\./g, '')
    .replace(/'[^']*'|"[^"]*"|`[^`]*`/g, '')
    .replace(/\/\/.*$/, '')
    .replace(/\/(?![/*])[^/]+\/[gimsuy]*/g, '');
  return (bare.match(/[([{]/g) ?? []).length - (bare.match(/[)\]}]/g) ?? []).length;
}

function cleanScript(pieces: readonly TopLevel[]): string {
  const kept = pieces.filter((piece) => {
    if (piece.kind === 'function' || piece.kind === 'class') return true;
    if (piece.kind === 'import') return !/assert|['"]\.\//.test(piece.text);
    if (piece.kind === 'declaration') {
      return pieces.some((other) => other.kind === 'function' && new RegExp(`\\b${piece.name}\\b`).test(other.text));
    }
    return false;
  });
  const text = kept.map((piece) => piece.text.replace(/^((?:\s*\/\/.*\n)*)export\s+(?:default\s+)?/, '$1').trim());
  return text.length === 0 ? '' : `${text.join('\n\n')}\n`;
}

const equalities = '(?:strictEqual|deepStrictEqual|deepEqual|equal|is)';

/** A case from one line: `assert.strictEqual(f(1), 2);`, `assert(f(1) === 2)`, `expect(f(1)).toBe(2)`, `assert f(1) == 2`. */
function readAssertion(line: string, names: readonly string[]): TestCase[] {
  const text = line.trim().replace(/;?\s*(\/\/.*)?$/, '');
  const pair = operands(text);
  if (pair === null) return [];
  const [call, expected] = pair;
  const name = /^(\w+)\(/.exec(call)?.[1];
  if (name === undefined || !names.includes(name) || !isValue(expected) || balanced(call, name.length) === null)
    return [];
  if (call !== name + balanced(call, name.length)) return [];
  const step: CaseStep = { run: call, check: `assert.deepStrictEqual(${call}, ${expected});`, call, expected };
  return [{ name: null, steps: [step] }];
}

function operands(text: string): [string, string] | null {
  const method = new RegExp(`^(?:assert|t|test)\\.${equalities}\\(`).exec(text);
  if (method !== null) {
    const inside = balanced(text, method[0].length - 1)?.slice(1, -1);
    const [call, expected] = inside === undefined ? [] : splitArguments(inside);
    return call === undefined || expected === undefined ? null : [call, expected];
  }
  const expectation = /^expect\((.+)\)\.to(?:Be|Equal|StrictEqual)\((.+)\)$/.exec(text);
  if (expectation?.[1] !== undefined && expectation[2] !== undefined) return [expectation[1], expectation[2]];
  const call = /^(?:console\.)?assert(?:\.ok)?\(/.exec(text);
  const inside = call === null ? /^assert\s+(.+)$/.exec(text)?.[1] : balanced(text, call[0].length - 1)?.slice(1, -1);
  const condition = inside === undefined ? undefined : call === null ? inside : splitArguments(inside)[0];
  if (condition === undefined) return null;
  const sides = /^(.+\))\s*={2,3}\s*(.+)$/.exec(condition);
  if (sides?.[1] !== undefined && sides[2] !== undefined) return [sides[1].trim(), jsLiteral(sides[2].trim())];
  if (condition.startsWith('!')) return [condition.slice(1), 'false'];
  return /^\w+\(.*\)$/.test(condition) ? [condition, 'true'] : null;
}

/** Examples of a request may be written as Python would. */
function jsLiteral(value: string): string {
  return value === 'True' ? 'true' : value === 'False' ? 'false' : value === 'None' ? 'null' : value;
}

function isValue(text: string): boolean {
  const bare = text.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, '0');
  return (
    /^[\s\d.,:[\]{}()+*/\-\w]*$/.test(bare) &&
    !/\b(?!true|false|null|undefined|NaN|Infinity)[a-zA-Z_]\w*\s*\(/.test(bare)
  );
}

function splitArguments(inside: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at <= inside.length; at += 1) {
    const character = inside.charAt(at);
    if (character === '"' || character === "'" || character === '`') {
      const close = closingQuote(inside, at);
      at = close;
    } else if ('([{'.includes(character) && character !== '') {
      const block = balanced(inside, at);
      if (block === null) return parts;
      at += block.length - 1;
    } else if (character === ',' || at === inside.length) {
      parts.push(inside.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts;
}

function closingQuote(text: string, open: number): number {
  const quote = text.charAt(open);
  for (let at = open + 1; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.charAt(at) === quote) return at;
  }
  return text.length;
}

function unique(cases: readonly TestCase[]): TestCase[] {
  return [...new Map(cases.map((each) => [JSON.stringify(each.steps), each])).values()];
}
