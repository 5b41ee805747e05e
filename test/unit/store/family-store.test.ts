import { describe, expect, it, onTestFinished } from 'vitest';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { Store } from '../../../src/store/store.js';
import type { PlanStep } from '../../../src/task/plan.js';
import type { Task } from '../../../src/task/task.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { tempFolder } from '../../helpers/temp-folder.js';

/* What becomes of families in the store: under retries, deaths of their parents, kills, and two sessions at once. */

const left = { checks: [], artifacts: [], summary: 's' };
const noFindings = { verdict: 'approved', findings: [], summary: 'good' } as const;
const fault = { file: 'a.py', line: 1, severity: 'major', text: 'it never saves' } as const;
const withFault = { verdict: 'needs_changes', findings: [fault], summary: 'not yet' } as const;
const options = { maxAttempts: 3, diffBytes: 9 };

const codeAndReview: readonly PlanStep[] = [
  { key: 'code', title: 'code', description: 'code', type: 'code', dependsOn: [], checks: [] },
  { key: 'review', title: 'review', description: 'review', type: 'review', dependsOn: ['code'], checks: [] },
];
const twoParts: readonly PlanStep[] = ['one', 'two'].map((key) => ({
  key,
  title: key,
  description: key,
  type: 'code',
  dependsOn: [],
  checks: [],
}));

const testAndReview: readonly PlanStep[] = [
  { key: 'test', title: 'test', description: 'test', type: 'test', dependsOn: ['one'], checks: [] },
  { key: 'review', title: 'review', description: 'review', type: 'review', dependsOn: ['two'], checks: [] },
];

class Rig {
  readonly clock = createFakeClock();
  readonly store = Store.open(tempFolder(), this.clock);

  constructor() {
    onTestFinished(() => this.store.close());
    this.session('s1');
  }

  session(id: string): void {
    this.store.sessions.begin({
      id,
      kind: 'chat',
      folder: '/p',
      identity: ownIdentity(),
      limits: { maxConcurrent: 9, maxMemoryMb: 1_000, warnThresholdMb: 900 },
    });
  }

  submit(role: 'plan' | 'work' = 'work', title = 't'): Task {
    const task = { title, description: 'd', type: 'code', folder: '/p', priority: 0, role } as const;
    return this.store.tasks.submit({ ...task, sessionId: 's1' });
  }

  /** The next attempt of a task, at work. */
  work(id: string, sessionId = 's1'): Task {
    const { store } = this;
    const claim = store.workers.claim({
      taskId: id,
      sessionId,
      ownerToken: sessionId,
      maxConcurrent: 9,
      need: { processMb: 1, model: null },
      maxMemoryMb: 1_000,
    });
    if (!claim.claimed) throw new Error(`${id} is ${store.tasks.get(id)?.status}: ${claim.reason}`);
    store.workers.release(id, claim.task.attempt);
    store.tasks.begin(id, claim.task.attempt);
    return claim.task;
  }

  plan(steps: readonly PlanStep[]): { id: string; parts: string[] } {
    const { id } = this.submit('plan');
    const { attempt } = this.work(id);
    const parts = this.store.families.plan(id, attempt, steps, 's1') ?? [];
    this.store.tasks.setWorkspace(id, workspaceOf(id));
    this.store.families.reconcile(id);
    return { id, parts: parts.map((part) => part.id) };
  }

  end(id: string, attempt: number, status: 'done' | 'failed'): void {
    this.store.tasks.end(id, attempt, { status, summary: 's', error: null });
  }

  /** A parent whose parts are over, and whose tests fail as a whole. */
  failsItsChecks(id: string): void {
    const { attempt = 0 } = this.store.families.beginFinish(id, 's1') ?? {};
    const error = { code: 'NOT_VERIFIED', message: 'claimed, not verified', hint: '' };
    const definitionOfDone = [
      { check: 'parses', passed: true, evidence: {} },
      { check: 'tests_pass', passed: false, evidence: { detail: 'add() is wrong' } },
    ] as const;
    this.store.tasks.end(id, attempt, { status: 'failed', summary: 's', error, definitionOfDone });
  }

  requeue(id: string, attempt: number, interruption: 'none' | 'crash' = 'none'): void {
    this.store.tasks.requeue(id, attempt, { runAtMs: 0, interruption, error: null });
  }

