import { describe, expect, it } from 'vitest';
import { readScript, topLevelPieces } from '../../../../../src/agents/code/javascript/read-script.js';

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

  it('splits at the left margin, whatever stands inside quotes', () => {
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
});
