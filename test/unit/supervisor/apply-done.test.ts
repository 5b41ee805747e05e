import { describe, expect, it } from 'vitest';
import { appliedText } from '../../../src/supervisor/apply-done.js';
import type { SupervisorOptions } from '../../../src/supervisor/supervisor-options.js';
import type { CheckResult } from '../../../src/task/definition-of-done.js';
import type { Task } from '../../../src/task/task.js';

const store = { tasks: { outcomeOf: async () => null } } as unknown as SupervisorOptions['store'];
const task = (checks: readonly CheckResult[]): Task =>
  ({ id: 'TASK-001', status: 'done', parentId: null, definitionOfDone: checks }) as unknown as Task;
const check = (count: number, names: readonly string[]): CheckResult => ({
  check: 'tests_pass',
  passed: true,
  evidence: { ran: 3, failed: count, broken: { count, names } },
});
const applyDone = async (): Promise<string> => 'Applied.';

describe('appliedText', () => {
  it('applies what breaks no test', async () => {
    expect(await appliedText({ store, applyDone }, task([check(0, [])]))).toBe('Applied.');
    expect(await appliedText({ store, applyDone }, task([]))).toBe('Applied.');
  });

  it('asks first where tests that passed fail now', async () => {
    const checks = [check(0, []), check(2, ['test_add', 'test_mul'])];
    expect(await appliedText({ store, applyDone }, task(checks))).toBe(
      'Not applied by itself: 2 tests that passed before fail now: test_add, test_mul. ' +
        '`wilson apply TASK-001` applies it all the same.',
    );
    expect(await appliedText({ store, applyDone: null }, task(checks))).toBeUndefined();
  });
});