  delegate(from: Task, title = 'part'): string | null {
    const part = { title, description: title, type: 'code', dependsOn: [], checks: [] } as const;
    return this.store.families.delegate(from, part, { parentId: from.parentId ?? from.id, sessionId: 's1' });
  }

  statuses(ids: readonly string[]): (string | undefined)[] {
    return ids.map((id) => this.store.tasks.get(id)?.status);
  }

  runnable(sessionId = 's1'): string[] {
    return this.store.tasks.runnable({ id: sessionId, folder: '/p', adopt: true }, 50).map(({ id }) => id);
  }
}

function workspaceOf(taskId: string) {
  const root = `/state/${taskId}`;
  return { taskId, kind: 'snapshot', root, folder: '/p', metaDir: root, branch: null, baseCommit: null } as const;
}

describe('the order of the queue', () => {
  it('brings what is begun to its end before something newer begins, and keeps priorities', () => {
    const rig = new Rig();
    const { id } = rig.submit('plan');
    const newer = rig.submit();
    const { attempt } = rig.work(id);
    const parts = rig.store.families.plan(id, attempt, twoParts, 's1') ?? [];
    rig.store.families.reconcile(id);
    const newest = rig.submit();
    const urgent = rig.store.tasks.submit({
      title: 'u',
      description: 'u',
      type: 'code',
      folder: '/p',
      priority: 1,
      sessionId: 's1',
    });
    const order = [urgent.id, ...parts.map((part) => part.id), newer.id, newest.id];
    expect(rig.runnable()).toEqual(order);
    expect(rig.store.tasks.queue().map((task) => task.id)).toEqual([urgent.id, id, ...order.slice(1)]);
  });
});

describe('a parent that is over', () => {
  it.each(['cancelled', 'failed'] as const)('takes what is left below it along when it is %s', (status) => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts);
    const [one = '', two = ''] = parts;
    rig.work(one);
    // Whoever ended the parent was killed before it came to the subtasks.
    if (status === 'cancelled') rig.store.tasks.cancelQueued(id);
    else {
      rig.store.families.beginFinish(id, 's1');
      const raw = rig.store as unknown as { connection: { exec(sql: string): void } };
      raw.connection.exec(`UPDATE tasks SET status = 'failed' WHERE id = '${id}'`);
    }
    expect(rig.store.families.toLookAfter('s1')).toEqual([id]);
    const news = rig.store.families.reconcile(id);
    expect(news).toMatchObject({ dropped: [two], stranded: [one], complete: false });
    expect(rig.store.tasks.get(two)).toMatchObject({ status: 'cancelled', error: { code: 'PARENT_OVER' } });
    expect(rig.statuses([one])).toEqual(['in_progress']);
  });

  it('lets nothing be delegated to it, nor by an attempt that is over', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts);
    const [one = '', two = ''] = parts;
    const first = rig.work(one);
    const second = rig.work(two);
    rig.end(one, first.attempt, 'done');
    expect(rig.delegate(first)).toBeNull();
    rig.store.tasks.cancelQueued(id);
    expect(rig.delegate(second)).toBeNull();
    expect(rig.store.families.subtasksOf(id)).toHaveLength(2);
  });
});

describe('a task that has delegated', () => {
  it('and fails takes what it has delegated along', () => {
    const rig = new Rig();
    const task = rig.work(rig.submit().id);
    const part = rig.delegate(task) ?? '';
    rig.store.families.reconcile(task.id);
    rig.end(task.id, task.attempt, 'failed');
    expect(rig.store.families.toLookAfter('s1')).toEqual([task.id]);
    rig.store.families.reconcile(task.id);
    expect(rig.statuses([part])).toEqual(['cancelled']);
  });

  it('and begins anew delegates anew: the old part counts no more', () => {
    const rig = new Rig();
    const { id } = rig.submit();
    const first = rig.work(id);
    const old = rig.delegate(first) ?? '';
    rig.requeue(id, first.attempt);
    expect(rig.store.tasks.get(old)).toMatchObject({ status: 'cancelled', error: { code: 'SUPERSEDED' } });
    const second = rig.work(id);
    const part = rig.delegate(second) ?? '';
    expect(part).not.toBe(old);
    rig.store.families.waitForDelegated(id, second.attempt, left);
    expect(rig.store.families.membersOf(id).map((member) => member.id)).toEqual([part]);
    rig.store.families.reconcile(id);
    const { attempt } = rig.work(part);
    rig.end(part, attempt, 'done');
    expect(rig.store.families.reconcile(id).complete).toBe(true);
  });

  it('keeps it while it waits for an answer', () => {
    const rig = new Rig();
    const { id } = rig.submit();
    const first = rig.work(id);
    const part = rig.delegate(first) ?? '';
    rig.store.families.reconcile(id);
    rig.store.families.ask(id, first.attempt, 'which?');
    rig.store.families.answer(id, 'this');
    const second = rig.work(id);
    rig.requeue(id, second.attempt, 'crash');
    expect(rig.statuses([part])).toEqual(['blocked']);
  });

  it('gets the same part once', () => {
    const rig = new Rig();
    const { parts } = rig.plan(twoParts);
    const task = rig.work(parts[0] ?? '');
    const part = rig.delegate(task);
    expect(rig.delegate(task)).toBe(part);
    expect(rig.delegate(task, 'another')).not.toBe(part);
  });
});

