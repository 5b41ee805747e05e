import { describe, expect, it } from 'vitest';
import { codeOf } from '../../../../src/agents/code/answer-code.js';
import { nameOfCall, uniqueNames } from '../../../../src/agents/code/test-name.js';

describe('codeOf', () => {
  it.each([
    ['```python\ndef f():\n    pass\n```\nThat is it.', 'def f():\n    pass'],
    ['Sure:\n```\nx = 1\n```\nand\n```python\ny = 2\n```', 'x = 1\n\ny = 2'],
    ['```python\ndef f():\n    pass', 'def f():\n    pass'],
    ['def f():\n    pass', 'def f():\n    pass'],
    ['```python\n    def f():\n        pass\n```', 'def f():\n    pass'],
    ['I cannot do that.', ''],
    ['', ''],
  ])('of %j', (answer, code) => {
    expect(codeOf(answer)).toBe(code);
  });
});

describe('nameOfCall', () => {
  it.each([
    ["slugify('Hello World')", 'hello_world'],
    ["slugify('')", 'empty_string'],
    ['f([])', 'empty_list'],
    ['f()', 'no_arguments'],
    ['add(-1, 2.5)', 'minus_1_2_point_5'],
    ["f('!!!')", 'case'],
    ["f('Ünïcode')", 'u_ni_code'],
  ])('%s', (call, name) => {
    expect(nameOfCall(call)).toBe(name);
  });

  it('counts names that occur twice', () => {
    expect(uniqueNames(['a', 'b', 'a'])).toEqual(['a', 'b', 'a_2']);
  });
});
