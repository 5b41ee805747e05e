import { describe, expect, it } from 'vitest';
import { canTransition, formatTaskId, isOver, parseTaskId, taskStatuses } from '../../../src/task/task.js';

describe('parseTaskId', () => {
  it.each([
    ['TASK-001', 'TASK-001'],
    ['task-7', 'TASK-007'],
    [' 7 ', 'TASK-007'],
    ['TASK 12', 'TASK-012'],
    ['task-1234', 'TASK-1234'],
    ['0', null],
    ['TASK-', null],
    ['../TASK-001', null],
    ['TASK-001x', null],
    ['', null],
  ])('%j is %s', (text, id) => {
    expect(parseTaskId(text)).toBe(id);
  });

  it('reads what formatTaskId writes', () => {
    for (const sequence of [1, 42, 999, 1_000, 123_456])
      expect(parseTaskId(formatTaskId(sequence))).toBe(formatTaskId(sequence));
  });
});

describe('transitions', () => {
  it('leave an end only by retry, and done only to run again after a revision', () => {
    for (const to of taskStatuses) {
      expect(canTransition('done', to)).toBe(to === 'blocked');
      expect(canTransition('failed', to)).toBe(to === 'ready' || to === 'blocked');
      expect(canTransition('cancelled', to)).toBe(to === 'ready' || to === 'blocked');
    }
  });

  it('let every state that is not over be cancelled', () => {
    for (const from of taskStatuses) expect(canTransition(from, 'cancelled')).toBe(!isOver(from));
  });
});
