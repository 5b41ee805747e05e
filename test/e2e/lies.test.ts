import { readdirSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { expectCaught, type Lie, runLie } from '../helpers/lie-rig.js';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { startMachine } from '../helpers/wilson-cli.js';

/*
 * What a worker may say without having done it, on the built program. Lies about tests: lies-about-tests.test.ts.
 */

// Three attempts each, with their checks: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const slugify =
  'def slugify(text):\n    if not text:\n        return "none"\n    return "-".join(text.lower().split())\n';
type Row = readonly [name: string, lie: Lie, reason: RegExp];

const work: readonly Row[] = [
  [
    'says done and wrote nothing',
    { asked: 'Write slugify.py', worker: { summary: 'slugify.py is ready to be used.' } },
    /files_changed: No file was changed/,
  ],
  [
    'wrote outside of its workspace only',
    {
      asked: 'Write slugify.py',
      worker: { summary: 'Wrote it.', files: { '../slugify.py': slugify, '../../../../slugify.py': slugify } },
    },
    /files_changed: No file was changed/,
  ],
  [
    'wrote another file than the one that was asked for',
    { asked: 'Write slugify.py', worker: { summary: 'It is there.', files: { 'notes.md': 'slugify\n' } } },
    /files_changed: notes\.md, Not changed: slugify\.py/,
  ],
  [
    'names a file that is not there, as evidence',
    {
      asked: 'Write a slug function',
      worker: {
        summary: 'It is there.',
        files: { 'slugs.py': slugify },
        checks: [{ check: 'file_exists', paths: ['slugify.py'], passed: true, evidence: { paths: ['slugify.py'] } }],
      },
    },
    /file_exists: slugify\.py, Not there: slugify\.py/,
  ],
  [
    'names a file that is not there, in words',
    {
      asked: 'Write slugify.py',
      worker: { summary: 'Wrote slugify.py and README.md.', files: { 'slugify.py': slugify } },
    },
    /file_exists: slugify\.py, README\.md, Not there: README\.md/,
  ],
  [
    'deleted another file',
    {
      folder: { 'old.txt': 'old\n', 'keep.txt': 'keep\n' },
      type: 'general',
      asked: 'Delete old.txt',
      worker: { summary: 'old.txt is gone.', remove: ['keep.txt'] },
    },
    /files_changed: keep\.txt, Not changed: old\.txt/,
  ],
  [
    'wrote a report of three words',
    {
      type: 'research',
      asked: 'Compare sqlite and postgres',
      worker: { summary: 'The report is complete.', files: { 'report.md': 'All is well.\n' } },
    },
    /report_written: report\.md, Too short for a report/,
  ],
  [
    'approves a folder in which there is nothing to review',
    {
      type: 'review',
      asked: 'Review my changes',
      worker: { summary: 'Approved.', review: { verdict: 'approved', findings: [], summary: 'Fine.' } },
    },
    /there was nothing to check/,
  ],
];

describe('a worker that', () => {
  it.each(work)('%s ends failed with the reason, and nothing is applied', async (_name, lie, reason) => {
    expectCaught(await runLie({ type: 'code', ...lie }), lie.worker.summary, reason);
  });
});

describe('a reviewer that approves everything', () => {
  const good = { summary: 'Good.', review: { verdict: 'approved', findings: [], summary: 'Good.' } };

  async function runPlan(code: unknown, then: readonly unknown[]) {
    const machine = await startMachine({ main: scriptedProgram() });
    const run = await machine.run(['run', plannedRequest(code, then, good)]);
    expect(run.code, run.stderr).toBe(1);
    expect(readdirSync(machine.project)).toEqual([]);
    expect(machine.processes()).toEqual([]);
    return {
      machine,
      stderr: run.stderr,
      tasks: await Promise.all(['1', '2', '3', '4'].map((id) => machine.task(id))),
    };
  }

  it('has nothing to approve where the code was only said to be written', async () => {
    const { stderr, tasks } = await runPlan({ summary: 'todo.py is written.' }, [
      { summary: 'tidied', files: { 'a.py': 'x = 1\n' } },
    ]);
    expect(stderr).toContain(
      '✗ TASK-001 failed: TASK-002 (Step 1) failed: claimed, not verified: files_changed: No file was changed',
    );
    expect(tasks.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'failed']);
    expect(tasks[0]?.reviews).toEqual([]);
  });

  it('approves nothing where the diff is empty in the end', async () => {
    const code = [
      { summary: 'todo.py is written.', files: { 'todo.py': 'x = 1\n' } },
      { summary: 'It is fine as it is.' },
    ];
    const { machine, stderr, tasks } = await runPlan(code, [{ summary: 'tidied up', remove: ['todo.py'] }]);
    const empty = 'There is nothing to review: the diff is empty.';
    expect(stderr).toContain(`TASK-004 reviewed TASK-002: needs changes: (blocker): ${empty}`);
    expect(stderr).not.toMatch(/✓|approved/);
    expect(tasks.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'failed']);
    const judged = tasks[1]?.reviews.map(({ verdict, diffBytes, findings }) => [verdict, diffBytes, findings[0]?.text]);
    expect(judged).toEqual([['needs_changes', 0, empty]]);
    const page = (await machine.run(['show', '1'])).stdout;
    expect(page).toContain(`TASK-002, attempt 1: needs changes (TASK-004)\n    Good.\n    - (blocker): ${empty}`);
    expect(page).toContain('SUBTASK_FAILED: TASK-002 (Step 1) failed: claimed, not verified: files_changed');
    expect(await machine.run(['diff', '1'])).toMatchObject({ code: 0, stdout: 'TASK-001 changed nothing.\n' });
  });
});

/** A request that is planned into code, further steps of code, and a review of it all. */
function plannedRequest(code: unknown, then: readonly unknown[], reviewer: unknown): string {
  const scripts = [code, ...then];
  const steps = scripts.map((script, at) => ({
    key: `step${at + 1}`,
    type: 'code',
    title: `Step ${at + 1}`,
    dependsOn: at === 0 ? [] : [`step${at}`],
    description: JSON.stringify(script),
    checks: [],
  }));
  const dependsOn = steps.map(({ key }) => key);
  const review = { key: 'review', type: 'review', title: 'Review', dependsOn, description: '{}', checks: [] };
  return JSON.stringify({ about: 'build a todo app with unit tests', reviewer, plan: { steps: [...steps, review] } });
}
