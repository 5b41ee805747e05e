import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandIo } from '../../../src/cli/command-io.js';
import type { TaskJson, TasksJson } from '../../../src/cli/json-shapes.js';
import { apply, discard, undo } from '../../../src/cli/outcome.js';
import { psReport } from '../../../src/cli/ps-report.js';
import { show, tasks } from '../../../src/cli/tasks.js';
import { createWorkspace } from '../../../src/workspace/create.js';
import { capturedIo } from '../../helpers/captured-io.js';
import { plannedFamily } from '../../helpers/family-rig.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const question = 'Which database?';

/** The code is in review and its reviewer asks the user; the test waits for neither. */
function asking() {
  const rig = plannedFamily();
  const { store, claim } = rig;
  const code = claim('TASK-002');
  store.tasks.setUsage(
    'TASK-002',
    code.attempt,
    { promptTokens: 100, outputTokens: 10, loadMs: 1, generateMs: 2 },
    300,
  );
  store.families.toReview('TASK-002', code.attempt, { checks: [], artifacts: [], summary: 'wrote todo.py' }, 's1');
  store.families.reconcile('TASK-001');
  const review = claim('TASK-004');
  store.families.ask('TASK-004', review.attempt, question);
  return rig;
}

async function shown(state: string, name: string, json: boolean): Promise<string> {
  let text = '';
  const stdout = {
    write: (part: string) => {
      text += part;
    },
  };
  const io: CommandIo = { env: { WILSON_HOME: state }, cwd: state, stdout, stderr: stdout };
  expect(await show(name, { json }, io)).toBe(0);
  return text;
}