describe('the look at the whole', () => {
  it('is had by the session of the parent alone, and by another one once that has ended', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts);
    rig.session('s2');
    for (const part of parts) rig.end(part, rig.work(part, 's2').attempt, 'done');
    expect(rig.store.families.reconcile(id).complete).toBe(true);
    expect(rig.store.families.beginFinish(id, 's2')).toBeNull();
    expect(rig.store.families.beginFinish(id, 's1')).toMatchObject({ status: 'in_review' });
    expect(rig.store.families.beginFinish(id, 's2')).toBeNull();
    // Of its own it may begin once more: it may have been cut off.
    expect(rig.store.families.beginFinish(id, 's1')).not.toBeNull();
    rig.store.sessions.end('s1');
    expect(rig.store.families.beginFinish(id, 's2')).toMatchObject({ status: 'in_review' });
  });

  it('does not begin while a subtask is not over', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts);
    rig.end(parts[0] ?? '', rig.work(parts[0] ?? '').attempt, 'done');
    expect(rig.store.families.beginFinish(id, 's1')).toBeNull();
  });
});

describe('a session that takes over', () => {
  it('gets subtasks that were planned a moment before the death, and is told which tasks are its own now', () => {
    const rig = new Rig();
    const { id } = rig.submit('plan');
    const { attempt } = rig.work(id);
    const parts = rig.store.families.plan(id, attempt, twoParts, 's1') ?? [];
    const other = rig.submit();
    rig.session('s2');
    expect(rig.store.tasks.hasOrphans('/p')).toBe(false);
    expect(rig.store.tasks.adopt('s2', '/p')).toEqual([]);
    rig.store.sessions.end('s1');
    expect(rig.store.tasks.hasOrphans('/p')).toBe(true);
    expect(rig.store.tasks.adopt('s2', '/p').sort()).toEqual([id, ...parts.map((part) => part.id), other.id].sort());
    expect(rig.store.tasks.hasOrphans('/p')).toBe(false);
    expect(rig.store.families.toLookAfter('s2')).toEqual([id]);
  });
});

describe('a look that finds nothing new', () => {
  it('writes nothing', () => {
    const rig = new Rig();
    const { id } = rig.plan(twoParts);
    const raw = rig.store as unknown as { connection: { exec(sql: string): void } };
    raw.connection.exec(
      "CREATE TRIGGER no_write BEFORE UPDATE ON tasks BEGIN SELECT raise(ABORT, 'something was written'); END",
    );
    expect(rig.store.families.reconcile(id)).toMatchObject({ readied: [], skipped: [], dropped: [] });
    expect(rig.store.tasks.adopt('s1', '/p')).toEqual([]);
  });
});

