import { describe, expect, it } from 'vitest';
import { psQueuedJson, psWorkerJson, taskJson } from '../../../src/cli/json-shapes.js';
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

describe('ps', () => {
  const sample = { pid: 4_711, processMb: 92, memoryKind: 'pss', sessionPid: 4_700 } as const;

  it('gives a worker the keys of the design', () => {
    const task = sampleTask({
      status: 'in_progress',
      attempt: 1,
      startedAt: '2026-11-25T17:40:00.000Z',
      modelUsed: 'm',
      provider: 'ollama',
      progress: { fraction: 0.6, basis: '3 of 5 steps', message: 'writing auth.js' },
    });
    expect(psWorkerJson(task, sample, Date.parse('2026-11-25T17:40:08.123Z'))).toEqual({
      task: 'TASK-001',
      title: 'Write slugify.py',
      agent: 'Code Agent',
      type: 'code',
      status: 'in_progress',
      attempt: 1,
      pid: 4_711,
      startedAt: '2026-11-25T17:40:00.000Z',
      elapsedMs: 8_123,
      progress: 0.6,
      progressBasis: '3 of 5 steps',
      message: 'writing auth.js',
      model: 'm',
      provider: 'ollama',
      usedFallback: false,
      processMb: 92,
      memoryKind: 'pss',
      sessionPid: 4_700,
    });
  });

  it('shows no negative time after the clock was set back, and none before the start', () => {
    const started = sampleTask({ startedAt: '2026-11-25T17:40:00.000Z' });
    expect(psWorkerJson(started, sample, Date.parse('2026-11-25T17:39:00.000Z')).elapsedMs).toBe(0);
    expect(psWorkerJson(sampleTask(), sample, 0).elapsedMs).toBeNull();
  });

  it('says why a task waits', () => {
    expect(psQueuedJson(sampleTask())).toEqual({
      task: 'TASK-001',
      reason: 'max_concurrent',
      detail: '2 workers active, max capacity',
      sum: null,
    });
    const sum = { needMb: 9_510, takenMb: 7_000, ceilingMb: 16_384, availableMb: 8_064 };
    expect(psQueuedJson(sampleTask({ queuedReason: 'memory', queuedSum: sum })).sum).toEqual(sum);
    const wait = { reason: 'question', detail: 'asks: Which database?' } as const;
    expect(psQueuedJson(sampleTask({ queuedSum: sum }), wait)).toEqual({ task: 'TASK-001', ...wait, sum: null });
  });
});
