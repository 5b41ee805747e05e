import { describe, expect, it } from 'vitest';
import { progressReport } from '../../../src/chat/progress-report.js';
import { fakeTask } from '../../helpers/fake-supervisor.js';

const running = fakeTask({ progress: { fraction: 0.6, basis: '3 of 5 steps', message: 'writing slugify.py' } });
const queued = fakeTask({
  id: 'TASK-002',
  title: 'add a dark mode',
  status: 'ready',
  modelUsed: null,
  queuedReason: 'max_concurrent',
  queuedDetail: '2 workers active, max capacity',
});
const failed = fakeTask({
  id: 'TASK-003',
  title: 'port the script',
  status: 'failed',
  error: { code: 'CHECK_FAILED', message: 'no test was run', hint: 'Try /retry TASK-003.' },
});

describe('progressReport', () => {
  it('says how far a task is, and what the share counts', () => {
    const line = 'TASK-001 (Code Agent, qwen2.5-coder:0.5b): writing slugify.py, 60% (3 of 5 steps)';
    expect(progressReport("what's TASK-001 doing?", [running])).toBe(line);
    expect(progressReport('is it finished yet?', [running])).toBe(line);
  });

  it('claims no share that was not counted', () => {
    expect(progressReport('how is it going?', [fakeTask()])).not.toContain('%');
  });

  it('lists what is alive, running ones first', () => {
    const lines = progressReport('how are the tasks doing?', [queued, running, failed]).split('\n');
    expect(lines.map((line) => line.slice(0, 8))).toEqual(['TASK-001', 'TASK-002']);
    expect(lines[1]).toContain('queued: 2 workers active, max capacity');
  });

  it('answers for the queue alone when asked for it', () => {
    expect(progressReport('which tasks are queued?', [queued, running])).not.toContain('TASK-001');
    expect(progressReport('which tasks are queued?', [running])).toBe('Nothing is queued. 1 task is running.');
  });

  it('says why the last one failed and what to do', () => {
    const report = progressReport('why did the last task fail?', [running, failed]);
    expect(report).toContain('TASK-003');
    expect(report).toContain('no test was run Try /retry TASK-003.');
  });

  it('does not guess how long it takes', () => {
    expect(progressReport('how long until the app is ready?', [running])).toContain('is not known');
  });

  it('says that there is nothing', () => {
    expect(progressReport('status?', [])).toBe('No task has been started in this folder yet.');
    expect(progressReport('what about TASK-042?', [running])).toBe('TASK-042: there is no such task in this folder.');
  });

  it('names what was used in place of the configured model', () => {
    const fallback = fakeTask({ usedFallback: true, status: 'done', summary: 'Wrote it.' });
    expect(progressReport('TASK-001?', [fallback])).toBe(
      'TASK-001 (Code Agent, qwen2.5-coder:0.5b, fallback): done. Wrote it.',
    );
  });
});

describe('progressReport of a family', () => {
  const parent = fakeTask({
    id: 'TASK-001',
    title: 'build a todo app',
    role: 'parent',
    status: 'blocked',
    agent: 'Manager Agent',
    queuedDetail: 'waits for TASK-003, TASK-004',
  });
  const code = fakeTask({ id: 'TASK-002', title: 'Write todo.py', parentId: 'TASK-001', status: 'done' });
  const test = fakeTask({
    id: 'TASK-003',
    title: 'Test it',
    type: 'test',
    parentId: 'TASK-001',
    progress: { fraction: 0.5, basis: '1 of 2 steps', message: 'writing test_todo.py' },
  });
  const review = fakeTask({
    id: 'TASK-004',
    title: 'Review it',
    type: 'review',
    parentId: 'TASK-001',
    status: 'blocked',
    modelUsed: null,
    agent: 'Review Agent',
    queuedDetail: 'waits for TASK-002',
  });
  const family = [review, test, code, parent];
  const line =
    'TASK-001 (build a todo app): 1 of 3 subtasks done; TASK-003 runs: writing test_todo.py, 50% (1 of 2 steps)';

  it('is one line with what is done and what runs', () => {
    expect(progressReport("how's the task going?", family)).toBe(line);
    expect(progressReport('what about TASK-001?', family)).toBe(line);
    expect(progressReport('how far is the todo app?', family)).toBe(line);
  });

  it('says what is next where nothing runs, and what is asked before all else', () => {
    const waiting = [review, { ...test, status: 'ready', queuedDetail: '2 workers active' } as const, code, parent];
    expect(progressReport('status?', waiting)).toBe(
      'TASK-001 (build a todo app): 1 of 3 subtasks done; next: TASK-003 (Code Agent, qwen2.5-coder:0.5b): queued: 2 workers active (Test it)',
    );
    const asks = { ...review, question: 'Which style?' };
    expect(progressReport('status?', [asks, test, code, parent])).toContain(
      'subtasks done; TASK-004 asks: Which style?; TASK-003 runs: ',
    );
  });

  it('counts no subtask of an earlier try', () => {
    const earlier = fakeTask({ ...code, id: 'TASK-005', status: 'cancelled', superseded: true });
    expect(progressReport('what about TASK-001?', [earlier, ...family])).toBe(line);
  });

  it('is told of one of its tasks when that is asked for', () => {
    expect(progressReport('what is TASK-004 waiting for?', family)).toBe(
      'TASK-004 (Review Agent): waits for TASK-002 (Review it)',
    );
  });

  it('names the request, not its last subtask, as the last one', () => {
    const over = family.map((task) => ({ ...task, status: 'failed', error: null }) as const);
    expect(progressReport('status?', over)).toMatch(/^Nothing is running\. The last one:\nTASK-001 /);
    expect(progressReport('why did the last task fail?', over)).toMatch(/^TASK-001 /);
  });
});
