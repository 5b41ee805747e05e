import { describe, expect, it } from 'vitest';
import type { AgentModel } from '../../../src/agents/agent.js';
import { handoverText } from '../../../src/agents/handover-text.js';
import type { WorkOrder } from '../../../src/protocol/messages.js';

const large = { name: 'coder:14b', supportsTools: true, contextTokens: 8_192 };

function textOf(order: Partial<WorkOrder>, model = large): string {
  const whole = { handover: [], definitionOfDone: [], partOf: null, ...order } as unknown as WorkOrder;
  return handoverText({ order: whole, model: model as AgentModel });
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

  it('is what it is a part of, within the context of a model that can tell the two apart', () => {
    const partOf = `Build a shop.\n${'It sells books and lamps.\n'.repeat(2_000)}Prices are in cents.`;
    expect(textOf({ partOf: 'Build a shop with carts' })).toMatch(
      /only your part.*\n"""\nBuild a shop with carts\n"""$/,
    );
    const text = textOf({ partOf });
    expect(text.length).toBeLessThan((large.contextTokens * 3) / 5);
    expect(text).toContain('Build a shop.');
    expect(text).toContain('Prices are in cents.');
    expect(text).toMatch(/\[… \d+ characters are left out here …\]/);
    expect(textOf({ partOf }, { name: 'coder:0.5b', supportsTools: true, contextTokens: 8_192 })).toBe('');
  });
});
