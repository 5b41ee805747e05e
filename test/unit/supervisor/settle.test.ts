import { describe, expect, it } from 'vitest';
import type { WorkerResult } from '../../../src/protocol/messages.js';
import type { AttemptOutcome } from '../../../src/supervisor/attempt-outcome.js';
import type { Verdict } from '../../../src/supervisor/port.js';
import { type SettlePorts, settleAttempt } from '../../../src/supervisor/settle.js';
import type { CheckResult, CheckSpec } from '../../../src/task/definition-of-done.js';
import type { ReviewFinding } from '../../../src/task/review.js';
import { noUsage, type Task } from '../../../src/task/task.js';
import type { Workspace } from '../../../src/workspace/workspace.js';

const workspace = { taskId: 'TASK-001', root: '/w', folder: '/p' } as Workspace;
const met: CheckResult = { check: 'files_changed', passed: true, evidence: {} };
const seen: Verdict = { checks: [met], artifacts: [] };
const work = { patch: 'a diff', truncated: false, files: ['a.py'], evidence: [], request: 'x' };
const major: ReviewFinding = { file: 'a.py', line: 1, severity: 'major', text: 'it never saves' };

function task(fields: Partial<Task> = {}): Task {
  return { id: 'TASK-001', role: 'work', demands: [], ...fields } as Task;
}

function result(fields: Partial<WorkerResult> = {}): AttemptOutcome {
  const whole: WorkerResult = {
    type: 'result',
    attempt: 1,
    outcome: 'finished',
    summary: 's',
    checks: [],
    usage: noUsage,
    error: null,
    byRules: false,
    question: null,
    plan: null,
    review: null,
    ...fields,
  };
  return { kind: 'result', result: whole, workspace };
}

function settle(
  outcome: AttemptOutcome,
  {
    of = task(),
    signal = new AbortController().signal,
    ...ports
  }: Partial<SettlePorts> & { of?: Task; signal?: AbortSignal } = {},
) {
  const all: SettlePorts = {
    verify: () => Promise.resolve(seen),
    merge: () => Promise.resolve(),
    judged: null,
    submitted: null,
    hasDelegated: () => Promise.resolve(false),
    ...ports,
  };
  return settleAttempt(of, 1, outcome, all, signal);
}

describe('what a worker says', () => {
  it('it has made is checked beside what it proposes', async () => {
    let proposed: readonly CheckSpec[] = [];
    const verify = (checks: readonly CheckSpec[]) => {
      proposed = checks;
      return Promise.resolve(seen);
    };
    await settle(result({ summary: 'Wrote a.py.', checks: [{ check: 'parses' }] }), {
      of: task({ type: 'code' }),
      verify,
    });
    expect(proposed).toEqual([{ check: 'parses' }, { check: 'file_exists', paths: ['a.py'] }]);
  });

  it('is not believed where a figure in it is higher than what was counted', async () => {
    const counted: CheckResult = { check: 'tests_pass', passed: true, evidence: { ran: 2, failed: 0 } };
    const verify = () => Promise.resolve({ ...seen, checks: [met, counted] });
    const more = await settle(result({ summary: '3 tests ran and passed.' }), { of: task({ type: 'code' }), verify });
    expect(more).toMatchObject({
      kind: 'retry',
      findings: ['the summary tells of 3 tests that passed, 2 ran'],
      error: { code: 'NOT_VERIFIED', message: expect.stringContaining('tells of 3 tests') },
    });
    const true2 = await settle(result({ summary: '2 tests ran and passed.' }), { of: task({ type: 'code' }), verify });
    expect(true2).toMatchObject({ kind: 'end', ending: { status: 'done' } });
  });

  it('ends nothing without evidence', async () => {
    const none = await settle(result(), { verify: () => Promise.resolve({ checks: [], artifacts: [] }) });
    expect(none).toMatchObject({ kind: 'retry', error: { code: 'NOT_VERIFIED' } });
    expect(await settle(result())).toMatchObject({ kind: 'end', ending: { status: 'done' } });
  });

  it('ends nothing on checks alone that had nothing to look at', async () => {
    const detail = 'There is no syntax checker here for .ts';
    const blind: CheckResult = {
      check: 'parses',
      passed: true,
      checked: false,
      evidence: { unchecked: ['m.ts'], detail },
    };
    const none = await settle(result(), { verify: () => Promise.resolve({ checks: [blind], artifacts: [] }) });
    expect(none).toMatchObject({
      kind: 'retry',
      error: {
        code: 'NOT_VERIFIED',
        message: `claimed, not verified: nothing could be checked: parses: not checked: m.ts (${detail}).`,
      },
    });
    const some = await settle(result(), { verify: () => Promise.resolve({ checks: [blind, met], artifacts: [] }) });
    expect(some).toMatchObject({ kind: 'end', ending: { status: 'done' } });
  });

  it('is bounded in words, and in the checks that it may add', async () => {
    let asked: readonly CheckSpec[] = [];
    const checks: WorkerResult['checks'] = Array.from({ length: 500 }, (_, at) => ({
      check: 'command_succeeds',
      command: ['python3', `t${at}.py`],
    }));
    const settlement = await settle(result({ summary: 'x'.repeat(100_000), checks }), {
      verify: (proposed) => {
        asked = proposed;
        return Promise.resolve(seen);
      },
    });
    expect(asked).toHaveLength(16);
    expect(settlement.kind === 'end' ? settlement.ending.summary?.length : null).toBe(8_000);
  });

  it('makes no plan, review or verdict of a task that was asked for none', async () => {
    const plan = { steps: [], basis: 'model', notes: [] } as const;
    const review = { verdict: 'approved', findings: [], summary: '' } as const;
    const said = result({ plan: { ...plan, steps: [], notes: [] }, review: { ...review, findings: [] } });
    expect(await settle(said)).toMatchObject({ kind: 'end', ending: { status: 'done' } });
    const demanding = task({ demands: [{ check: 'review_approved' }] });
    expect(await settle(said, { of: demanding })).toMatchObject({ kind: 'review' });
  });
});

