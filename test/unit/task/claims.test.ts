import { describe, expect, it } from 'vitest';
import { claimedChecks, overstatedFigures } from '../../../src/task/claims.js';
import type { CheckEvidence, CheckResult } from '../../../src/task/definition-of-done.js';

function seen(evidence: CheckEvidence): CheckResult[] {
  return [
    { check: 'files_changed', passed: true, evidence: {} },
    { check: 'tests_pass', passed: true, evidence },
  ];
}

describe('what closing words claim', () => {
  it('is checked like a proposal', () => {
    expect(claimedChecks('code', 'Wrote a.py. All tests pass.')).toEqual([
      { check: 'file_exists', paths: ['a.py'] },
      { check: 'tests_pass' },
    ]);
    expect(claimedChecks('test', '3 tests ran and passed')).toEqual([{ check: 'tests_pass' }]);
    expect(claimedChecks('general', 'The tests in test_a.py ran and passed')).toEqual([{ check: 'tests_pass' }]);
    expect(claimedChecks('code', 'a.py was mended; two tests do not pass yet')).toEqual([]);
    expect(claimedChecks('code', 'The tests were not run, so nobody knows whether they pass')).toEqual([]);
  });

  it('is nothing where a report tells of others', () => {
    expect(claimedChecks('analysis', 'The log says that 12 tests passed and wrote out.txt')).toEqual([]);
    expect(overstatedFigures('research', '12 tests passed, 95% coverage', [])).toEqual([]);
  });
});

describe('figures that nobody counted', () => {
  it('are more tests than ran', () => {
    expect(overstatedFigures('code', 'Done: 12 tests ran and passed.', seen({ ran: 1 }))).toEqual([
      'the summary tells of 12 tests that passed, 1 ran',
    ]);
    expect(overstatedFigures('code', 'Done: 12 tests ran and passed.', [])).toHaveLength(1);
    expect(overstatedFigures('code', 'Done: 12 tests ran and passed.', seen({ ran: 12 }))).toEqual([]);
    expect(overstatedFigures('code', '12 tests failed before', seen({ ran: 1 }))).toEqual([]);
  });

  it('are a coverage above the one that was measured, or that nobody measured', () => {
    const said = 'slugify.py is done, with 95% coverage';
    expect(overstatedFigures('code', said, seen({ coverage: 50 }))).toEqual([
      'the summary tells of a coverage of 95%, 50% was measured',
    ]);
    expect(overstatedFigures('test', 'coverage is 80%', seen({}))).toEqual([
      'the summary tells of a coverage of 80%, none was measured',
    ]);
    expect(overstatedFigures('test', '95% covered', seen({ coverage: 94.4 }))).toEqual([]);
    expect(overstatedFigures('test', 'It was 20% covered', seen({}))).toEqual([]);
  });
});
