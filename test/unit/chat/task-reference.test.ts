import { describe, expect, it } from 'vitest';
import { describedTasks, namedTaskIds } from '../../../src/chat/task-reference.js';
import { fakeTask } from '../../helpers/fake-supervisor.js';

describe('namedTaskIds', () => {
  it.each([
    ['kill TASK-003', ['TASK-003']],
    ['task 3 and task-12', ['TASK-003', 'TASK-012']],
    ['stop #7 please', ['TASK-007']],
    ['TASK-1234', ['TASK-1234']],
    ['the tasks of today', []],
    ['colour #fff', []],
  ])('%s', (text, ids) => {
    expect(namedTaskIds(text)).toEqual(ids);
  });
});

describe('describedTasks', () => {
  const auth = fakeTask({ id: 'TASK-001', title: 'build a complex authentication system' });
  const page = fakeTask({ id: 'TASK-002', title: 'add a dark mode to the settings page' });

  it.each([
    ['abort the auth thing', ['TASK-001']],
    ['how far is the dark mode?', ['TASK-002']],
    ['stop the build', []],
    ['is it done?', []],
  ])('%s', (text, ids) => {
    expect(describedTasks(text, [auth, page]).map(({ id }) => id)).toEqual(ids);
  });
});
