import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsOf } from '../../../../src/cli/views/columns.js';
import { taskPage } from '../../../../src/cli/views/task-page.js';
import { doneTask, sampleTask } from '../sample-task.js';

const wide = { columns: 120, colors: false };
const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'UTC';
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

describe('taskPage', () => {
  it('tells the story of a task that is done', () => {
    expect(taskPage(doneTask(), {}, wide)).toBe(`TASK-001  done
Write slugify.py

Asked     Write slugify.py with a function slugify(text) and unittest tests for it.
Folder    /home/ada/site
Workspace /state/workspaces/TASK-001/root
Agent     Code Agent (code), attempt 2
Model     qwen2.5-coder:0.5b (llamacpp)
Fallback  Ollama does not answer at http://127.0.0.1:11434; start it with: ollama serve
Asked at  2026-11-25 17:40:00
Worked    2026-11-25 17:40:03 to 2026-11-25 17:41:10, 1 min 7 s
Used      1,203 tokens read, 412 written, model loaded in 2.0 s, generated for 21 s, at most 513 MB RAM

Checks
  ✓ files_changed     slugify.py, test_slugify.py
  ✓ tests_pass        5 tests ran, 0 failed, they fail without the code, python3 -m unittest -v → exit 0
  ✗ coverage_at_least coverage 71.3% of at least 80%
      line 7 never ran

Files
  +  slugify.py  312 B
  -  old.py

Summary
  slugify.py has slugify(text); five tests pass.

Next      wilson diff TASK-001 · wilson apply TASK-001 · wilson discard TASK-001
`);
  });

  it('says why a task waits, and what was not checked yet', () => {
    const text = taskPage(sampleTask(), {}, wide);
    expect(text).toContain('TASK-001  queued');
    expect(text).toContain('Waits     2 workers active, max capacity');
    expect(text).toContain('· tests_pass        not run yet');
    expect(text).toContain('Next      wilson logs -f TASK-001 · wilson kill TASK-001');
    expect(text).not.toContain('Model');
  });

  it('shows progress with what it counts', () => {
    const progress = { fraction: 0.6, basis: '3 of 5 steps', message: 'writing auth.js' };
    const text = taskPage(sampleTask({ status: 'in_progress', progress }), {}, wide);
    expect(text).toContain('Progress  60% (3 of 5 steps), writing auth.js');
    expect(text).not.toContain('Waits');
  });

  it('draws the memory of an attempt, with the most it was and what was reserved', () => {
    const memory = [{ attempt: 2, stepMs: 500, mb: [null, 40, 120, null, 513], reservedMb: 700 }];
    expect(taskPage(doneTask(), { memory }, wide)).toContain('\nMemory    ▁▂▂█  at most 513 MB, 700 MB reserved\n');
    expect(taskPage(doneTask(), { memory }, { ...wide, ascii: true })).toContain('\nMemory    .::@  at most 513 MB');
    expect(taskPage(sampleTask({ status: 'in_progress' }), { memory }, wide)).toContain('\nMemory    ▁▂▂█');
  });

  it('draws several attempts to the same height', () => {
    const memory = [
      { attempt: 1, stepMs: 500, mb: [100, 400], reservedMb: null },
      { attempt: 2, stepMs: 500, mb: [null], reservedMb: 200 },
      { attempt: 3, stepMs: 1_000, mb: [100, 800], reservedMb: 440 },
    ];
    expect(taskPage(doneTask(), { memory }, wide)).toContain(
      '\nMemory    attempt 1  ▁▄  at most 400 MB\n          attempt 3  ▁█  at most 800 MB, 440 MB reserved\n',
    );
  });

  it('has no line for the memory of what was never looked at', () => {
    expect(taskPage(doneTask(), { memory: [] }, wide)).not.toContain('Memory');
    const memory = [{ attempt: 1, stepMs: 500, mb: [null], reservedMb: 200 }];
    expect(taskPage(doneTask(), { memory }, wide)).not.toContain('Memory');
  });

  it('shows the error with its remedy, and the reviews with their findings', () => {
    const task = sampleTask({
      status: 'failed',
      error: { code: 'CHECKS_FAILED', message: 'No test ran.', hint: 'Ask again, with an example of the result.' },
    });
    const review = {
      attempt: 1,
      verdict: 'needs_changes',
      findings: ['slugify("") is not handled'],
      reviewer: 'Review Agent',
      createdAt: '2026-11-25T17:41:00.000Z',
    } as const;
    const text = taskPage(task, { reviews: [review], subtasks: ['TASK-002', 'TASK-003'] }, wide);
    expect(text).toContain('Error\n  CHECKS_FAILED: No test ran.\n  → Ask again, with an example of the result.\n');
    expect(text).toContain('  attempt 1: needs changes (Review Agent)\n    - slugify("") is not handled\n');
    expect(text).toContain('Subtasks  TASK-002, TASK-003');
    expect(text).toContain('wilson retry TASK-001');
  });

  it.each([100, 60, 30])('fits %i columns', (columns) => {
    const long = doneTask({ title: 'word '.repeat(60), summary: 'x'.repeat(300) });
    const mb = Array.from({ length: 60 }, (_, index) => index * 100);
    const memory = [1, 2].map((attempt) => ({ attempt, stepMs: 500, mb, reservedMb: 12_000 }));
    for (const line of taskPage(long, { memory }, { columns, colors: false }).split('\n')) {
      expect(columnsOf(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('lets no control code through', () => {
    const evil = 'a\u001b[2J\u0007\u009b1mb\rc';
    const text = taskPage(
      doneTask({
        title: evil,
        description: evil,
        summary: evil,
        modelUsed: evil,
        fallbackReason: evil,
        folder: evil,
        artifacts: [{ path: evil, kind: 'added', bytes: 1 }],
        definitionOfDone: [
          { check: 'parses', passed: false, evidence: { command: evil, detail: evil, paths: [evil] } },
        ],
        error: { code: 'X', message: evil, hint: evil },
      }),
      {},
      wide,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control codes are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
