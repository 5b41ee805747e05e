import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptJson, TaskExtras, TreeJson } from '../../../../src/cli/json-shapes.js';
import { columnsOf } from '../../../../src/cli/views/columns.js';
import { taskPage } from '../../../../src/cli/views/task-page.js';
import type { Communication } from '../../../../src/task/orchestration.js';
import { noUsage } from '../../../../src/task/task.js';
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

/** A family two deep, with each text given. */
function storyOf(text: string): TaskExtras {
  const node: TreeJson = {
    id: 'TASK-003',
    title: text,
    type: 'test',
    role: 'work',
    status: 'done',
    agent: text,
    attempt: 1,
    modelUsed: text,
    usedFallback: true,
    dependsOn: ['TASK-002'],
    startedAt: '2026-11-25T17:40:00.000Z',
    endedAt: '2026-11-25T17:40:34.000Z',
    durationMs: 34_000,
    outcome: text,
    asks: false,
    superseded: false,
    usage: noUsage,
    peakMb: null,
    subtasks: [],
  };
  const finding = { file: text, line: 1, severity: 'major', text } as const;
  return {
    tree: [{ ...node, id: 'TASK-002', subtasks: [node] }],
    attempts: [
      {
        attempt: 1,
        pid: 4_711,
        startedAt: '2026-11-25T17:40:00.000Z',
        endedAt: '2026-11-25T17:40:34.000Z',
        durationMs: 34_000,
        outcome: 'retried',
        error: { code: 'X', message: text, hint: '' },
      },
    ],
    reviews: [
      {
        task: 'TASK-002',
        attempt: 1,
        verdict: 'needs_changes',
        findings: [finding],
        reviewer: 'TASK-004',
        summary: text,
        diffBytes: 120,
        createdAt: '2026-11-25T17:41:00.000Z',
      },
    ],
    communications: [
      {
        id: 1,
        at: '2026-11-25T17:40:00.000Z',
        fromTask: 'TASK-001',
        toTask: null,
        fromName: text,
        toName: 'user',
        kind: 'question',
        text,
      },
    ],
  };
}

