import { systemClock } from '../../src/clock.js';
import { ownIdentity } from '../../src/platform/process-identity.js';
import { Store } from '../../src/store/store.js';
import type { PlanStep } from '../../src/task/plan.js';
import type { Task } from '../../src/task/task.js';
import { tempFolder } from './temp-folder.js';

const steps: readonly PlanStep[] = [
  { key: 'code', title: 'Write todo.py', description: 'Write it.', type: 'code', dependsOn: [], checks: [] },
  { key: 'test', title: 'Test todo.py', description: 'Test it.', type: 'test', dependsOn: ['code'], checks: [] },
  { key: 'review', title: 'Review', description: 'Review it.', type: 'review', dependsOn: ['code'], checks: [] },
];

export interface FamilyRig {
  readonly state: string;
  readonly store: Store;
  /** Gives a ready task its next attempt, as its supervisor would. */
  claim(id: string): Task;
}

/** A state folder with `TASK-001`, planned into the code `TASK-002`, its test `TASK-003` and its review `TASK-004`. */
export function plannedFamily(folder = '/project'): FamilyRig {
  const state = tempFolder();
  const store = Store.open(state, systemClock);
  store.sessions.begin({
    id: 's1',
    kind: 'chat',
    folder,
    identity: ownIdentity(),
    limits: { maxConcurrent: 4, maxMemoryMb: 4_096, warnThresholdMb: 4_000 },
  });
  const claim = (id: string): Task => {
    const need = { processMb: 100, model: null };
    const claimed = store.workers.claim({
      taskId: id,
      sessionId: 's1',
      ownerToken: 's1',
      maxConcurrent: 4,
      need,
      maxMemoryMb: 4_096,
    });
    if (!claimed.claimed) throw new Error(`${id} could not be claimed: ${claimed.reason}`);
    store.workers.release(id, claimed.task.attempt);
    store.tasks.begin(id, claimed.task.attempt);
    return claimed.task;
  };
  const { id } = store.tasks.submit({
    title: 'Build a todo app',
    description: 'Build a todo app with tests',
    type: 'code',
    folder,
    priority: 0,
    sessionId: 's1',
    role: 'plan',
  });
  const { attempt } = claim(id);
  if (store.families.plan(id, attempt, steps, 's1') === null) throw new Error('the plan was not taken');
  store.families.reconcile(id);
  return { state, store, claim };
}