describe('an agent that gives up', () => {
  const error = (code: string) => ({ code, message: 'why.', hint: '' });

  it('because of what rules found is not tried again', async () => {
    const missing = await settle(result({ outcome: 'failed', error: error('FILE_NOT_FOUND') }));
    expect(missing).toMatchObject({ kind: 'end', ending: { status: 'failed', error: { message: 'why.' } } });
    const counted = await settle(result({ outcome: 'failed', error: error('TESTS_FAILED'), byRules: true }));
    expect(counted).toMatchObject({ kind: 'end', ending: { status: 'failed' } });
  });

  it('because of what its model wrote is tried again', async () => {
    const written = await settle(result({ outcome: 'failed', error: error('TESTS_FAILED') }));
    expect(written).toMatchObject({ kind: 'retry' });
  });
});

describe('a plan', () => {
  const step = { key: 'a', title: 'a', description: 'do a', type: 'code' as const, dependsOn: [], checks: [] };

  it('is bounded: titles, checks and notes', async () => {
    const checks = Array.from({ length: 100 }, () => ({ check: 'files_changed' as const }));
    const plan = {
      steps: [{ ...step, title: 'x'.repeat(5_000), checks }],
      basis: 'model' as const,
      notes: Array.from({ length: 5_000 }, () => 'note'),
    };
    const settlement = await settle(result({ plan }), { of: task({ role: 'plan' }) });
    if (settlement.kind !== 'plan') throw new Error(settlement.kind);
    expect(settlement.plan.steps[0]?.title).toHaveLength(120);
    expect(settlement.plan.steps[0]?.checks).toHaveLength(16);
    expect(settlement.plan.notes).toHaveLength(20);
  });

  it('notes what it may not check', async () => {
    const bash = { check: 'command_succeeds' as const, command: ['bash', '-c', 'exit 1'] };
    const plan = {
      steps: [{ ...step, checks: [bash, { check: 'parses' as const }] }],
      basis: 'model' as const,
      notes: [],
    };
    const settlement = await settle(result({ plan }), { of: task({ role: 'plan' }) });
    if (settlement.kind !== 'plan') throw new Error(settlement.kind);
    expect(settlement.plan.steps[0]?.checks).toEqual([{ check: 'parses' }]);
    expect(settlement.plan.notes.join()).toMatch(/command_succeeds bash -c "exit 1"" of the step .*"bash" is none/);
  });

  it.each([
    ['a circle', [{ ...step, dependsOn: ['a'] }]],
    ['a dependency on nothing', [{ ...step, dependsOn: ['z'] }]],
    ['the same key twice', [step, step]],
    ['no description', [{ ...step, description: ' ' }]],
    [
      'an order in which a step comes before what it waits for',
      [
        { ...step, dependsOn: ['b'] },
        { ...step, key: 'b' },
      ],
    ],
    ['too many steps', Array.from({ length: 9 }, (_, at) => ({ ...step, key: `k${at}` }))],
  ])('with %s is none', async (_name, steps) => {
    const plan = { steps, basis: 'model' as const, notes: [] };
    expect(await settle(result({ plan }), { of: task({ role: 'plan' }) })).toMatchObject({
      kind: 'retry',
      error: { code: 'NO_PLAN' },
    });
  });
});

describe('a verdict', () => {
  const said = (review: WorkerResult['review']) => settle(result({ review }), { judged: work });

  it('with a finding that sends work back approves nothing', async () => {
    const settlement = await said({ verdict: 'approved', findings: [major], summary: 'approve this' });
    expect(settlement).toMatchObject({ kind: 'verdict', review: { verdict: 'needs_changes', findings: [major] } });
  });

  it('on an empty diff approves nothing', async () => {
    const review = { verdict: 'approved' as const, findings: [], summary: '' };
    const settlement = await settle(result({ review }), { judged: { ...work, files: [], patch: '' } });
    expect(settlement).toMatchObject({ kind: 'verdict', review: { verdict: 'needs_changes' }, diffBytes: 0 });
  });

  it('that wants changes names one at least', async () => {
    const minor: ReviewFinding = { ...major, severity: 'minor' };
    const settlement = await said({ verdict: 'needs_changes', findings: [minor], summary: 'no' });
    if (settlement.kind !== 'verdict') throw new Error(settlement.kind);
    expect(settlement.review.findings[0]).toMatchObject({ severity: 'blocker', text: 'no' });
  });

  it('is bounded, and loses none of what sends work back before all the remarks', async () => {
    const minors = Array.from({ length: 200 }, (): ReviewFinding => ({ ...major, severity: 'minor' }));
    const long = { ...major, text: 'x'.repeat(50_000) };
    const settlement = await said({
      verdict: 'needs_changes',
      findings: [...minors, long],
      summary: 'y'.repeat(50_000),
    });
    if (settlement.kind !== 'verdict') throw new Error(settlement.kind);
    expect(settlement.review.findings).toHaveLength(50);
    expect(settlement.review.findings[0]?.severity).toBe('major');
    expect(settlement.review.findings[0]?.text).toHaveLength(2_000);
    expect(settlement.review.summary).toHaveLength(8_000);
  });

  it('is not there where the reviewer only chats', async () => {
    expect(await said(null)).toMatchObject({ kind: 'retry', error: { code: 'NO_VERDICT' } });
  });
});

describe('the order of things', () => {
  it('is checks, then the merge, then the review; without the checks nothing is merged', async () => {
    let merges = 0;
    const merge = (): Promise<void> => {
      merges += 1;
      return Promise.resolve();
    };
    const failing = { ...seen, checks: [{ ...met, passed: false }] };
    const missed = await settle(result(), { merge, verify: () => Promise.resolve(failing) });
    expect([missed.kind, merges]).toEqual(['retry', 0]);
    const of = task({ demands: [{ check: 'review_approved' }] });
    expect([(await settle(result(), { merge, of })).kind, merges]).toEqual(['review', 1]);
  });

  it('lets a stop that comes while the checks run win over their result', async () => {
    const stop = new AbortController();
    let merges = 0;
    const settlement = await settle(result(), {
      signal: stop.signal,
      verify: () => {
        stop.abort('shutdown');
        return Promise.resolve(seen);
      },
      merge: () => {
        merges += 1;
        return Promise.resolve();
      },
    });
    expect([settlement.kind, merges]).toEqual(['requeue', 0]);
  });
});

describe('a question', () => {
  it('is asked, shortened; an empty one is a fault of the agent', async () => {
    const asked = await settle(result({ outcome: 'blocked', question: ` ${'q'.repeat(9_000)} ` }));
    expect(asked.kind === 'ask' ? asked.question.length : null).toBe(2_000);
    expect(await settle(result({ outcome: 'blocked', question: ' ' }))).toMatchObject({
      kind: 'retry',
      error: { code: 'AGENT_FAILED' },
    });
  });
});
