import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { Store } from '../../../src/store/store.js';
import type { PlanStep } from '../../../src/task/plan.js';
import { canTransition, isOver, type Task, type TaskStatus, type TaskType } from '../../../src/task/task.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { tempFolder } from '../../helpers/temp-folder.js';

/*
 * Families under random plans and random fates of their members: whatever happens, the family comes to an end by itself,
 * no task runs before what it depends on, and nothing is done that was not approved.
 */

const maxAttempts = 3;

const fate = fc.constantFrom(
  'done',
  'done',
  'done',
  'done',
  'fails',
  'crashes',
  'asks',
  'killed',
  'delegates',
  'parent dies',
  'family is killed',
);
const verdict = fc.constantFrom('approved', 'approved', 'needs_changes');
const step = fc.record({
  type: fc.constantFrom<TaskType>('code', 'code', 'test', 'review', 'research'),
  // Which of the steps before it it depends on, as bits.
  needs: fc.nat(63),
});
const story = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  fates: fc.infiniteStream(fate),
  verdicts: fc.infiniteStream(verdict),
  picks: fc.infiniteStream(fc.nat(5)),
  // How often the user tries what has failed again.
  retries: fc.nat(2),
});

interface Story {
  readonly steps: readonly { type: TaskType; needs: number }[];
  readonly fates: Iterator<string>;
  readonly verdicts: Iterator<'approved' | 'needs_changes'>;
  readonly picks: Iterator<number>;
  readonly retries: number;
}

function planOf(steps: Story['steps']): PlanStep[] {
  return steps.map(({ type, needs }, index) => ({
    key: `k${index}`,
    title: `step ${index}`,
    description: `do ${index}`,
    type,
    dependsOn: Array.from({ length: index }, (_, at) => `k${at}`).filter((_, at) => (needs & (1 << at)) !== 0),
    checks: [],
  }));
}

function workspaceOf(taskId: string) {
  const root = `/state/${taskId}`;
  return { taskId, kind: 'snapshot', root, folder: '/p', metaDir: root, branch: null, baseCommit: null } as const;
}

class World {
  readonly clock = createFakeClock();
  readonly folder = tempFolder();
  readonly store = Store.open(this.folder, this.clock);
  readonly wrong: string[] = [];
  private readonly seen = new Map<string, TaskStatus>();
  private sessions = 0;
  private sessionId = '';
  delegated = 0;

  constructor(private readonly story: Story) {
    this.newSession();
  }

  private next<T>(values: Iterator<T>): T {
    return values.next().value as T;
  }

  newSession(): void {
    if (this.sessionId !== '') this.store.sessions.end(this.sessionId);
    this.sessions += 1;
    this.sessionId = `s${this.sessions}`;
    this.store.sessions.begin({
      id: this.sessionId,
      kind: 'chat',
      folder: '/p',
      identity: ownIdentity(),
      limits: { maxConcurrent: 2, maxMemoryMb: 1_000, warnThresholdMb: 900 },
    });
    this.store.tasks.adopt(this.sessionId, '/p');
  }

  submit(): Task {
    const task = {
      title: 't',
      description: 'd',
      type: 'code' as const,
      folder: '/p',
      priority: 0,
      role: 'plan' as const,
    };
    return this.store.tasks.submit({ ...task, sessionId: this.sessionId });
  }

  /** Claims what may run and lets fate decide; false when nothing may. */
  turn(): boolean {
    const { store } = this;
    const runnable = store.tasks.runnable({ id: this.sessionId, folder: '/p', adopt: true }, 20);
    const task = runnable[this.next(this.story.picks) % Math.max(1, runnable.length)];
    if (task === undefined) return this.answerOrFinish();
    for (const id of task.dependsOn) {
      const status = store.tasks.get(id)?.status;
      if (status !== 'done' && status !== 'in_review') this.wrong.push(`${task.id} ran while ${id} was ${status}`);
    }
    const claim = store.workers.claim({
      taskId: task.id,
      sessionId: this.sessionId,
      ownerToken: this.sessionId,
      maxConcurrent: 9,
      need: { processMb: 1, model: null },
      maxMemoryMb: 1_000,
    });
    if (!claim.claimed) throw new Error(`${task.id} could not be claimed`);
    this.note();
    store.tasks.begin(task.id, claim.task.attempt);
    this.note();
    store.workers.release(task.id, claim.task.attempt);
    this.live(claim.task);
    this.note();
    this.reconcile(task);
    return true;
  }

  private live(task: Task): void {
    const { store } = this;
    const { id, attempt } = task;
    const ending = { summary: 's', error: null, definitionOfDone: [], artifacts: [] };
    if (task.role === 'plan') {
      const steps = planOf(this.story.steps);
      store.tasks.setWorkspace(id, workspaceOf(id));
      if (steps.length === 1) store.families.staysWhole(id, attempt);
      else store.families.plan(id, attempt, steps, this.sessionId);
      return;
    }
    const fate = this.next(this.story.fates);
    if (fate === 'fails') store.tasks.end(id, attempt, { ...ending, status: 'failed' });
    else if (fate === 'killed') store.tasks.cancelActive(id, attempt);
    else if (fate === 'family is killed') {
      if (task.parentId !== null) store.tasks.cancelQueued(task.parentId);
      this.note();
      store.tasks.cancelActive(id, attempt);
    } else if (fate === 'crashes' && attempt < 9) this.requeue(task, 'none');
    else if (fate === 'parent dies' && attempt < 9) {
      this.requeue(task, 'orderly');
      this.newSession();
    } else if (fate === 'asks' && attempt < 9) store.families.ask(id, attempt, 'which?');
    else this.deliver(task, fate === 'delegates');
  }

