import { describe, expect, it } from 'vitest';
import { findCorrected } from '../../../../src/agents/code/corrected-examples.js';

const targets = [{ kind: 'function', name: 'f', params: null }] as const;

describe('findCorrected', () => {
  it.each([
    ['f(1900) returns True but it should return False. Fix it', ['assert f(1900) == False']],
    ['f([]) crashes with ZeroDivisionError; it must be 0.0 then', ['assert f([]) == 0.0']],
    ["`f('a b')` gives 'a b' instead of 'a-b'", ["assert f('a b') == 'a-b'"]],
    ['f(2) should return 4, not 3', ['assert f(2) == 4']],
    ['f(1) returns 2 and f(2) should give [1, 2]', ['assert f(2) == [1, 2]']],
    ['f(1) returns 2, which is wrong', []],
    ['f(1) returns 2. It should not', []],
    ['g(1) should return 2', []],
    ['f(1', []],
  ])('%j', (text, found) => {
    expect(findCorrected(text, targets)).toEqual(found);
  });

  it('takes empty brackets for a name where the function needs arguments', () => {
    const needing = [{ kind: 'function', name: 'f', params: ['a'] }] as const;
    expect(findCorrected('f() fails for nobody, it should be 0.0 then', needing)).toEqual([]);
    expect(findCorrected('f() should return 3', targets)).toEqual(['assert f() == 3']);
  });
});
