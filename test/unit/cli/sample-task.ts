import { noUsage, type Task } from '../../../src/task/task.js';

/** A task that was just asked for, with what a test is about on top. */
export function sampleTask(own: Partial<Task> = {}): Task {
  return {
    id: 'TASK-001',
    title: 'Write slugify.py',
    description: 'Write slugify.py with a function slugify(text) and unittest tests for it.',
    type: 'code',
    role: 'work',
    status: 'ready',
    priority: 0,
    folder: '/home/ada/site',
    attempt: 0,
    parentId: null,
    dependsOn: [],
    agent: 'Code Agent',
    modelUsed: null,
    provider: null,
    usedFallback: false,
    fallbackReason: null,
    createdAt: '2026-11-25T17:40:00.000Z',
    startedAt: null,
    endedAt: null,
    progress: { fraction: null, basis: '', message: '' },
    definitionOfDone: [{ check: 'files_changed' }, { check: 'tests_pass' }],
    artifacts: [],
    workspace: null,
    summary: null,
    error: null,
    usage: noUsage,
    peakMb: null,
    queuedReason: 'max_concurrent',
    queuedDetail: '2 workers active, max capacity',
    queuedSum: null,
    needMb: null,
    question: null,
    superseded: false,
    demands: [],
    ...own,
  };
}

/** A finished one, with evidence. */
export function doneTask(own: Partial<Task> = {}): Task {
  return sampleTask({
    status: 'done',
    attempt: 2,
    modelUsed: 'qwen2.5-coder:0.5b',
    provider: 'llamacpp',
    usedFallback: true,
    fallbackReason: 'Ollama does not answer at http://127.0.0.1:11434; start it with: ollama serve',
    startedAt: '2026-11-25T17:40:03.000Z',
    endedAt: '2026-11-25T17:41:10.000Z',
    progress: { fraction: 1, basis: '5 of 5 steps', message: 'done' },
    definitionOfDone: [
      { check: 'files_changed', passed: true, evidence: { paths: ['slugify.py', 'test_slugify.py'] } },
      {
        check: 'tests_pass',
        passed: true,
        evidence: { command: 'python3 -m unittest -v', exitCode: 0, ran: 5, failed: 0, failsWithoutCode: true },
      },
      {
        check: 'coverage_at_least',
        percent: 80,
        passed: false,
        evidence: { coverage: 71.25, detail: 'line 7 never ran' },
      },
    ],
    artifacts: [
      { path: 'slugify.py', kind: 'added', bytes: 312 },
      { path: 'old.py', kind: 'deleted', bytes: 0 },
    ],
    workspace: '/state/workspaces/TASK-001/root',
    summary: 'slugify.py has slugify(text); five tests pass.',
    usage: { promptTokens: 1_203, outputTokens: 412, loadMs: 2_012, generateMs: 21_400 },
    peakMb: 513,
    queuedReason: null,
    queuedDetail: null,
    ...own,
  });
}
