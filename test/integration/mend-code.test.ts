import { describe, expect, it } from 'vitest';
import { type AgentRun, agentRig } from '../helpers/agent-rig.js';
import { type AgentScript, question } from '../helpers/scripted-model.js';

const rig = agentRig();

const run = (description: string, files: Readonly<Record<string, string>>, script: AgentScript): Promise<AgentRun> =>
  rig.run(description, script, { files });

const block = (code: string, language = 'python'): string => `\`\`\`${language}\n${code}\n\`\`\`\n`;
const asksForCases = (text: string): boolean => /assert statements|test functions/.test(text);

const calc = `"""Small calculator."""


def add(a, b):
    return a + b


def mean(values):
    """The mean of some numbers.

    >>> mean([1, 2, 3])
    2.0
    """
    # Kept as it is.
    return sum(values) / (len(values) - 1)
`;
const undescribed = calc.replace(/\n\n {4}>>>[\s\S]*?"""/, '"""');
const right = 'def mean(values):\n    return sum(values) / len(values)';
const complaint = 'fix the bug in mean in calc.py: it divides by the wrong number';

describe('a fix without a failing test', () => {
  it('is measured by the examples of the docstring, and changes nothing but the body', async () => {
    const { result, text } = await run(complaint, { 'calc.py': calc }, () => block(right));
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(result.summary).toBe('calc.py was mended: mean([1, 2, 3]) gives 2.0 (before: 3.0).');
    expect(result.checks).toEqual([
      { check: 'files_changed', paths: ['calc.py'] },
      { check: 'parses', paths: ['calc.py'] },
    ]);
    expect(text('calc.py')).toBe(calc.replace(/ {4}# Kept[\s\S]*$/, '    return sum(values) / len(values)\n'));
  });

  it('is measured by what the request says a call should give, not by what it gives', async () => {
    const leap = 'def is_leap(year):\n    return year % 4 == 0\n';
    const { result, text } = await run(
      'is_leap(1900) returns True but it should return False. Please fix it.',
      { 'lib/dates.py': leap, 'other.py': 'def f():\n    return 1\n' },
      (_asked, turn) =>
        block(
          turn === 0
            ? 'def is_leap(year):\n    return True'
            : 'def is_leap(year):\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)',
        ),
    );
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(result.summary).toContain('is_leap(1900) gives False (before: True)');
    expect(text('lib/dates.py')).toContain('year % 400 == 0');
  });

  it('is measured by test cases of the model where nothing else says what is right', async () => {
    const cases = 'assert mean([2, 4]) == 3\nassert mean([5, 5, 5]) == 5\nassert mean([1]) == 1';
    const { result, text } = await run(complaint, { 'calc.py': undescribed }, (asked) =>
      block(asksForCases(question(asked)) ? cases : right),
    );
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(result.summary).toMatch(
      /^calc\.py was mended: mean\(\[2, 4\]\) gives 3 \(before: 6\.0\), and .*; 1 more trial call/,
    );
    expect(text('calc.py')).toContain('return sum(values) / len(values)\n');
  });

  it('changes nothing when no version is surely right', async () => {
    const wrongCases = 'assert mean([2, 4]) == 7\nassert mean([5]) == 1\nassert mean([1, 3]) == 9';
    const { result, text } = await run(complaint, { 'calc.py': undescribed }, (asked, turn) =>
      block(
        asksForCases(question(asked))
          ? wrongCases
          : `def mean(values):\n    return sum(values) / (len(values) + ${turn})`,
      ),
    );
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NO_USABLE_CODE' } });
    expect(result.error?.hint).toContain('"mean(…) should return …"');
    expect(text('calc.py')).toBe(undescribed);
  });

  it('takes no version that copies the code, or tests what was never there', async () => {
    const cases = 'assert mean([2, 4]).total == 3\nassert mean([1, 1]).total == 1\nassert average([1]) == 1';
    const { result, text } = await run(complaint, { 'calc.py': undescribed }, (asked) =>
      block(
        asksForCases(question(asked))
          ? cases
          : 'class R(float):\n    @property\n    def total(self):\n        return self\n\n\ndef mean(values):\n    return R(sum(values) / len(values))',
      ),
    );
    expect(result.outcome).toBe('failed');
    expect(text('calc.py')).toBe(undescribed);
  });

  it('does not break the tests that pass', async () => {
    const tests =
      'import unittest\nfrom calc import mean\n\n\nclass T(unittest.TestCase):\n    def test_two(self):\n        self.assertEqual(mean([2, 4]), 6)\n';
    const { result, text } = await run(complaint, { 'calc.py': calc, 'test_calc.py': tests }, () => block(right));
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'TESTS_FAILED' } });
    expect(result.error?.message).toBe('1 of 1 tests that passed before fail with the new mean.');
    expect(text('calc.py')).toBe(calc);
  });

  it('keeps what was tried as a test where tests are asked for', async () => {
    const { result, text } = await run(`${complaint}, and add a test for it`, { 'calc.py': calc }, () => block(right));
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(result.checks.at(-1)).toEqual({ check: 'tests_pass', paths: ['test_calc.py'] });
    expect(text('test_calc.py')).toContain('mean([1, 2, 3])');
  });

  it('mends a method in its class', async () => {
    const stack =
      'class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        self.items.append(item)\n\n    def pop(self):\n        return self.items.pop(0)\n';
    const cases =
      'def test_pop():\n    s = Stack()\n    s.push(1)\n    s.push(2)\n    assert s.pop() == 2\n    assert s.pop() == 1';
    const { result, text } = await run(
      'The pop method of Stack takes the oldest item instead of the newest. Fix the bug.',
      { 'stack.py': stack },
      (asked) => block(asksForCases(question(asked)) ? cases : stack.replace('pop(0)', 'pop()')),
    );
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(result.summary).toContain('gives 2 (before: 1)');
    expect(text('stack.py')).toBe(stack.replace('pop(0)', 'pop()'));
  });

  it('mends JavaScript, and leaves the functions around it', async () => {
    const cart =
      '/** Adds up. */\nfunction total(items) {\n  let sum = 0;\n  for (let i = 0; i <= items.length; i++) sum += items[i];\n  return sum;\n}\n\nfunction format(x) {\n  return [x];\n}\n\nmodule.exports = { total, format };\n';
    const mended =
      'function total(items) {\n  let sum = 0;\n  for (let i = 0; i < items.length; i++) sum += items[i];\n  return sum;\n}';
    const cases =
      'assert.deepStrictEqual(total([1, 2]), 3);\nassert.deepStrictEqual(total([]), 0);\nassert.deepStrictEqual(total([5]), 5);';
    const { result, text } = await run('fix the off by one error in total in cart.js', { 'cart.js': cart }, (asked) =>
      block(asksForCases(question(asked)) ? cases : mended, 'javascript'),
    );
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(text('cart.js')).toBe(cart.replace('i <= items', 'i < items'));
  });
});

