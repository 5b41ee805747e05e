import type { Pattern } from 'acorn';
import { balanced } from '../example-text.js';
import type { CaseStep, ClassShape, CodeReading, FunctionShape, ReadOptions, TestCase } from '../language.js';
import { type TopLevel, topLevelPieces } from './top-level.js';

/** What a model's JavaScript holds; what does not parse has an error and nothing else but the cases of its lines. Pure. */
export function readScript(code: string, options: ReadOptions): CodeReading {
  const { pieces, error } = piecesOrError(code);
  const functions: FunctionShape[] = [];
  const classes: ClassShape[] = [];
  const bodies = pieces.filter((piece) => piece.kind === 'function').map((piece) => piece.text);
  for (const piece of pieces) {
    if (piece.name === null) continue;
    if (piece.kind === 'class') classes.push({ name: piece.name, methods: methodsOf(piece) });
    else if (piece.kind === 'function') functions.push(shapeOf(piece, piece.name, bodies));
  }
  const names =
    options.functions.length + options.classes.length > 0 ? options.functions : functions.map((f) => f.name);
  const fromLines = [...code.split('\n'), ...(options.lines ?? [])].flatMap((line) => readAssertion(line, names));
  const required = [...code.matchAll(/(?:require\(|from\s+)['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
  return {
    error,
    clean: options.keepStatements === true ? code : cleanScript(pieces),
    functions,
    classes,
    cases: unique(fromLines),
    outside: required.filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtins.has(name)),
    readsInput: /\bprompt\(|process\.stdin|readline/.test(code),
  };
}

function piecesOrError(code: string): { pieces: TopLevel[]; error: string | null } {
  try {
    return { pieces: topLevelPieces(code), error: null };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { pieces: [], error: error.message };
  }
}

function methodsOf({ node }: TopLevel): string[] {
  if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') return [];
  return node.body.body.flatMap((each) =>
    each.type === 'MethodDefinition' && each.kind === 'method' && each.key.type === 'Identifier' ? [each.key.name] : [],
  );
}

function shapeOf(piece: TopLevel, name: string, bodies: readonly string[]): FunctionShape {
  const { node } = piece;
  const params = 'params' in node ? (node.params as Pattern[]) : [];
  const names = params.map((param, index) => {
    const inner =
      param.type === 'AssignmentPattern' ? param.left : param.type === 'RestElement' ? param.argument : param;
    // A pattern such as `{ a, b }` has no name of its own.
    return inner.type === 'Identifier' ? inner.name : `argument${index + 1}`;
  });
  return {
    name,
    params: names,
    optional: params.filter((param) => param.type === 'AssignmentPattern').length,
    variadic: params.some((param) => param.type === 'RestElement'),
    prints: printsOnly(piece.text),
    helper: bodies.some((body) => body !== piece.text && new RegExp(`\\b${name}\\(`).test(body)),
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

function cleanScript(pieces: readonly TopLevel[]): string {
  const kept = pieces.filter((piece) => {
    if (piece.kind === 'function' || piece.kind === 'class') return true;
    if (piece.kind === 'import') return !/assert|['"]\.\//.test(piece.text);
    if (piece.kind === 'declaration') {
      return pieces.some((other) => other.kind === 'function' && new RegExp(`\\b${piece.name}\\b`).test(other.text));
    }
    return false;
  });
  const text = kept.map(({ text, start, codeStart, exported }) => {
    const comment = text.slice(0, codeStart - start);
    return `${comment}${text.slice(comment.length + exported.length)}`;
  });
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
