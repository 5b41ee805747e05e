import { describe, expect, it } from 'vitest';
import { inFamilies } from '../../../../src/cli/nested-tasks.js';
import { columnsOf } from '../../../../src/cli/views/columns.js';
import { findingsView } from '../../../../src/cli/views/findings-view.js';
import { logLines } from '../../../../src/cli/views/log-lines.js';
import { tasksView } from '../../../../src/cli/views/tasks-view.js';
import { doneTask, sampleTask } from '../sample-task.js';

const wide = { columns: Number.POSITIVE_INFINITY, colors: false };

describe('tasksView', () => {
  const tasks = inFamilies([sampleTask({ id: 'TASK-002' }), doneTask()]);
  const now = Date.parse('2026-11-25T17:43:20.000Z');

  it('is one line a task, in the given order', () => {
    expect(tasksView(tasks, now, wide)).toBe(
      [
        'TASK      STATUS  TYPE  AGE        MODEL                          TITLE',
        'TASK-002  queued  code  3 min ago  -                              Write slugify.py',
        'TASK-001  done    code  3 min ago  qwen2.5-coder:0.5b (fallback)  Write slugify.py',
        '',
      ].join('\n'),
    );
    expect(tasksView([], now, wide)).toBe('No tasks.\n');
  });

  it('leaves out columns rather than the title where it is narrow', () => {
    const narrow = tasksView(tasks, now, { columns: 40, colors: false });
    for (const line of narrow.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(40);
    expect(narrow).toMatch(/^TASK +STATUS.* +TITLE\n/);
  });

  it('puts subtasks below their parent in the order of the plan, the newest family first', () => {
    const parent = sampleTask({ id: 'TASK-002', role: 'parent', status: 'blocked' });
    const family = [
      sampleTask({ id: 'TASK-010', title: 'newest' }),
      sampleTask({ id: 'TASK-009', parentId: 'TASK-003', type: 'review' }),
      sampleTask({ id: 'TASK-004', parentId: 'TASK-002', status: 'blocked', question: 'Which database?' }),
      sampleTask({ id: 'TASK-003', parentId: 'TASK-002', status: 'in_review' }),
      parent,
      sampleTask({ id: 'TASK-001', parentId: 'TASK-000' }),
    ];
    const lines = tasksView(inFamilies(family), now, wide).split('\n');
    expect(lines.slice(1, -1).map((line) => line.slice(0, 24).trimEnd())).toEqual([
      'TASK-010      queued',
      'TASK-002      blocked',
      '  TASK-003    in review',
      '    TASK-009  queued',
      '  TASK-004    asks',
      'TASK-001      queued',
    ]);
  });

  it('marks what belongs to an earlier try', () => {
    const family = [sampleTask(), sampleTask({ id: 'TASK-002', parentId: 'TASK-001', superseded: true })];
    expect(tasksView(inFamilies(family), now, wide)).toContain('(of an earlier try) Write slugify.py\n');
  });
});

describe('logLines', () => {
  it('gives each event its time and level, and indents further lines', () => {
    const at = new Date(2026, 10, 25, 17, 42, 3).toISOString();
    expect(
      logLines(
        [
          { at, level: 'info', text: 'claimed' },
          { at, level: 'error', text: 'exit 1\n  File "x.py"\u001b[31m\r\n' },
        ],
        wide,
      ),
    ).toBe('17:42:03 info  claimed\n17:42:03 error exit 1\n                 File "x.py"\n');
  });
});

describe('findingsView', () => {
  it('puts each remedy below its finding and counts', () => {
    expect(
      findingsView(
        [
          { level: 'ok', what: 'Configuration: /c.yaml', remedy: '' },
          { level: 'warn', what: 'Ollama does not answer.', remedy: 'Start it with: ollama serve' },
          { level: 'error', what: 'Two lines\nof it', remedy: '' },
        ],
        wide,
      ),
    ).toBe(
      '✓ Configuration: /c.yaml\n! Ollama does not answer.\n  → Start it with: ollama serve\n✗ Two lines\n  of it\n\n1 error, 1 warning.\n',
    );
    expect(findingsView([{ level: 'ok', what: 'x', remedy: '' }], wide)).toMatch(/All is well\.\n$/);
  });
});