describe('wilson show of a family', () => {
  it('has the tree, the sum of what it took, and all that was said, as JSON', async () => {
    const { state } = asking();
    const task = JSON.parse(await shown(state, '1', true)) as TaskJson;
    expect(task).toMatchObject({
      role: 'parent',
      parent: null,
      question: null,
      subtasks: ['TASK-002', 'TASK-003', 'TASK-004'],
      usage: { promptTokens: 0 },
      totalUsage: { promptTokens: 100, outputTokens: 10, loadMs: 1, generateMs: 2, peakMb: 300 },
    });
    expect(task.tree?.map(({ id, status, outcome, dependsOn }) => [id, status, outcome, dependsOn])).toEqual([
      ['TASK-002', 'in_review', 'waits for its review by TASK-004', []],
      ['TASK-003', 'ready', expect.any(String), ['TASK-002']],
      ['TASK-004', 'blocked', `asks: ${question}`, ['TASK-002']],
    ]);
    expect(task.attempts).toMatchObject([{ attempt: 1, outcome: 'planned', error: null }]);
    const said = task.communications?.map(({ kind, fromTask, toTask }) => [kind, fromTask, toTask]);
    expect(said).toEqual([
      ['plan', 'TASK-001', 'TASK-002'],
      ['plan', 'TASK-001', 'TASK-003'],
      ['plan', 'TASK-001', 'TASK-004'],
      ['question', 'TASK-004', null],
    ]);
  });

  it('tells a review once for the parent, and with the judged task and the reviewer', async () => {
    const { state, store, claim } = plannedFamily();
    const code = claim('TASK-002');
    store.families.toReview('TASK-002', code.attempt, { checks: [], artifacts: [], summary: 'wrote it' }, 's1');
    store.families.reconcile('TASK-001');
    const judge = claim('TASK-004');
    const finding = { file: 'todo.py', line: 12, severity: 'major', text: 'it never saves' } as const;
    const review = { verdict: 'needs_changes', findings: [finding], summary: 'Not yet.' } as const;
    store.families.verdict('TASK-004', judge.attempt, review, { maxAttempts: 3, diffBytes: 120 });
    for (const name of ['1', '2', '4']) {
      const { reviews } = JSON.parse(await shown(state, name, true)) as TaskJson;
      expect(reviews).toMatchObject([
        { task: 'TASK-002', reviewer: 'TASK-004', attempt: 1, findings: [finding], diffBytes: 120 },
      ]);
    }
    const page = await shown(state, '2', false);
    expect(page).toContain('TASK-002, attempt 1: needs changes (TASK-004)\n');
    expect(page).toContain('- todo.py:12 (major): it never saves\n');
    expect(page).toMatch(/Attempts\n {2}1 {2}no process, .*, failed, tried again\n/);
    expect(page).toMatch(/Review Agent \(TASK-004\) → Code Agent \(TASK-002\) {2}findings: Not yet\. todo\.py:12/);
  });

  it('does not tell an agent that its work is not done yet where a verdict is about others', async () => {
    const { store, claim } = plannedFamily();
    const left = { checks: [], artifacts: [], summary: 'wrote it' };
    store.families.toReview('TASK-002', claim('TASK-002').attempt, left, 's1');
    store.families.reconcile('TASK-001');
    const remark = { file: 'todo.py', line: 1, severity: 'minor', text: 'no docstring' } as const;
    const review = { verdict: 'needs_changes', findings: [remark], summary: 'Not yet.' } as const;
    store.families.verdict('TASK-004', claim('TASK-004').attempt, review, { maxAttempts: 3, diffBytes: 120 });
    const said = store.families.communicationsOf('TASK-002').filter(({ fromTask }) => fromTask === 'TASK-004');
    expect(said.map(({ text }) => text)).toEqual([
      'no change wanted, judged again with the rest\ntodo.py:1 (minor): no docstring',
    ]);
  });

  it('ends the attempt of a parent with its plan, and claims no memory that nobody measured', async () => {
    const { state, store } = plannedFamily();
    const planned = store.workers.attemptsOf('TASK-001')[0]?.endedAt;
    store.tasks.setUsage('TASK-001', 1, { promptTokens: 1, outputTokens: 1, loadMs: 0, generateMs: 0 }, null);
    for (const id of ['TASK-002', 'TASK-003', 'TASK-004']) store.tasks.cancelQueued(id);
    store.families.beginFinish('TASK-001', 's1');
    store.tasks.end('TASK-001', 1, { status: 'failed', summary: null, error: null });
    const task = JSON.parse(await shown(state, '1', true)) as TaskJson;
    expect(task.attempts).toMatchObject([{ attempt: 1, outcome: 'planned', endedAt: planned }]);
    expect(task).toMatchObject({ status: 'failed', peakMb: null, totalUsage: { promptTokens: 1, peakMb: null } });
  });

  it('says on the page what each waits for', async () => {
    const { state } = asking();
    expect(await shown(state, '1', false)).toContain('\nWaits     waits for TASK-002, TASK-003, TASK-004\n');
    expect(await shown(state, '2', false)).toContain('\nWaits     waits for its review by TASK-004\n');
    expect(await shown(state, '4', false)).toContain('\nNext      wilson answer TASK-004 "…" · ');
  });
});

describe('wilson show and tasks of a family that was tried again', () => {
  it('count the subtasks of the new try alone, and mark the others', async () => {
    const { state, store } = plannedFamily();
    for (const id of ['TASK-001', 'TASK-002', 'TASK-003', 'TASK-004']) store.tasks.cancelQueued(id);
    expect(store.families.retry('TASK-001')).toBe(true);
    expect(await shown(state, '1', false)).toContain('\nSubtasks (0 of 0 done; 3 of an earlier try)\n');
    const task = JSON.parse(await shown(state, '1', true)) as TaskJson;
    expect(task.subtasks).toEqual([]);
    expect(task.tree?.map(({ id, superseded }) => [id, superseded])).toEqual([
      ['TASK-002', true],
      ['TASK-003', true],
      ['TASK-004', true],
    ]);
    const io = capturedIo(state);
    expect(await tasks({ json: true, limit: '20' }, io)).toBe(0);
    const list = (JSON.parse(io.out.stdout) as TasksJson).tasks;
    expect(list.map(({ id, superseded }) => [id, superseded])).toEqual([
      ['TASK-004', true],
      ['TASK-003', true],
      ['TASK-002', true],
      ['TASK-001', false],
    ]);
    expect(await shown(state, '2', false)).toContain('\nNext      wilson show TASK-001\n');
  });
});

