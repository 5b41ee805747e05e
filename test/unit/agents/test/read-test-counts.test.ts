import { describe, expect, it } from 'vitest';
import { unreached } from '../../../../src/agents/test/raise-coverage.js';
import { failedNames, readTestCounts } from '../../../../src/agents/test/read-test-counts.js';

describe('readTestCounts', () => {
  it.each<[string, string, { ran: number; failed: number } | null]>([
    ['unittest', '...\nRan 12 tests in 0.01s\n\nOK (skipped=2)\n', { ran: 10, failed: 0 }],
    ['unittest, failed', 'Ran 4 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n', { ran: 4, failed: 3 }],
    ['pytest', '===== 2 failed, 10 passed, 1 skipped in 0.12s =====\n', { ran: 12, failed: 2 }],
    ['pytest, quiet', '10 passed in 0.12s\n', { ran: 10, failed: 0 }],
    ['pytest, none', '===== no tests ran in 0.01s =====\n', { ran: 0, failed: 0 }],
    ['node, spec', 'ℹ tests 5\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\n', { ran: 4, failed: 1 }],
    ['node, tap', '# tests 1\n# pass 1\n# fail 0\n# cancelled 0\n', { ran: 1, failed: 0 }],
    ['jest', 'Tests:       1 failed, 1 skipped, 4 passed, 6 total\n', { ran: 5, failed: 1 }],
    ['vitest', '\u001b[2m      Tests \u001b[22m 1 failed | 9 passed (10)\n', { ran: 10, failed: 1 }],
    ['mocha', '  5 passing (12ms)\n  1 failing\n', { ran: 6, failed: 1 }],
    [
      'cargo',
      'test result: ok. 3 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n',
      { ran: 6, failed: 2 },
    ],
    ['go -v', '=== RUN TestA\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\n', { ran: 2, failed: 1 }],
    ['go without -v', 'ok  \texample.com/x\t0.003s\n', null],
    ['prose', 'I ran 5 tests and all passed.\n', null],
    ['nothing', '', null],
  ])('reads %s', (_, output, expected) => {
    expect(readTestCounts(output)).toEqual(expected);
  });

  it('names the first five that failed, each once', () => {
    const output =
      'FAIL: test_a (x.T)\nFAIL: test_a (x.T)\nERROR: test_b (x.T)\n--- FAIL: TestC (0.00s)\nnot ok 3 - sums\n';
    expect(failedNames(output)).toEqual(['test_a', 'test_b', 'TestC', 'sums']);
    expect(failedNames('all is well')).toEqual([]);
  });
});

describe('unreached', () => {
  const python = 'import os\n\ndef a():\n    return 1\n\nclass B:\n    def c(self):\n        return 2\n';
  it('names the functions and classes with lines that no test runs', () => {
    const lines = { code: [1, 3, 4, 6, 7, 8], run: [1, 3, 4, 6, 7] };
    expect(unreached(python, 'python', lines)).toEqual([{ kind: 'class', name: 'B', params: null }]);
    expect(unreached(python, 'python', null).map(({ name }) => name)).toEqual(['a', 'B']);
  });

  it('reads JavaScript', () => {
    const script =
      'export function a() {\n}\nconst b = (x) => x;\nclass C {\n}\nexport const d = async () => 1;\nconst e = 5;\n';
    expect(unreached(script, 'javascript', null).map(({ name }) => name)).toEqual(['a', 'b', 'C', 'd']);
  });
});
