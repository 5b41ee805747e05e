import { describe, expect, it } from 'vitest';
import { readScript } from '../../../../../src/agents/code/javascript/read-script.js';
import { topLevelPieces } from '../../../../../src/agents/code/javascript/top-level.js';

const code = `const assert = require('assert');
const limit = 3;

// Turns text round.
function reverse(text) {
  const brackets = '}{(';
  return [...text].reverse().join('') + limit;
}

const twice = (x, times = 2) => {
  return reverse(x).repeat(times);
};

console.log(reverse('abc'));
assert.strictEqual(reverse('ab'), 'ba');
module.exports = { reverse };
`;

describe('readScript', () => {
  it('finds functions with their parameters, and the part worth keeping', () => {
    const reading = readScript(code, { functions: [], classes: [] });
    expect(reading.functions).toEqual([
      { name: 'reverse', params: ['text'], optional: 0, variadic: false, prints: false, helper: true },
      { name: 'twice', params: ['x', 'times'], optional: 1, variadic: false, prints: false, helper: false },
    ]);
    expect(reading.clean).toContain('// Turns text round.\nfunction reverse');
    expect(reading.clean).toContain('const limit = 3;');
    expect(reading.clean).not.toMatch(/assert|console|module/);
  });

  it.each([
    ["assert.strictEqual(f('a, b', [1, 2]), 'x');", "f('a, b', [1, 2])", "'x'"],
    ['assert(f(1) === 2);', 'f(1)', '2'],
    ['console.assert(f(1) == -2, "no");', 'f(1)', '-2'],
    ['expect(f([])).toEqual([]);', 'f([])', '[]'],
    ['assert f(1) == True', 'f(1)', 'true'],
    ['assert.deepStrictEqual(f({ a: 1 }), { b: "2" }); // why', 'f({ a: 1 })', '{ b: "2" }'],
  ])('reads the case %s', (line, call, expected) => {
    const { cases } = readScript('', { functions: ['f'], classes: [], lines: [line] });
    expect(cases.map((each) => [each.steps[0]?.call, each.steps[0]?.expected])).toEqual([[call, expected]]);
  });

  it.each([
    'assert.strictEqual(g(1), 2);',
    'assert.strictEqual(f(1), process.exit());',
    'assert.strictEqual(f(1',
    'assert.strictEqual(f(1).x, 2);',
    'f(1);',
  ])('takes no case from %s', (line) => {
    expect(readScript('', { functions: ['f'], classes: [], lines: [line] }).cases).toEqual([]);
  });

  it('says why something does not parse, and still reads the cases of its lines', () => {
    const reading = readScript('function f(x) { return x; }}\nassert.strictEqual(f(1), 1);', {
      functions: ['f'],
      classes: [],
    });
    expect(reading.error).toContain('Unexpected token (1:27)');
    expect(reading).toMatchObject({ clean: '', functions: [] });
    expect(reading.cases).toHaveLength(1);
  });

  it('reads parameters of every form', () => {
    const { functions } = readScript('export const f = ({ a }, [b] = [], c = { d: 1 }, ...rest) => a;', {
      functions: [],
      classes: [],
    });
    expect(functions).toEqual([
      {
        name: 'f',
        params: ['argument1', 'argument2', 'c', 'rest'],
        optional: 2,
        variadic: true,
        prints: false,
        helper: false,
      },
    ]);
  });

  it('names the methods of a class, and nothing else of it', () => {
    const code =
      'class A {\n  #x = 1;\n  constructor() { if (this.#x) { this.go(); } }\n  get y() { return 1; }\n  async go() { for (;;) {} }\n  static make() {}\n}';
    expect(readScript(code, { functions: [], classes: [] }).classes).toEqual([{ name: 'A', methods: ['go', 'make'] }]);
  });
});

describe('topLevelPieces', () => {
  it('tells what each statement is', () => {
    expect(topLevelPieces(code).map((piece) => `${piece.kind} ${piece.name ?? ''}`.trim())).toEqual([
      'import',
      'declaration limit',
      'function reverse',
      'function twice',
      'statement',
      'assertion',
      'export',
    ]);
  });

  it('takes the comment right above a statement, not what stands behind other code or apart', () => {
    const text = '// The file.\n\nconst a = 1; // of a\n/** Of f. */\n// More.\nfunction f() {}\n';
    expect(topLevelPieces(text).map((piece) => piece.text)).toEqual([
      'const a = 1;',
      '/** Of f. */\n// More.\nfunction f() {}',
    ]);
  });

  it('reads modules, scripts with a return, hashbangs and templates', () => {
    expect(topLevelPieces('import x from "y";\nawait x();')).toHaveLength(2);
    expect(topLevelPieces('#!/usr/bin/env node\nif (a) return;\nwith (b) c();')).toHaveLength(2);
    expect(topLevelPieces('const f = () => `$' + '{a.b({ c: "}" })}`;\n\nf();').map((piece) => piece.kind)).toEqual([
      'function',
      'statement',
    ]);
  });
});