describe('what is delegated in a family with a reviewer', () => {
  it('is judged by that one, which waits for it', () => {
    const rig = new Rig();
    const { parts } = rig.plan(codeAndReview);
    const [code = '', review = ''] = parts;
    const coding = rig.work(code);
    const part = rig.delegate(coding) ?? '';
    rig.store.families.reconcile('TASK-001');
    expect(rig.store.tasks.get(part)?.demands).toEqual([{ check: 'review_approved' }]);
    rig.store.families.toReview(code, coding.attempt, left, 's1');
    rig.store.families.reconcile('TASK-001');
    expect(rig.statuses([code, part, review])).toEqual(['in_review', 'ready', 'blocked']);
    rig.store.families.toReview(part, rig.work(part).attempt, left, 's1');
    rig.store.families.reconcile('TASK-001');
    rig.store.families.verdict(review, rig.work(review).attempt, noFindings, options);
    expect(rig.statuses([code, part, review])).toEqual(['done', 'done', 'done']);
    expect(rig.store.families.reviewsOf(part)).toMatchObject([{ taskId: part, reviewer: review }]);
  });

  const withResearch: readonly PlanStep[] = [
    ...codeAndReview,
    { key: 'other', title: 'other', description: 'other', type: 'research', dependsOn: [], checks: [] },
  ];

  it('by another step, when the reviewer is ready or over, has the reviewer look again', () => {
    for (const isOver of [false, true]) {
      const rig = new Rig();
      const { parts } = rig.plan(withResearch);
      const [code = '', review = '', other = ''] = parts;
      rig.store.families.toReview(code, rig.work(code).attempt, left, 's1');
      rig.store.families.reconcile('TASK-001');
      if (isOver) rig.store.families.verdict(review, rig.work(review).attempt, noFindings, options);
      const part = rig.delegate(rig.work(other)) ?? '';
      rig.store.families.reconcile('TASK-001');
      expect(rig.statuses([review])).toEqual([isOver ? 'done' : 'blocked']);
      rig.store.families.toReview(part, rig.work(part).attempt, left, 's1');
      rig.store.families.reconcile('TASK-001');
      rig.store.families.verdict(review, rig.work(review).attempt, noFindings, options);
      expect(rig.statuses([code, part, review])).toEqual(['done', 'done', 'done']);
    }
  });

  it('gets a reviewer of its own where that one is at work, or has to come before it', () => {
    for (const waits of [false, true]) {
      const rig = new Rig();
      const { parts } = rig.plan(withResearch);
      const [code = '', review = '', other = ''] = parts;
      const working = rig.work(other);
      rig.store.families.toReview(code, rig.work(code).attempt, left, 's1');
      rig.store.families.reconcile('TASK-001');
      if (!waits) rig.work(review);
      const step = {
        title: 'p',
        description: 'p',
        type: 'code',
        dependsOn: waits ? [review] : [],
        checks: [],
      } as const;
      const part = rig.store.families.delegate(working, step, { parentId: 'TASK-001', sessionId: 's1' }) ?? '';
      expect(rig.store.tasks.get(part)?.demands).toEqual([{ check: 'review_approved' }]);
      expect(rig.store.tasks.get(review)?.dependsOn).toEqual([code]);
      expect(rig.store.families.judgesOf(part)).toEqual([]);
    }
  });

  it('needs no approval where nothing can be approved, or nobody reviews', () => {
    const rig = new Rig();
    const { parts } = rig.plan(codeAndReview);
    const coding = rig.work(parts[0] ?? '');
    const text = { title: 'p', description: 'p', type: 'research', dependsOn: [], checks: [] } as const;
    const part = rig.store.families.delegate(coding, text, { parentId: 'TASK-001', sessionId: 's1' }) ?? '';
    expect(rig.store.tasks.get(part)?.demands).toEqual([]);
    const plain = new Rig();
    const one = plain.work(plain.plan(twoParts).parts[0] ?? '');
    expect(plain.store.tasks.get(plain.delegate(one) ?? '')?.demands).toEqual([]);
  });
});

