import { describe, expect, it } from 'vitest';
import { findExamples } from '../../../../src/agents/code/examples.js';

const one = [{ kind: 'function', name: 'f', params: ['x'] } as const];
const two = [{ kind: 'function', name: 'f', params: ['x', 'n'] } as const];

describe('examples behind a call', () => {
  it.each([
    ['f(1) returns 2', '2'],
    ['f(1) == 2', '2'],
    ['f(1) = 2', '2'],
    ['f(1) => 2', '2'],
    ['f(1) ==> True', 'True'],
    ['f(1) -> [1, (2, 3)]', '[1, (2, 3)]'],
    ['f(1) --> None', 'None'],
    ['f(1) ➞ -1.5', '-1.5'],
    ['f(1)   # returns "db1db"', '"db1db"'],
    ['f(1)  # => {"a": 1}', '{"a": 1}'],
    ['f(1)  # 6', '6'],
    ['f(1)  // 6', '6'],
    ['f(1) should return 3.', '3'],
    ['`f(1)` is `7`', '7'],
    ['f(1) would give .5, as one expects', '.5'],
    ['f(1) ->19 - 5 - 6 = 8', '8'],
    ['f(1) == 2 + 3 = 5.', '5'],
    ['f(1) = true', 'true'],
    ["f(1) outputs 'it\\'s'", "'it\\'s'"],
  ])('reads %j', (text, value) => {
    expect(findExamples(`Do it.\n    ${text}\n`, one)).toEqual([`assert f(1) == ${value}`]);
  });

  it.each([
    'f(1) == f(0) + 1',
    'f(1) -> 19 - 5',
    'f(1) is hard to tell',
    'f(1)  # 6 or more, by mood',
    'f(1) then 2',
    'g(1) == 2',
    'self.f(1) == 2',
    'f(1, == 2',
  ])('finds nothing sure in %j', (text) => {
    expect(findExamples(`Do it.\n    ${text}\n`, one)).toEqual([]);
  });
});

describe('doctests', () => {
  const doctest = (...lines: string[]): string[] =>
    findExamples(`def f(x):\n    """Does.\n${lines.map((line) => `    ${line}\n`).join('')}    """\n`, one);

  it('takes the line below, up to the end of the docstring', () => {
    expect(doctest('>>> f([1])', '[2]', '>>> f("a\\nb")', "'b'")).toEqual([
      'assert f([1]) == [2]',
      'assert f("a\\nb") == \'b\'',
    ]);
    expect(findExamples('def f(x):\n    """Does.\n    >>> f(1)\n    2"""', one)).toEqual(['assert f(1) == 2']);
  });

  it('ends with the value, whatever is written below', () => {
    expect(doctest('>>> f([1])', '[2]', 'f(4) => 8', 'and so on')).toEqual([
      'assert f([1]) == [2]',
      'assert f(4) == 8',
    ]);
  });

  it('takes a call and a result over several lines', () => {
    expect(doctest('>>> f([1,', '...    2])', '[[1,', '  2]]')).toEqual(['assert f([1,\n   2]) == ([[1,\n2]]\n)']);
  });

  it('repeats what a name was given before', () => {
    expect(doctest('>>> a = [3]', '>>> b = 1', '>>> f(a)', '[3]')).toEqual(['a = [3]\nassert f(a) == [3]']);
  });

  it('compares what is printed as text, and expects the exception of a traceback', () => {
    expect(doctest('>>> print(f(2))', 'a', 'b')).toEqual(['assert str(f(2)) == "a\\nb"']);
    expect(doctest('>>> f(-1)', 'Traceback (most recent call last):', '  ...', 'ValueError: no')).toEqual([
      'with self.assertRaises(ValueError):\n    f(-1)',
    ]);
  });

  it('takes a comparison at the prompt by its word', () => {
    expect(doctest('>>> f([1]) == -9', '>>> f([0]) == 0', 'True')).toEqual([
      'assert f([1]) == -9',
      'assert f([0]) == 0',
    ]);
  });

  it('leaves out a call that shows nothing', () => {
    expect(doctest('>>> f(1)', '', '>>> f(2)', '3')).toEqual(['assert f(2) == 3']);
  });
});

describe('inputs that are named apart', () => {
  it('reads pairs of input and output', () => {
    expect(findExamples('Example 1:\n  Input: [4,2,3]\n  Output: [2, 1]\n  Explanation: so.', one)).toEqual([
      'assert f([4,2,3]) == [2, 1]',
    ]);
    expect(findExamples('Input:\n  x : [[1, 2], [3, 4]]\n  n : 2\n  Output: 6', two)).toEqual([
      'assert f([[1, 2], [3, 4]], 2) == 6',
    ]);
    expect(findExamples('Input: x = [1,2], n = "a, b"\nOutput: 3', two)).toEqual(['assert f([1,2], "a, b") == 3']);
  });

  it('reads sentences that name every parameter', () => {
    expect(findExamples('For x = "AB" the output should be 1.', one)).toEqual(['assert f("AB") == 1']);
    expect(findExamples('for x = [1, 2] and n = 3, the function should return True', two)).toEqual([
      'assert f([1, 2], 3) == True',
    ]);
  });

  it.each([
    ['Input: 1, 2\nOutput: 3', one],
    ['Input: something\nOutput: 3', one],
    ['For x = 1 the output should be 3', two],
    ['if x = 1 nothing happens', one],
    ['For y = 1 the output should be 3', one],
  ] as const)('leaves %j alone', (text, targets) => {
    expect(findExamples(text, targets)).toEqual([]);
  });
});
