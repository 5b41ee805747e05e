import { describe, expect, it } from 'vitest';
import { chosenTasks, killTarget } from '../../../src/chat/kill-target.js';
import { fakeTask } from '../../helpers/fake-supervisor.js';

const auth = fakeTask({ id: 'TASK-001', title: 'build an authentication system' });
const page = fakeTask({ id: 'TASK-002', title: 'add a dark mode to the settings page' });
const both = [auth, page];

describe('killTarget', () => {
  it('takes named ids as they are, known or not', () => {
    expect(killTarget('kill TASK-009', both)).toEqual({ kind: 'tasks', ids: ['TASK-009'] });
    expect(killTarget('stop task 1 and task 2', [])).toEqual({ kind: 'tasks', ids: ['TASK-001', 'TASK-002'] });
  });

  it('takes the only one there is', () => {
    for (const order of ['stop', 'stop the build', 'cancel it', 'abort']) {
      expect(killTarget(order, [auth])).toEqual({ kind: 'tasks', ids: ['TASK-001'] });
    }
  });

  it('asks when several could be meant', () => {
    for (const order of ['stop the build', 'cancel it', 'stop']) {
      expect(killTarget(order, both)).toEqual({ kind: 'ambiguous', among: both });
    }
  });

  it('takes the one that is described', () => {
    expect(killTarget('never mind, abort the auth thing', both)).toEqual({ kind: 'tasks', ids: ['TASK-001'] });
  });

  it('takes all of them when told to, in several languages', () => {
    for (const order of ['cancel everything', 'kill them all', 'brich alles ab', 'cancela todo', '停止所有任务']) {
      expect(killTarget(order, both)).toEqual({ kind: 'tasks', ids: ['TASK-001', 'TASK-002'] });
    }
  });

  it('takes a parent for its whole family, and a subtask where that is described', () => {
    const parent = fakeTask({ id: 'TASK-003', title: 'build a todo app', role: 'parent', status: 'blocked' });
    const code = fakeTask({ id: 'TASK-004', title: 'todo.py for the todo app', parentId: 'TASK-003' });
    const tests = fakeTask({ id: 'TASK-005', title: 'unit tests', type: 'test', parentId: 'TASK-003' });
    const family = [tests, code, parent];
    for (const order of ['stop', 'cancel it', 'kill everything', 'abort the todo app']) {
      expect(killTarget(order, family)).toEqual({ kind: 'tasks', ids: ['TASK-003'] });
    }
    expect(killTarget('stop the unit tests', family)).toEqual({ kind: 'tasks', ids: ['TASK-005'] });
  });

  it('finds nothing where nothing is alive', () => {
    expect(killTarget('cancel everything', [])).toEqual({ kind: 'nothing' });
  });
});

describe('chosenTasks', () => {
  it.each([
    ['TASK-002', ['TASK-002']],
    ['2', ['TASK-002']],
    ['1 and 2', ['TASK-001', 'TASK-002']],
    ['the auth one', ['TASK-001']],
    ['all', ['TASK-001', 'TASK-002']],
    ['none', []],
  ])('%s', (reply, ids) => {
    expect(chosenTasks(reply, both)).toEqual(ids);
  });

  it.each(['7', 'what is the capital of France?', 'hello'])('%s is no choice', (reply) => {
    expect(chosenTasks(reply, both)).toBeNull();
  });
});
