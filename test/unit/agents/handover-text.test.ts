import { describe, expect, it } from 'vitest';
import { handoverText } from '../../../src/agents/handover-text.js';
import type { WorkOrder } from '../../../src/protocol/messages.js';

function textOf(order: Partial<Pick<WorkOrder, 'handover' | 'definitionOfDone'>>): string {
  return handoverText({ order: { handover: [], definitionOfDone: [], ...order } as unknown as WorkOrder });
}

describe('what an agent is told besides its request', () => {
  it('is nothing where there is nothing', () => {
    expect(textOf({})).toBe('');
  });

  it('is what others left and the user answered', () => {
    const handover = [
      { from: 'TASK-002 (Code Agent)', text: ' todo.py was written. ' },
      { from: 'user', text: 'SQLite' },
    ];
    expect(textOf({ handover })).toBe(
      '\n\nFrom TASK-002 (Code Agent): todo.py was written.\nThe user answered: SQLite',
    );
  });

  it('is what will be checked', () => {
    const definitionOfDone: WorkOrder['definitionOfDone'] = [
      { check: 'file_exists', paths: ['todo.py'] },
      { check: 'coverage_at_least', percent: 80, paths: ['todo.py'] },
      { check: 'command_succeeds', command: ['python3', 'todo.py', '--help'] },
      { check: 'tests_pass' },
    ];
    expect(textOf({ definitionOfDone })).toBe(
      '\n\nIt is done when there is todo.py, tests cover at least 80% of the lines of todo.py, ' +
        '`python3 todo.py --help` succeeds, the tests pass.',
    );
  });
});
