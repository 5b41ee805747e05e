import { describe, expect, it } from 'vitest';
import { fixPrompt, type Situation } from '../../../../src/agents/code/fix-prompt.js';
import { moduleOf } from '../../../../src/agents/code/fix-tests.js';
import type { Language } from '../../../../src/agents/code/language.js';
import { readRequest } from '../../../../src/agents/code/request.js';
import { definitionsIn, headOf, outlineFor } from '../../../../src/agents/code/source-outline.js';

const source = `import os


def add(a, b):
    return a + b


@cache
def mean(
    xs,
):
    """Mean of numbers.

    Empty gives 0.
    """
    return sum(xs) / (len(xs) + 1)
`;

describe('source outline', () => {
  it('finds definitions of Python and JavaScript', () => {
    expect(definitionsIn(source)).toEqual(['add', 'mean']);
    const script = 'export function a() {}\nconst b = (x) => x;\nexport class C {}\nasync function d() {}';
    expect(definitionsIn(script).sort()).toEqual(['C', 'a', 'b', 'd']);
  });

  it('takes the head of a function with its decorators and docstring, and without its body', () => {
    expect(headOf(source, 'mean')).toBe(
      '@cache\ndef mean(\n    xs,\n):\n    """Mean of numbers.\n\n    Empty gives 0.\n    """',
    );
    expect(headOf(source, 'add')).toBe('def add(a, b):');
    expect(headOf('// Adds.\nfunction add(a, b) {\n  return a;\n}', 'add')).toBe('// Adds.\nfunction add(a, b) {');
    expect(headOf(source, 'gone')).toBeNull();
  });

  it('shows a long source by the parts that are mentioned', () => {
    const long = `${source}\n\ndef long():\n${'    pass\n'.repeat(400)}`;
    const shown = outlineFor(long, 'error in mean', 600);
    expect(shown).toContain('len(xs) + 1');
    expect(shown).toContain('def long():\n    ...');
    expect(shown).not.toContain('return a + b');
    expect(outlineFor(source, '', 10_000)).toBe(source);
  });
});

describe('moduleOf', () => {
  const listing = [
    'calc.py',
    'src/text/strings.py',
    'lib/date.js',
    'test_calc.py',
    'tests/test_x.py',
    'test/date.test.js',
  ];
  it.each([
    ['from calc import add', 'tests/test_x.py', 'calc.py'],
    ['import unittest\nfrom src.text.strings import cut', 'tests/test_x.py', 'src/text/strings.py'],
    ['from text.strings import cut', 'tests/test_x.py', 'src/text/strings.py'],
    ["const { d } = require('../lib/date.js');", 'test/date.test.js', 'lib/date.js'],
    ["import { d } from '../lib/date.js';", 'test/date.test.js', 'lib/date.js'],
    ['import unittest', 'test_calc.py', 'calc.py'],
    ['import unittest', 'tests/test_x.py', null],
  ])('of %j', (text, testPath, module) => {
    expect(moduleOf(text, testPath, listing)).toBe(module);
  });
});

describe('fixPrompt', () => {
  const situation: Situation = {
    language: { fence: 'python', name: 'Python' } as Language,
    request: readRequest('fix the failing test in test_calc.py'),
    modulePath: 'calc.py',
    testPath: 'test_calc.py',
    source,
    run: {
      ran: 2,
      failed: 1,
      command: [],
      output: `test_add ... ok\n${'='.repeat(70)}\nFAIL: test_mean\n    self.assertEqual(mean([2, 4]), 3)\nAssertionError: 2.0 != 3`,
    },
    expectations: [
      { name: null, steps: [{ run: '', check: 'x', call: 'mean([2, 4])', expected: '3' }] },
      { name: null, steps: [{ run: '', check: 'x', call: 'add(1, 2)', expected: '3' }] },
    ],
  };

  it('has a small model write the suspect anew from what the tests expect', () => {
    const prompt = fixPrompt(situation, 0, false);
    expect(prompt).toContain('def mean(');
    expect(prompt).toContain('mean([2, 4]) == 3');
    expect(prompt).not.toContain('len(xs) + 1');
    expect(prompt).not.toContain('add(1, 2)');
  });

  it('shows a big model the code and the failure, and takes turns', () => {
    expect(fixPrompt(situation, 0, true)).toContain('len(xs) + 1');
    expect(fixPrompt(situation, 0, true)).toContain('AssertionError: 2.0 != 3');
    expect(fixPrompt(situation, 1, true)).toBe(fixPrompt(situation, 0, false));
  });
});
