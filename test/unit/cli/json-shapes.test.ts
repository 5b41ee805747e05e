import { describe, expect, it } from 'vitest';
import { taskJson } from '../../../src/cli/json-shapes.js';
import { doneTask, sampleTask } from './sample-task.js';

describe('taskJson', () => {
  it('has the keys of the design, all of them, whatever the task went through', () => {
    const keys = [
      'id',
      'title',
      'description',
      'type',
      'status',
      'agent',
      'attempt',
      'modelUsed',
      'provider',
      'usedFallback',
      'fallbackReason',
      'createdAt',
      'startedAt',
      'endedAt',
      'dependsOn',
      'subtasks',
      'definitionOfDone',
      'reviews',
      'artifacts',
      'workspace',
      'summary',
      'error',
      'usage',
      'peakMb',
      'role',
      'parent',
      'question',
      'superseded',
      'outcome',
    ];
    for (const task of [sampleTask(), doneTask()]) {
      expect(Object.keys(JSON.parse(JSON.stringify(taskJson(task))))).toEqual(keys);
    }
  });

  it('keeps what was seen apart from what was not run', () => {
    expect(taskJson(sampleTask()).definitionOfDone[0]).toEqual({
      check: 'files_changed',
      passed: null,
      checked: null,
      evidence: {},
    });
    expect(taskJson(doneTask()).definitionOfDone[1]).toEqual({
      check: 'tests_pass',
      passed: true,
      checked: true,
      evidence: { command: 'python3 -m unittest -v', exitCode: 0, ran: 5, failed: 0, failsWithoutCode: true },
    });
    expect(taskJson(doneTask()).definitionOfDone[2]).toMatchObject({ passed: false, checked: true, percent: 80 });
    const detail = 'There was no file to look at';
    const blind = doneTask({
      definitionOfDone: [{ check: 'parses', passed: true, checked: false, evidence: { detail } }],
    });
    expect(taskJson(blind).definitionOfDone).toEqual([
      { check: 'parses', passed: true, checked: false, evidence: { detail } },
    ]);
  });

  it('adds what is stored beside the task', () => {
    expect(taskJson(sampleTask(), { subtasks: ['TASK-002'] })).toMatchObject({ subtasks: ['TASK-002'], reviews: [] });
    const memory = [{ attempt: 1, stepMs: 500, mb: [40, null, 120], reservedMb: 200 }];
    expect(taskJson(sampleTask(), { memory }).memory).toEqual(memory);
  });
});