describe('the page of a family', () => {
  const parent = sampleTask({ role: 'parent', status: 'blocked', agent: 'Manager Agent' });
  const story = storyOf('told');

  it('has the tree of the subtasks, with who did what in what time and what came of it', () => {
    const [first] = story.tree ?? [];
    const running: TreeJson = {
      ...(first as TreeJson),
      id: 'TASK-005',
      title: 'Write more',
      status: 'in_progress',
      usedFallback: false,
      outcome: 'writing more.py',
      subtasks: [],
    };
    expect(taskPage(parent, { tree: [...(story.tree ?? []), running] }, wide)).toContain(
      [
        'Subtasks (1 of 2 done)',
        '  TASK-002  done  told',
        '    told, told (fallback), attempt 1, 34 s, after TASK-002',
        '    told',
        '    TASK-003  done  told',
        '      told, told (fallback), attempt 1, 34 s, after TASK-002',
        '      told',
        '  TASK-005  in progress  Write more',
        '    told, told, attempt 1, after TASK-002',
        '    writing more.py',
        '',
      ].join('\n'),
    );
  });

  it('counts no subtask of an earlier try, and has them last, marked', () => {
    const [node] = story.tree ?? [];
    const earlier = { ...(node as TreeJson), id: 'TASK-002', superseded: true, subtasks: [] };
    const now = { ...(node as TreeJson), id: 'TASK-005', subtasks: [] };
    expect(taskPage(parent, { tree: [earlier, now] }, wide)).toContain(
      [
        'Subtasks (1 of 1 done; 1 of an earlier try)',
        '  TASK-005  done  told',
        '    told, told (fallback), attempt 1, 34 s, after TASK-002',
        '    told',
        '  TASK-002  done  told',
        '    of an earlier try, counts no more, told, told (fallback), attempt 1, 34 s, after TASK-002',
        '    told',
        '',
      ].join('\n'),
    );
  });

  it('says what all of it took, and what its own share was', () => {
    const usage = { promptTokens: 1_000, outputTokens: 100, loadMs: 0, generateMs: 9_000 };
    const own = { ...parent, usage: { promptTokens: 10, outputTokens: 1, loadMs: 0, generateMs: 0 }, peakMb: 90 };
    const text = taskPage(own, { ...story, totalUsage: { ...usage, peakMb: 500 } }, wide);
    expect(text).toContain(
      'Used      1,000 tokens read, 100 written, generated for 9.0 s, at most 500 MB RAM\n' +
        'Itself    10 tokens read, 1 written, at most 90 MB RAM\n',
    );
  });

  it('tells how each attempt ended and why', () => {
    const asked = { ...(story.attempts?.[0] as AttemptJson), attempt: 2, outcome: 'asked', error: null };
    const runs = { ...asked, attempt: 3, pid: null, durationMs: null, outcome: null };
    const attempts = [...(story.attempts ?? []), asked, runs];
    expect(taskPage(parent, { attempts }, wide)).toContain(
      [
        'Attempts',
        '  1  pid 4711, 34 s, failed, tried again: told',
        '  2  pid 4711, 34 s, asked the user',
        '  3  no process, not ended',
        '',
      ].join('\n'),
    );
  });

  it('shortens what agents said, and has it in full where it is asked for', () => {
    const [message] = story.communications ?? [];
    const long = { ...(message as Communication), text: `first line\n${'word '.repeat(60)}` };
    const communications = Array.from({ length: 14 }, (_, index) => ({ ...long, id: index }));
    const short = taskPage(parent, { communications }, wide);
    expect(short.match(/told \(TASK-001\) → user {2}question: first line word .*…\n/g)).toHaveLength(12);
    expect(short).toContain('(2 earlier, and all in full: wilson show TASK-001 --messages)');
    const full = taskPage(parent, { communications }, { ...wide, allMessages: true });
    expect(full.match(/ {2}17:40:00 {2}told \(TASK-001\) → user {2}question:\n {4}first line\n/g)).toHaveLength(14);
    expect(full).not.toContain('--messages');
    const one = { ...long, text: 'Which database?' };
    expect(taskPage(parent, { communications: [one] }, wide)).not.toContain('--messages');
  });

  it('says what is asked and how to answer, of itself and of what is below it', () => {
    const wait = { reason: 'question', detail: 'asks: Which database?' } as const;
    const asks = sampleTask({ status: 'blocked', question: 'Which database?' });
    const text = taskPage(asks, { wait }, wide);
    expect(text).toContain('Waits     asks: Which database?');
    expect(text).toContain('Question\n  Which database?\n');
    expect(text).toContain('Next      wilson answer TASK-001 "…" · wilson logs -f TASK-001');
    const tree = (story.tree ?? []).map((node) => ({ ...node, asks: true }));
    expect(taskPage(parent, { tree }, wide)).toContain('Next      wilson answer TASK-002 "…" · ');
  });

  it('leads from a subtask to its parent, where its changes are', () => {
    const text = taskPage(doneTask({ id: 'TASK-002', parentId: 'TASK-001' }), {}, wide);
    expect(text).toContain('Part of   TASK-001');
    expect(text).toContain('Next      wilson show TASK-001\n');
  });

  it('marks a report among the files', () => {
    const reported = doneTask({
      artifacts: [{ path: 'report.md', kind: 'added', bytes: 900 }],
      definitionOfDone: [{ check: 'report_written', passed: true, evidence: { paths: ['report.md'] } }],
    });
    expect(taskPage(reported, {}, wide)).toContain('  +  report.md  900 B  report\n');
  });
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

  const result = { outcome: null, hasCopy: true, canDiscard: true, canApply: true, canUndo: false } as const;
  const applied = { ...result, outcome: 'applied', canDiscard: false, canApply: false, canUndo: true } as const;
  const damaged = { ...result, hasCopy: false, canApply: false };
  const discarded = { ...damaged, outcome: 'discarded', canDiscard: false } as const;
  const failed = doneTask({ status: 'failed' });
  const gone = { workspace: null };
  it.each([
    ['done', doneTask(), { result }, 'diff · apply · discard'],
    ['done and applied', doneTask(), { result: applied }, 'diff · undo'],
    [
      'done, while an earlier try is applied',
      doneTask(),
      { result: { ...applied, canApply: true } },
      'diff · apply · undo',
    ],
    ['done, its copy damaged', doneTask(), { result: damaged }, 'discard'],
    ['done and discarded', doneTask(gone), { result: discarded }, ''],
    ['done, with nothing made', doneTask({ artifacts: [] }), { result }, ''],
    ['failed', failed, { result }, 'logs · diff · retry'],
    ['failed and applied', failed, { result: applied }, 'logs · diff · undo · retry'],
    ['failed and discarded', doneTask({ ...gone, status: 'failed' }), { result: discarded }, 'logs · retry'],
    ['cancelled midway', doneTask({ status: 'cancelled', artifacts: [] }), { result }, 'logs · diff · retry'],
    ['queued again, its earlier try applied', sampleTask(), { result: applied }, 'logs -f · kill · undo'],
    [
      'a failed part',
      doneTask({ status: 'failed', parentId: 'TASK-009' }),
      { result, parentStatus: 'failed' },
      'logs · diff · retry',
    ],
  ] as const)('offers what can be done with a task that is %s', (_state, task, extras, steps) => {
    const page = taskPage(task, extras, { ...wide, columns: 200 });
    const next = /\nNext +(.*)\n/.exec(page)?.[1] ?? '';
    expect(next.replaceAll('wilson ', '').replaceAll(` ${task.id}`, '')).toBe(steps);
  });

  it.each([
    ['superseded', { superseded: true }, 'failed'],
    ['not needed', {}, 'done'],
  ] as const)('leads from a failed subtask that is %s to its parent', (_why, own, parentStatus) => {
    const task = doneTask({ ...own, id: 'TASK-002', parentId: 'TASK-001', status: 'failed' });
    expect(taskPage(task, { parentStatus }, wide)).toContain('\nNext      wilson show TASK-001\n');
  });

  it('says what became of what was made', () => {
    const there = taskPage(doneTask(), { result: applied }, wide);
    expect(there).toContain('\nResult    applied to /home/ada/site\n');
    expect(taskPage(doneTask(gone), { result: discarded }, wide)).toContain('\nResult    thrown away\n');
    expect(taskPage(doneTask(gone), { result: { ...discarded, outcome: 'applied' } }, wide)).toContain(
      '\nResult    applied to /home/ada/site for good: the copy was thrown away\n',
    );
    expect(taskPage(doneTask(), { result: damaged }, wide)).toContain('TASK-001/root (gone)\n');
    expect(taskPage(doneTask(), { result }, wide)).not.toContain('Result');
  });

  it('says why a task waits, and what was not checked yet', () => {
    const text = taskPage(sampleTask(), {}, wide);
    expect(text).toContain('TASK-001  queued');
    expect(text).toContain('Waits     2 workers active, max capacity');
    expect(text).toContain('· tests_pass        not run yet');
    expect(text).toContain('Next      wilson logs -f TASK-001 · wilson kill TASK-001');
    expect(text).not.toContain('Model');
  });

  it('marks no check as met that had nothing to look at, and says why', () => {
    const detail = 'There is no syntax checker here for .ts';
    const blind = {
      check: 'parses',
      passed: true,
      checked: false,
      evidence: { paths: [], unchecked: ['m.ts'], detail },
    } as const;
    const half = { check: 'parses', passed: true, evidence: { paths: ['a.py'], unchecked: ['m.ts'], detail } } as const;
    const text = taskPage(doneTask({ definitionOfDone: [blind, half] }), {}, wide);
    expect(text).toContain(`  · parses            not checked: m.ts (${detail})\n`);
    expect(text).toContain(`  ✓ parses            a.py, not checked: m.ts (${detail})\n`);
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
      task: 'TASK-001',
      attempt: 1,
      verdict: 'needs_changes',
      findings: [
        { file: 'slugify.py', line: 7, severity: 'major', text: 'slugify("") is not handled' },
        { file: '', line: null, severity: 'minor', text: 'no docstring' },
      ],
      reviewer: 'TASK-002',
      summary: 'Almost.',
      diffBytes: 120,
      createdAt: '2026-11-25T17:41:00.000Z',
    } as const;
    const other = { ...review, task: 'TASK-003', findings: [] };
    expect(taskPage(task, { reviews: [other] }, wide)).toContain(
      'Reviews\n  TASK-003, attempt 1: no change wanted, judged again with the rest (TASK-002)\n\n',
    );
    const text = taskPage(task, { reviews: [review] }, wide);
    expect(text).toContain('Error\n  CHECKS_FAILED: No test ran.\n  → Ask again, with an example of the result.\n');
    expect(text).toContain(
      [
        'Reviews',
        '  TASK-001, attempt 1: needs changes (TASK-002)',
        '    Almost.',
        '    - slugify.py:7 (major): slugify("") is not handled',
        '    - (minor): no docstring',
        '',
      ].join('\n'),
    );
    expect(text).toContain('wilson retry TASK-001');
  });

  it.each([100, 60, 30])('fits %i columns', (columns) => {
    const long = doneTask({ title: 'word '.repeat(60), summary: 'x'.repeat(300), question: '数据库 '.repeat(40) });
    const mb = Array.from({ length: 60 }, (_, index) => index * 100);
    const memory = [1, 2].map((attempt) => ({ attempt, stepMs: 500, mb, reservedMb: 12_000 }));
    const story = storyOf('word 数据库 '.repeat(30));
    for (const allMessages of [false, true]) {
      for (const line of taskPage(long, { ...story, memory }, { columns, colors: false, allMessages }).split('\n')) {
        expect(columnsOf(line)).toBeLessThanOrEqual(columns);
      }
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
        question: evil,
      }),
      storyOf(evil),
      { ...wide, allMessages: true },
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control codes are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
