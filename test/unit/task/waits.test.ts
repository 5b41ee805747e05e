import { describe, expect, it } from 'vitest';
import { familyWait } from '../../../src/task/waits.js';
import { fakeTask } from '../../helpers/fake-supervisor.js';

const parent = fakeTask({ role: 'parent', status: 'blocked' });
const code = fakeTask({ id: 'TASK-002', parentId: 'TASK-001' });
const test = fakeTask({ id: 'TASK-003', parentId: 'TASK-001', status: 'blocked', dependsOn: ['TASK-002'] });
const review = fakeTask({
  id: 'TASK-004',
  parentId: 'TASK-001',
  type: 'review',
  status: 'ready',
  dependsOn: ['TASK-002'],
});
const family = [parent, code, test, review];

describe('familyWait', () => {
  it('names the subtasks of a parent that are not over', () => {
    const done = { ...code, status: 'done' } as const;
    expect(familyWait(parent, [parent, done, test])).toEqual({ reason: 'subtasks', detail: 'waits for TASK-003' });
    expect(familyWait(parent, [done])).toEqual({ reason: 'subtasks', detail: 'waits for its subtasks' });
  });

  it('names what has to come before', () => {
    expect(familyWait(test, family)).toEqual({ reason: 'dependencies', detail: 'waits for TASK-002' });
    expect(familyWait({ ...test, dependsOn: [] }, family)).toEqual({
      reason: 'dependencies',
      detail: 'waits for TASK-001',
    });
  });

  it('names the reviewer, and holds nobody back who builds on what is reviewed', () => {
    const inReview = { ...code, status: 'in_review' } as const;
    expect(familyWait(inReview, [inReview, review])).toEqual({
      reason: 'review',
      detail: 'waits for its review by TASK-004',
    });
    expect(familyWait(inReview, [])).toEqual({ reason: 'review', detail: 'waits for its review' });
    expect(familyWait(review, [inReview])).toBeNull();
    expect(familyWait({ ...parent, status: 'in_review' }, family)).toBeNull();
  });

  it('puts the question to the user first', () => {
    const asks = { ...test, question: 'Which database?' };
    expect(familyWait(asks, family)).toEqual({ reason: 'question', detail: 'asks: Which database?' });
  });

  it('is silent about a task that waits for a slot alone, runs or is over', () => {
    expect(familyWait(fakeTask({ status: 'ready' }), [])).toBeNull();
    expect(familyWait(code, family)).toBeNull();
    expect(familyWait({ ...test, status: 'failed' }, family)).toBeNull();
  });
});
