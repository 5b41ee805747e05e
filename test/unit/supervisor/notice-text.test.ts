import { describe, expect, it } from 'vitest';
import { evidenceLine, failedChecks } from '../../../src/supervisor/notice-text.js';

describe('evidenceLine', () => {
  it('says what was counted, and names no path twice', () => {
    const line = evidenceLine({
      check: 'tests_pass',
      passed: true,
      evidence: {
        command: 'python3 -m unittest test_a.py',
        exitCode: 0,
        ran: 1,
        failed: 0,
        failsWithoutCode: true,
        paths: ['test_a.py'],
      },
    });
    expect(line).toBe(
      '✓ tests_pass: 1 test run, 0 failed, they fail without the code, `python3 -m unittest test_a.py`',
    );
  });

  it('shows the first line of the reason where a check failed, and the exit code where there is nothing else', () => {
    expect(
      evidenceLine({ check: 'parses', passed: false, evidence: { detail: '\n  File "a.py", line 3\nmore' } }),
    ).toBe('✗ parses: File "a.py", line 3');
    expect(evidenceLine({ check: 'command_succeeds', passed: true, evidence: { exitCode: 0 } })).toBe(
      '✓ command_succeeds: exit code 0',
    );
  });

  it('cuts a long list of paths', () => {
    const paths = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(evidenceLine({ check: 'files_changed', passed: true, evidence: { paths } })).toBe(
      '✓ files_changed: a, b, c, d and 2 more',
    );
  });
});

describe('failedChecks', () => {
  it('are what the next attempt is told', () => {
    const checks = [
      { check: 'files_changed', passed: true, evidence: {} },
      { check: 'tests_pass', passed: false, evidence: { ran: 2, failed: 1, detail: 'AssertionError: 1 != 2' } },
      { check: 'parses' },
    ] as const;
    expect(failedChecks(checks)).toEqual([
      'tests_pass: 2 tests run, 1 failed, AssertionError: 1 != 2\nAssertionError: 1 != 2',
    ]);
  });
});
