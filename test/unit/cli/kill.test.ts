import { describe, expect, it } from 'vitest';
import { kill } from '../../../src/cli/kill.js';
import { capturedIo } from '../../helpers/captured-io.js';
import { plannedFamily } from '../../helpers/family-rig.js';

const plain = { all: false, json: false };

describe('wilson kill of a parent', () => {
  it('takes its subtasks along, and says so of each', async () => {
    const { state, store } = plannedFamily();
    const io = capturedIo(state);
    expect(await kill(['1'], plain, io)).toBe(0);
    expect(io.out.stdout.split('\n').slice(0, -1)).toEqual(
      ['TASK-001', 'TASK-002', 'TASK-003', 'TASK-004'].map((id) => `${id} is cancelled.`),
    );
    expect(store.tasks.unfinishedIds()).toEqual([]);
  });

  it('leaves what was done as it is', async () => {
    const { state, store, claim } = plannedFamily();
    const { attempt } = claim('TASK-002');
    store.tasks.end('TASK-002', attempt, { status: 'done', summary: 's', error: null });
    const io = capturedIo(state);
    expect(await kill(['1'], { ...plain, json: true }, io)).toBe(0);
    const killed = ['TASK-001', 'TASK-003', 'TASK-004'].map((task) => ({ task, result: 'cancelled' }));
    expect(JSON.parse(io.out.stdout)).toEqual({ killed });
    expect(store.tasks.get('TASK-002')?.status).toBe('done');
  });

  it('ends each once, however many of a family are named', async () => {
    for (const [names, all] of [
      [['2', 'TASK-001', '3'], false],
      [[], true],
    ] as const) {
      const { state } = plannedFamily();
      const io = capturedIo(state);
      expect(await kill(names, { ...plain, all }, io)).toBe(0);
      expect(io.out.stdout.match(/is cancelled/g)).toHaveLength(4);
      expect(io.out.stderr).toBe('');
    }
  });

  it('of a subtask ends that one alone', async () => {
    const { state, store } = plannedFamily();
    const io = capturedIo(state);
    expect(await kill(['TASK-003'], plain, io)).toBe(0);
    expect(io.out.stdout).toBe('TASK-003 is cancelled.\n');
    expect(store.tasks.get('TASK-002')?.status).toBe('ready');
  });
});