describe('wilson tasks', () => {
  it('counts requests, and shows each of them whole', async () => {
    const { state, store } = plannedFamily();
    const input = { title: 't', description: 'd', type: 'code', folder: '/project', priority: 0 } as const;
    const ids = [1, 2].map(() => store.tasks.submit({ ...input, sessionId: 's1' }).id);
    const listed = async (limit: string, status?: string): Promise<string[]> => {
      const io = capturedIo(state);
      expect(await tasks({ json: true, limit, ...(status === undefined ? {} : { status }) }, io)).toBe(0);
      return (JSON.parse(io.out.stdout) as TasksJson).tasks.map(({ id }) => id);
    };
    expect(ids).toEqual(['TASK-005', 'TASK-006']);
    expect(await listed('2')).toEqual(['TASK-006', 'TASK-005']);
    expect(await listed('3')).toEqual(['TASK-006', 'TASK-005', 'TASK-004', 'TASK-003', 'TASK-002', 'TASK-001']);
    expect(await listed('1', 'blocked')).toEqual(['TASK-004']);
    const io = capturedIo(state);
    await tasks({ json: false, limit: '1' }, io);
    expect(io.out.stdout.match(/TASK-\d+/g)).toEqual(['TASK-006']);
  });
});

describe('what became of a result', () => {
  it('is told by show and tasks as the journal has it', async () => {
    const folder = tempFolder();
    const { state, store } = plannedFamily(folder);
    const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder: state });
    writeFileSync(join(workspace.root, 'a.py'), 'x = 1\n');
    store.tasks.setWorkspace('TASK-001', workspace);
    const cancelAll = (): void => {
      for (const id of ['TASK-001', 'TASK-002', 'TASK-003', 'TASK-004']) store.tasks.cancelQueued(id);
    };
    cancelAll();
    const told = async (): Promise<unknown[]> => {
      const io = capturedIo(state);
      await tasks({ json: true, limit: '1' }, io);
      const listed = (JSON.parse(io.out.stdout) as TasksJson).tasks.at(-1)?.outcome;
      const page = await shown(state, '1', false);
      const { outcome } = JSON.parse(await shown(state, '1', true)) as TaskJson;
      return [outcome, listed, /\nNext +(.*)\n/.exec(page)?.[1]];
    };
    expect(await told()).toEqual([null, null, 'wilson logs TASK-001 · wilson diff TASK-001 · wilson retry TASK-001']);
    await apply('1', { json: false }, capturedIo(state));
    const undoable = 'wilson logs TASK-001 · wilson diff TASK-001 · wilson undo TASK-001 · wilson retry TASK-001';
    expect(await told()).toEqual(['applied', 'applied', undoable]);
    store.families.retry('TASK-001');
    expect(await told()).toEqual([
      'applied',
      'applied',
      'wilson logs -f TASK-001 · wilson kill TASK-001 · wilson undo TASK-001',
    ]);
    cancelAll();
    await undo('1', { json: false }, capturedIo(state));
    rmSync(workspace.root, { recursive: true });
    expect(await told()).toEqual([null, null, 'wilson logs TASK-001 · wilson retry TASK-001']);
    await discard('1', { json: false }, capturedIo(state));
    expect(await told()).toEqual(['discarded', 'discarded', 'wilson logs TASK-001 · wilson retry TASK-001']);
  });
});

describe('wilson ps of a family', () => {
  it('says what each waits for', async () => {
    const { store } = asking();
    const limits = { maxConcurrent: 2, maxMemoryMb: 4_096, warnThresholdMb: 4_000 };
    const { queued } = await psReport(store, () => limits, Date.now());
    expect(queued.map(({ task, reason, detail }) => [task, reason, detail])).toEqual([
      ['TASK-001', 'subtasks', 'waits for TASK-002, TASK-003, TASK-004'],
      ['TASK-003', 'waiting', ''],
      ['TASK-004', 'question', `asks: ${question}`],
      ['TASK-002', 'review', 'waits for its review by TASK-004'],
    ]);
  });
});
