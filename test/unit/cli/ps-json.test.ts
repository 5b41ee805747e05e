import { describe, expect, it } from 'vitest';
import { psQueuedJson, psWorkerJson } from '../../../src/cli/ps-json.js';
import { sampleTask } from './sample-task.js';

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