  private requeue(task: Task, interruption: 'none' | 'orderly'): void {
    const options = { runAtMs: 0, findings: [], interruption, error: null };
    this.store.tasks.requeue(task.id, task.attempt, options);
  }

  private deliver(task: Task, delegates: boolean): void {
    const { store } = this;
    const { id, attempt } = task;
    const left = { checks: [], artifacts: [], summary: 's' };
    if (store.families.isJudge(id)) {
      const verdict = this.next(this.story.verdicts);
      const finding = { file: '', line: null, severity: 'major', text: 'bad' } as const;
      const review = { verdict, findings: verdict === 'approved' ? [] : [finding], summary: 'r' };
      store.families.verdict(id, attempt, review, { maxAttempts, diffBytes: 9 });
      return;
    }
    if (delegates && this.delegated < 3) {
      this.delegated += 1;
      const part = {
        title: `part ${this.delegated}`,
        description: 'part',
        type: 'code' as const,
        dependsOn: [],
        checks: [],
      };
      store.families.delegate(task, part, { parentId: task.parentId ?? id, sessionId: this.sessionId });
    }
    if (task.demands.some(({ check }) => check === 'review_approved')) {
      store.families.toReview(id, attempt, left, this.sessionId);
    } else if (store.families.unfinishedBelow(id).length > 0) store.families.waitForDelegated(id, attempt, left);
    else
      store.tasks.end(id, attempt, { status: 'done', summary: 's', error: null, definitionOfDone: [], artifacts: [] });
  }

  private reconcile(task: Task): void {
    const { store } = this;
    for (const id of new Set([task.id, ...(task.parentId === null ? [] : [task.parentId])])) {
      const before = store.families.subtasksOf(id).map(({ status }) => status);
      store.families.reconcile(id);
      this.note();
      const again = store.families.reconcile(id);
      if (again.readied.length + again.skipped.length > 0)
        this.wrong.push(`a second look at ${id} found more: ${before.join()}`);
    }
  }

  /** Nothing may run: the user answers, and parents whose subtasks are over are finished. */
  private answerOrFinish(): boolean {
    const { store } = this;
    const asking = store.families.asking('/p')[0];
    if (asking !== undefined) {
      store.families.answer(asking.id, 'this');
      this.note();
      return true;
    }
    for (const id of store.families.toLookAfter(this.sessionId)) {
      const { complete, readied, skipped, dropped } = store.families.reconcile(id);
      this.note();
      if (readied.length + skipped.length + dropped.length > 0) return true;
      const parent = complete ? store.families.beginFinish(id, this.sessionId) : null;
      if (parent === null) continue;
      this.note();
      const done = store.families.subtasksOf(id).every(({ status }) => status === 'done');
      const status = done ? 'done' : 'failed';
      store.tasks.end(id, parent.attempt, { status, summary: null, error: null });
      this.note();
      return true;
    }
    return false;
  }

  /** The user tries one that has failed again; false when there is none, or it cannot be. */
  retry(): boolean {
    const { store } = this;
    const failed = store.tasks
      .list({ limit: 100 })
      .filter(({ status }) => status === 'failed' || status === 'cancelled');
    const task = failed[this.next(this.story.picks) % Math.max(1, failed.length)];
    if (task === undefined || !store.families.retry(task.id)) return false;
    this.note();
    store.tasks.adopt(this.sessionId, '/p');
    return true;
  }

  /** Every change of a status is a step of the life of a task. */
  note(): void {
    for (const { id, status } of this.store.tasks.list({ limit: 100 })) {
      const before = this.seen.get(id);
      if (before !== undefined && before !== status && !canTransition(before, status)) {
        this.wrong.push(`${id}: ${before} → ${status}`);
      }
      this.seen.set(id, status);
    }
  }
}

function live(one: Story): World {
  const world = new World(one);
  world.submit();
  world.note();
  let turns = 0;
  let retries = one.retries;
  do {
    while (world.turn()) {
      turns += 1;
      if (turns > 600) throw new Error('the family does not come to an end');
    }
    retries -= 1;
  } while (retries >= 0 && world.retry());
  return world;
}

describe('a family', () => {
  it('comes to an end by itself, in allowed steps, each task after what it depends on', () => {
    fc.assert(
      fc.property(story, (one) => {
        const world = live(one as unknown as Story);
        try {
          expect(world.wrong).toEqual([]);
          const tasks = world.store.tasks.list({ limit: 100 });
          expect(tasks.filter(({ status }) => !isOver(status)).map(({ id, status }) => `${id} ${status}`)).toEqual([]);
          const top = tasks.find(({ parentId }) => parentId === null);
          const members = top === undefined ? [] : world.store.families.membersOf(top.id);
          if (top?.status === 'done') expect(members.every(({ status }) => status === 'done')).toBe(true);
          const reviewers = members.filter(({ id }) => world.store.families.isJudge(id));
          for (const { demands } of members.filter(({ title }) => reviewers.length > 0 && title.startsWith('part ')))
            expect(demands).toContainEqual({ check: 'review_approved' });
          for (const task of tasks) {
            const wantsReview = task.demands.some(({ check }) => check === 'review_approved');
            const last = world.store.families
              .reviewsOf(task.id)
              .filter(({ taskId }) => taskId === task.id)
              .at(-1);
            if (wantsReview && task.status === 'done') expect(last?.verdict).toBe('approved');
            const judged = world.store.families.reviewsOf(task.id).filter(({ taskId }) => taskId === task.id);
            expect(judged.filter((review) => review.verdict === 'needs_changes').length).toBeLessThanOrEqual(
              maxAttempts * (1 + one.retries),
            );
          }
        } finally {
          world.store.close();
        }
      }),
      { numRuns: Number(process.env.WILSON_PROPERTY_RUNS ?? 25) },
    );
  });
});
