import { WilsonError } from '../errors.js';
import { persist } from '../store/persist.js';
import type { Task, TaskStatus } from '../task/task.js';
import { runAttempt } from './attempt.js';
import type { Brief } from './attempt-options.js';
import type { Orchestration } from './orchestration.js';
import type { RunningTask } from './running-task.js';
import { type SettlePorts, settleAttempt } from './settle.js';
import type { SupervisorOptions } from './supervisor-options.js';
import { isFamilySettlement, type TaskFamilies } from './task-families.js';
import type { TaskLedger } from './task-ledger.js';

/** What an attempt was seen to need is the least that it needs: it was stopped while it grew. */
const needMargin = 1.1;

export interface RunTaskOptions {
  readonly options: SupervisorOptions;
  readonly ledger: TaskLedger;
  readonly families: TaskFamilies;
  readonly orchestration: Orchestration;
  /** Its slot is free again. */
  slotFree(): void;
}

/**
 * One attempt of a claimed task, from the fork to what it means for the task and its family. Resolves with the status when
 * the task is over, else with null; rejects only for a fault of Wilson itself.
 */
export async function runTask(
  { options, ledger, families, orchestration, slotFree }: RunTaskOptions,
  task: Task,
  owner: string,
  running: RunningTask,
): Promise<TaskStatus | null> {
  const { store } = options;
  const { id, attempt } = task;
  let brief: Brief | null = null;
  const events = ledger.attemptEvents(task, running, await isFirstOfItsAgent(store, task));
  const outcome = await runAttempt({
    task,
    owner,
    entry: options.workerEntry,
    env: options.workerEnv,
    clock: options.clock,
    limits: options.limits,
    models: options.models,
    workspaces: options.workspaces,
    priority: options.priority,
    brief: async () => {
      brief = await families.brief(task);
      return brief;
    },
    onCall: (tool, args) => orchestration.serve(task, tool, args),
    sandboxed: options.sandboxed,
    signal: running.signal,
    resize: (need) =>
      running.resizes(need, store.workers.resize(id, attempt, need, options.session.limits.maxMemoryMb)),
    events,
    releaseSlot: async () => {
      running.workerGone();
      const released = await persist(options.clock, () => store.workers.release(id, attempt));
      // Another terminal's `kill` may have ended the worker and released for us.
      if (!released) options.log.warn({ task: id, attempt }, 'the slot had been released by someone else');
      slotFree();
    },
  }).finally(() => events.over());
  running.setPhase('checking');
  if (outcome.kind === 'result') {
    ledger.write(store.tasks.setProgress(id, attempt, { ...running.progress, message: 'checking the result' }));
  }
  const counted = (await store.tasks.failuresOf(id)) + 1;
  // What the worker asked for while it worked, such as a review, counts.
  const now = (await store.tasks.get(id)) ?? task;
  const current = { ...task, demands: now.demands };
  const ports: SettlePorts = {
    verify: (proposed, workspace) => options.verification.verify(current, workspace, proposed, running.signal),
    merge: (workspace) => families.merge(current, workspace),
    judged: (brief as Brief | null)?.review ?? null,
    submitted: orchestration.takeReview(id, attempt),
    hasDelegated: async () => (await store.families.unfinishedBelow(id)).length > 0,
  };
  const settlement = await settleAttempt(current, counted, outcome, ports, running.signal);
  if (isFamilySettlement(settlement)) return families.settle(current, settlement);
  const findings = (brief as Brief | null)?.findings ?? (await store.tasks.findings(id));
  const outgrew = outcome.kind === 'failed' && outcome.failure === 'outgrew';
  const needMb = outgrew ? Math.ceil((running.peakMb ?? 0) * needMargin) : null;
  return ledger.settle(task, settlement, { findings, needMb });
}

/** People are told once that an agent works, and on which model: the attempt after the plan is another agent's first. */
async function isFirstOfItsAgent(store: SupervisorOptions['store'], task: Task): Promise<boolean> {
  if (task.attempt === 1) return true;
  const before = (await store.workers.attemptsOf(task.id)).find(({ attempt }) => attempt === task.attempt - 1);
  return before?.outcome === 'planned';
}

/** The processes of a task that the system would not end. */
export function survived(taskId: string): WilsonError {
  return new WilsonError('NOT_KILLED', `${taskId} has processes that the system would not end.`, {
    hint: '`wilson ps` shows them.',
  });
}