describe('a fix of nothing that is there', () => {
  it.each([
    ['fix the bug in nothere.py', 'FILE_NOT_FOUND', 'There is no nothere.py.'],
    ['fix the bug please', 'NOTHING_TO_FIX', 'No test fails, and the request names no function or class'],
  ])('%j asks no model', async (request, code, message) => {
    const { result, model } = await run(request, { 'a.py': 'def f():\n    pass\n\n\ndef g():\n    pass\n' }, () => 'x');
    expect(result).toMatchObject({ outcome: 'failed', error: { code, message: expect.stringContaining(message) } });
    expect(model.requests).toHaveLength(0);
  });

  it('says so when the file does not parse or load', async () => {
    const broken = await run('fix the bug in f in a.py', { 'a.py': 'def f(:\n' }, () => 'x');
    expect(broken.result.error?.message).toContain('a.py does not parse: line 1');
    const raising = await run('fix the bug in f in a.py', { 'a.py': 'def f():\n    return 1\n\n\n1 / 0\n' }, () => 'x');
    expect(raising.result.error?.message).toBe('a.py cannot be loaded: ZeroDivisionError: division by zero.');
  });
});

describe('a request without a word of order', () => {
  it('is for something new where it names what is not there', async () => {
    const { result, text } = await run('function is_even(n) in calc.py', { 'calc.py': calc }, (asked) =>
      block(
        asksForCases(question(asked))
          ? 'assert is_even(2) == True\nassert is_even(3) == False'
          : 'def is_even(n):\n    return n % 2 == 0',
      ),
    );
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(text('calc.py')).toContain('def is_even(n):');
    expect(text('calc.py').startsWith(calc.trimEnd())).toBe(true);
  });

  it('is a complaint where it speaks of what is there', async () => {
    const { result, text } = await run('mean([1, 2, 3]) gives 3.0, expected 2.0', { 'calc.py': undescribed }, () =>
      block(right),
    );
    expect(result.summary).toBe('calc.py was mended: mean([1, 2, 3]) gives 2.0 (before: 3.0).');
    expect(text('calc.py')).toContain('sum(values) / len(values)\n');
  });
});

describe('code in another shape', () => {
  it('is refused for a small model, and nothing is changed', async () => {
    const { result, model, text } = await run('In calc.py rename the function add to plus', { 'calc.py': calc }, () =>
      block('def plus(a, b):\n    return a + b'),
    );
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'MODEL_TOO_SMALL' } });
    expect(model.requests).toHaveLength(0);
    expect(text('calc.py')).toBe(calc);
  });
});
