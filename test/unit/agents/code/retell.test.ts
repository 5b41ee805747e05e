import { describe, expect, it } from 'vitest';
import type { TestCase } from '../../../../src/agents/code/language.js';
import { believedCases } from '../../../../src/agents/code/retell.js';

const about = (call: string, expected: string): TestCase => ({
  name: null,
  steps: [{ run: call, check: `assert ${call} == ${expected}`, call, expected }],
});
const never = (): boolean => false;

describe('believedCases', () => {
  const four = about('f(2)', '4');
  const five = about('f(2)', '5');
  const other = about('f(3)', '9');

  it('believes what came up twice', () => {
    expect(believedCases([[five], [four], [four]], never)).toEqual([four]);
    expect(believedCases([[], [four, other], [four, other]], never)).toEqual([four, other]);
  });

  it('believes the first answer where no other says otherwise of that call', () => {
    expect(believedCases([[four], [], [other]], never)).toEqual([four]);
    expect(believedCases([[four], [five], []], never)).toEqual([]);
    expect(believedCases([[], [four], []], never)).toEqual([]);
  });

  it('leaves out what holds already, and what that said against the rest', () => {
    const holds = (test: TestCase): boolean => test === five;
    expect(believedCases([[four], [five], [five]], holds)).toEqual([four]);
    expect(believedCases([[five], [five], [five]], holds)).toEqual([]);
  });
});