describe('what an attempt leaves for the next', () => {
  it('keeps its findings when its parent dies', () => {
    const rig = new Rig();
    const { parts } = rig.plan(codeAndReview);
    const [code = '', review = ''] = parts;
    rig.store.families.toReview(code, rig.work(code).attempt, left, 's1');
    rig.store.families.reconcile('TASK-001');
    rig.store.families.verdict(review, rig.work(review).attempt, withFault, options);
    const { attempt } = rig.work(code);
    rig.requeue(code, attempt, 'crash');
    expect(rig.store.tasks.findings(code)).toEqual(['a.py:1 (major): it never saves']);
  });

  it('does not keep a workspace that did not fit to what others have made', () => {
    const rig = new Rig();
    const { parts } = rig.plan(twoParts);
    const [one = ''] = parts;
    rig.store.families.ask(one, rig.work(one).attempt, 'which?');
    rig.store.families.answer(one, 'this');
    const { attempt } = rig.work(one);
    expect(rig.store.families.keepsWork(one)).toBe(true);
    rig.requeue(one, attempt);
    expect(rig.store.families.keepsWork(one)).toBe(false);
  });

  it('keeps what there was at a question until an attempt fails: the next one begins afresh', () => {
    const rig = new Rig();
    const { id } = rig.submit();
    rig.store.families.ask(id, rig.work(id).attempt, 'which?');
    rig.store.families.answer(id, 'this');
    const answered = rig.work(id);
    rig.requeue(id, answered.attempt, 'crash');
    expect(rig.store.families.keepsWork(id)).toBe(true);
    rig.requeue(id, rig.work(id).attempt);
    expect(rig.store.families.keepsWork(id)).toBe(false);
  });

  it('keeps what a review is to see mended, whatever fails and is asked on the way', () => {
    const rig = new Rig();
    const { id } = rig.submit();
    rig.store.families.toReview(id, rig.work(id).attempt, left, 's1');
    rig.store.families.reconcile(id);
    const [judge] = rig.store.families.judgesOf(id);
    rig.store.families.verdict(judge?.id ?? '', rig.work(judge?.id ?? '').attempt, withFault, options);
    rig.store.families.ask(id, rig.work(id).attempt, 'which?');
    rig.store.families.answer(id, 'this');
    rig.requeue(id, rig.work(id).attempt);
    expect(rig.store.families.keepsWork(id)).toBe(true);
  });

  it('does not count failed planning as attempts at the work', () => {
    const rig = new Rig();
    const { id } = rig.submit('plan');
    const first = rig.work(id);
    const planless = { runAtMs: 0, findings: ['no plan'], interruption: 'none', error: null } as const;
    rig.store.tasks.requeue(id, first.attempt, planless);
    rig.store.families.staysWhole(id, rig.work(id).attempt);
    expect(rig.store.tasks.failuresOf(id)).toBe(0);
    expect(rig.store.tasks.findings(id)).toEqual([]);
  });
});

