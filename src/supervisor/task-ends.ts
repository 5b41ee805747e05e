import { toErrorRecord } from '../errors.js';
import { persist } from '../store/persist.js';
import type { Task, TaskStatus } from '../task/task.js';
import { appliedText } from './apply-done.js';
import * as text from './notice-text.js';
import type { SupervisorOptions } from './supervisor-options.js';
import type { TaskLedger } from './task-ledger.js';

/** Ends that a chat tells one by one when it starts; of older ones it only says that they are there. */
const toldOneByOne = 10;

export interface TaskEndsOptions
  extends Pick<SupervisorOptions, 'store' | 'session' | 'clock' | 'log' | 'workspaces' | 'applyDone'> {
  readonly ledger: TaskLedger;
}

/**
 * What follows the end of a task: its result is applied where that is automatic, people are told, and what its parts have
 * left is removed. The store knows from the end on what of it is owed, so a process that dies in between loses nothing: the
 * next one of the folder, or one that lives, adopts the debt.
 */
export class TaskEnds {
  /** Ends that another process has left to us. */
  private readonly adopted = new Map<string, { readonly isSettled: boolean; readonly isTold: boolean }>();
  private following = 0;

  constructor(private readonly options: TaskEndsOptions) {}

  /** Something that follows an end is being done: who waits for the tasks waits for that too. */
  get isBusy(): boolean {
    return this.following > 0;
  }

  /** Takes over the ends of the folder that nobody alive sees to; each is then to be followed. */
  async adopt(): Promise<readonly string[]> {
    const { store, session, ledger } = this.options;
    // A parent without a chat has nobody to tell.
    const ends = await store.ends.adopt(session.id, session.folder, { notices: session.kind !== 'detached' });
    const older = Math.max(0, ends.length - toldOneByOne);
    for (const [at, { id, isSettled }] of ends.entries()) this.adopted.set(id, { isSettled, isTold: at < older });
    if (older > 0) ledger.say('info', null, text.olderEndsText(older));
    return ends.map(({ id }) => id);
  }

  /** Does what follows. Doing it again, after a death midway, applies nothing twice. */
  async follow(taskId: string, status: TaskStatus): Promise<Task | null> {
    this.following += 1;
    try {
      return await this.followNow(taskId, status);
    } finally {
      this.following -= 1;
    }
  }

  private async followNow(taskId: string, status: TaskStatus): Promise<Task | null> {
    const { store, clock, ledger, session, applyDone } = this.options;
    const task = await store.tasks.get(taskId);
    if (task === null) return null;
    const adopted = this.adopted.get(taskId);
    this.adopted.delete(taskId);
    // Of a task that another wilson runs, and that was only answered here, that one takes care.
    const isOurs = [session.id, null].includes(await store.tasks.sessionOf(taskId));
    if (isOurs && task.role === 'parent' && task.status === 'done') await this.removeParts(taskId);
    const applied = await appliedText({ store, applyDone: isOurs ? applyDone : null }, task);
    const subtasks = task.role === 'parent' ? await store.families.membersOf(taskId) : [];
    const shown = (): void => ledger.write(persist(clock, () => store.ends.told(taskId, task.attempt)));
    if (adopted?.isTold === true) shown();
    else ledger.sayOver(task, status, { subtasks, applied, isLate: adopted !== undefined, shown });
    if (!isOurs || adopted?.isSettled === true) return task;
    const line = task.error?.message ?? task.summary ?? status;
    void ledger.record(taskId, status === 'failed' ? 'error' : 'info', status, line);
    if (applied !== undefined) void ledger.record(taskId, 'info', 'apply', applied);
    ledger.write(persist(clock, () => store.ends.settled(taskId, task.attempt)));
    return task;
  }

  /** What the parts of a done task have made is in it now. */
  private async removeParts(taskId: string): Promise<void> {
    const { store, workspaces, log } = this.options;
    for (const { id } of await store.families.subtasksOf(taskId)) {
      await this.removeParts(id);
      try {
        await workspaces.discard(id);
      } catch (error) {
        log.warn({ task: id, error: toErrorRecord(error) }, 'a workspace could not be removed');
      }
    }
  }
}
