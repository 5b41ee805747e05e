import { describe, expect, it } from 'vitest';
import { failedNames, readTestCounts } from '../../../src/verification/read-test-counts.js';

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
    [
      'maven',
      '[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.05 s - in ATest\n[INFO] Tests run: 5, Failures: 1, Errors: 0, Skipped: 1\n',
      { ran: 4, failed: 1 },
    ],
    ['rspec', '12 examples, 1 failure, 2 pending\n', { ran: 10, failed: 1 }],
    ['minitest', '5 runs, 7 assertions, 1 failures, 0 errors, 1 skips\n', { ran: 4, failed: 1 }],
    ['phpunit', 'OK (5 tests, 7 assertions)\n', { ran: 5, failed: 0 }],
    ['phpunit, failed', 'Tests: 5, Assertions: 7, Failures: 2, Skipped: 1.\n', { ran: 4, failed: 2 }],
    ['dotnet', 'Passed!  - Failed:     0, Passed:     5, Skipped:     0, Total:     5\n', { ran: 5, failed: 0 }],
    [
      'the last one, not what a test has printed',
      'stdout | x.test.ts\n      Tests  99 passed (99)\n\n Test Files  1 passed (1)\n      Tests  1 passed (1)\n',
      { ran: 1, failed: 0 },
    ],
    [
      'no test where node counts a file without any',
      'ok 1 - src/a.test.ts\nok 2 - adds\n# tests 2\n# pass 2\n# fail 0\n# cancelled 0\n',
      { ran: 1, failed: 0 },
    ],
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