describe('a retry', () => {
  it('of a request that was cancelled while it was planned has it planned', () => {
    const rig = new Rig();
    const { id } = rig.submit('plan');
    rig.store.tasks.cancelActive(id, rig.work(id).attempt);
    expect(rig.store.families.retry(id)).toBe(true);
    expect(rig.store.tasks.get(id)).toMatchObject({ status: 'ready', role: 'plan' });
  });

  it('of a parent whose workspace was thrown away plans anew, and the old subtasks count no more', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts);
    for (const part of parts) rig.end(part, rig.work(part).attempt, 'failed');
    rig.store.families.reconcile(id);
    rig.end(id, rig.store.families.beginFinish(id, 's1')?.attempt ?? 0, 'failed');
    rig.store.tasks.setWorkspace(id, null);
    expect(rig.store.families.retry(id)).toBe(true);
    expect(rig.store.tasks.get(id)).toMatchObject({ status: 'ready', role: 'plan' });
    const again = rig.store.families.plan(id, rig.work(id).attempt, twoParts, 's1') ?? [];
    expect(again).toHaveLength(2);
    expect(rig.store.families.membersOf(id).map((member) => member.id)).toEqual(again.map((part) => part.id));
    rig.store.families.reconcile(id);
    for (const part of again) rig.end(part.id, rig.work(part.id).attempt, 'done');
    expect(rig.store.families.reconcile(id).complete).toBe(true);
  });

  it('of a parent that failed its checks, though all parts are done, has the newest code mend that', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan([...twoParts, ...testAndReview]);
    const [one = '', two = '', test = '', review = ''] = parts;
    rig.end(one, rig.work(one).attempt, 'done');
    rig.store.families.toReview(two, rig.work(two).attempt, left, 's1');
    rig.store.families.reconcile(id);
    rig.end(test, rig.work(test).attempt, 'done');
    rig.store.tasks.setWorkspace(two, workspaceOf(two));
    rig.store.families.verdict(review, rig.work(review).attempt, noFindings, options);
    rig.store.families.reconcile(id);
    rig.failsItsChecks(id);
    expect(rig.store.families.retry(id)).toBe(true);
    expect(rig.store.tasks.get(id)).toMatchObject({ status: 'blocked', role: 'parent', error: null });
    expect(rig.statuses(parts)).toEqual(['done', 'ready', 'done', 'done']);
    expect(rig.store.tasks.findings(two)).toEqual(['claimed, not verified', 'tests_pass: add() is wrong']);
    // Its old copy would be taken back out of what the others have built on.
    expect(rig.store.tasks.workspaceOf(two)).toBeNull();
    rig.store.tasks.adopt('s1', '/p');
    const mending = rig.work(two);
    expect(mending.demands.map(({ check }) => check)).toEqual(['review_approved', 'tests_pass']);
    rig.store.families.toReview(two, mending.attempt, left, 's1');
    rig.store.families.reconcile(id);
    expect(rig.runnable()).toEqual([review]);
    rig.store.families.verdict(review, rig.work(review).attempt, noFindings, options);
    expect(rig.store.families.reconcile(id).complete).toBe(true);
  });

  it('of a parent whose last checks could not be made makes them again, and nothing else', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts);
    for (const part of parts) rig.end(part, rig.work(part).attempt, 'done');
    rig.store.families.reconcile(id);
    rig.end(id, rig.store.families.beginFinish(id, 's1')?.attempt ?? 0, 'failed');
    expect(rig.store.families.retry(id)).toBe(true);
    expect(rig.statuses([id, ...parts])).toEqual(['blocked', 'done', 'done']);
    rig.store.tasks.adopt('s1', '/p');
    expect(rig.store.families.reconcile(id).complete).toBe(true);
    expect(rig.store.families.beginFinish(id, 's1')).not.toBeNull();
  });

  it('of a parent that failed its checks, with no part that makes code or tests, plans anew', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts.map((part) => ({ ...part, type: 'research' })));
    for (const part of parts) rig.end(part, rig.work(part).attempt, 'done');
    rig.store.families.reconcile(id);
    rig.failsItsChecks(id);
    expect(rig.store.families.retry(id)).toBe(true);
    expect(rig.store.tasks.get(id)).toMatchObject({ status: 'ready', role: 'plan' });
    expect(rig.store.families.membersOf(id)).toEqual([]);
  });

  it('of a task that had delegated, with its workspace gone, is its own agent’s again', () => {
    const rig = new Rig();
    const task = rig.work(rig.submit().id);
    const part = rig.delegate(task) ?? '';
    rig.store.families.waitForDelegated(task.id, task.attempt, left);
    rig.store.families.reconcile(task.id);
    rig.end(part, rig.work(part).attempt, 'failed');
    rig.store.families.reconcile(task.id);
    rig.end(task.id, rig.store.families.beginFinish(task.id, 's1')?.attempt ?? 0, 'failed');
    expect(rig.store.families.retry(task.id)).toBe(true);
    expect(rig.store.tasks.get(task.id)).toMatchObject({ status: 'ready', role: 'work', agent: 'Code Agent' });
  });

  it('of a subtask is refused once its parent is done, also when that was thrown away', () => {
    const rig = new Rig();
    const task = rig.work(rig.submit().id);
    const old = rig.delegate(task) ?? '';
    rig.requeue(task.id, task.attempt);
    rig.end(task.id, rig.work(task.id).attempt, 'done');
    expect(rig.store.families.retry(old)).toBe(false);
    expect(rig.statuses([task.id])).toEqual(['done']);
  });

  it('of the review that a task has asked for is one of the task: a review alone would wait for ever', () => {
    const rig = new Rig();
    const { id } = rig.submit();
    const { attempt } = rig.work(id);
    rig.store.families.demand(id, attempt, { check: 'review_approved' });
    rig.store.families.toReview(id, attempt, left, 's1');
    const judge = rig.store.families.judgesOf(id)[0]?.id ?? '';
    rig.end(judge, rig.work(judge).attempt, 'failed');
    rig.store.families.reconcile(id);
    expect(rig.statuses([id, judge])).toEqual(['failed', 'failed']);
    expect(rig.store.families.retry(judge)).toBe(true);
    expect(rig.runnable()).toEqual([id]);
    rig.store.families.toReview(id, rig.work(id).attempt, left, 's1');
    rig.store.families.reconcile(id);
    expect(rig.runnable()).toEqual([judge]);
    rig.store.families.verdict(judge, rig.work(judge).attempt, noFindings, options);
    expect(rig.statuses([id, judge])).toEqual(['done', 'done']);
  });

  it('is refused while a worker below is alive, and twice', () => {
    const rig = new Rig();
    const { id, parts } = rig.plan(twoParts);
    const [one = ''] = parts;
    const { attempt } = rig.work(one);
    rig.store.tasks.cancelQueued(id);
    rig.store.families.reconcile(id);
    expect(rig.store.families.retry(id)).toBe(false);
    rig.store.tasks.cancelActive(one, attempt);
    expect(rig.store.families.retry(id)).toBe(true);
    expect(rig.store.families.retry(id)).toBe(false);
    rig.store.tasks.adopt('s1', '/p');
    expect(rig.runnable()).toEqual(parts);
  });
});
