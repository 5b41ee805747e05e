import { describe, expect, it } from 'vitest';
import { type PsJson, psWorkerJson } from '../../../../src/cli/ps-json.js';
import { columnsOf } from '../../../../src/cli/views/columns.js';
import { psView } from '../../../../src/cli/views/ps-view.js';
import { sampleTask } from '../sample-task.js';

const wide = { columns: Number.POSITIVE_INFINITY, colors: false };
const worker = psWorkerJson(
  sampleTask({
    status: 'in_progress',
    attempt: 1,
    startedAt: '2026-11-25T17:40:00.000Z',
    modelUsed: 'qwen2.5-coder:14b',
    provider: 'ollama',
    progress: { fraction: 0.6, basis: '3 of 5 steps', message: 'writing auth.js' },
  }),
  { pid: 4_711, processMb: 92, memoryKind: 'pss', sessionPid: 4_700 },
  Date.parse('2026-11-25T17:40:08.123Z'),
);
const ps: PsJson = {
  workers: [worker],
  models: [
    {
      name: 'llama3:latest',
      provider: 'ollama',
      server: 'http://127.0.0.1:11434',
      purpose: ['chat', 'analysis'],
      holders: ['chat'],
      memoryMb: 4_661,
      contextTokens: 8_192,
      keepAlive: true,
      ours: true,
    },
  ],
  queued: [{ task: 'TASK-002', reason: 'max_concurrent', detail: '2 workers active, max capacity', sum: null }],
  totals: {
    processMb: 210,
    modelMb: 4_661,
    reservedMb: 0,
    maxMemoryMb: 16_384,
    warnThresholdMb: 14_336,
    activeWorkers: 1,
    maxConcurrent: 2,
  },
};

describe('psView', () => {
  it('says what a task waits for of others in their own words', () => {
    const queued = [
      { task: 'TASK-001', reason: 'subtasks', detail: 'waits for TASK-002', sum: null },
      { task: 'TASK-002', reason: 'question', detail: 'asks: Which\ndatabase?', sum: null },
      { task: 'TASK-003', reason: 'waiting', detail: '', sum: null },
      { task: 'TASK-081', reason: 'no_session', detail: 'waits for a wilson in /home/ada/site', sum: null },
    ];
    expect(psView({ ...ps, queued }, wide)).toContain(
      '\nTASK-001 waits for TASK-002\nTASK-002 asks: Which database?\nTASK-003 is queued: waiting\nTASK-081 waits for a wilson in /home/ada/site\n',
    );
  });

  it('shows workers, models, the queue and the sum', () => {
    expect(psView(ps, wide)).toBe(
      [
        'TASK       PID  AGENT       MODEL              STATUS       DONE    RAM   TIME  DOING',
        'TASK-001  4711  Code Agent  qwen2.5-coder:14b  in progress   60%  92 MB  8.1 s  writing auth.js',
        '',
        'MODEL          FOR                RAM  CONTEXT  SERVER                  HELD BY',
        'llama3:latest  chat, analysis  4.6 GB    8,192  http://127.0.0.1:11434  chat (kept loaded)',
        '',
        'TASK-002 is queued: 2 workers active, max capacity',
        '',
        'Workers 1 of 2 · processes 210 MB (PSS) · models 4.6 GB · together 4.8 GB of 16.0 GB',
        '',
      ].join('\n'),
    );
  });

  it.each([120, 80, 60, 40])('fits %i columns and keeps the task, its state and its RAM', (columns) => {
    const text = psView(ps, { columns, colors: false });
    for (const line of text.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
    expect(text).toMatch(/TASK-001 .*in progress .*92 MB/);
  });

  it('says so when nothing runs, and warns above the threshold', () => {
    const idle = psView({ ...ps, workers: [], models: [], queued: [] }, wide);
    expect(idle).toMatch(/^No worker is running\.\nWilson holds no model\.\n\n/);
    expect(idle).not.toContain('warn');
    const full = psView({ ...ps, totals: { ...ps.totals, reservedMb: 12_000 } }, wide);
    expect(full).toContain('reserved 11.7 GB');
    expect(full).toContain('That is above warn_threshold_mb (14.0 GB)');
  });

  it('marks a fallback, and a model that another program loaded', () => {
    const text = psView(
      {
        ...ps,
        workers: [{ ...worker, usedFallback: true, processMb: null }],
        models: ps.models.map((model) => ({ ...model, ours: false })),
      },
      wide,
    );
    expect(text).toContain('qwen2.5-coder:14b (fallback)');
    expect(text).toContain('chat (loaded by another program)');
    expect(text).toMatch(/60% +- +8\.1 s/);
  });

  it('lets no control code through, and paints only when asked', () => {
    const evil = { ...worker, message: 'a\u001b]0;title\u0007b\u001b[31mc\nd', model: '\u009b2Jm' };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control codes are what is looked for
    expect(psView({ ...ps, workers: [evil] }, wide)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(psView(ps, { columns: 80, colors: true })).toContain('\u001b[36min progress\u001b[39m');
  });
});
