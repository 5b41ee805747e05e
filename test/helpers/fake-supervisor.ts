import type { ActiveTask, CancelOutcome, Notice, SupervisorPort, TaskRequest } from '../../src/supervisor/port.js';
import type { ReviewRecord } from '../../src/task/review.js';
import { agentNames, isOver, noUsage, type Task } from '../../src/task/task.js';

/** A task as the store would give it, with what a test cares about on top. */
export function fakeTask(change: Partial<Task> = {}): Task {
  return {
    id: 'TASK-001',
    title: 'write slugify.py',
    description: 'write slugify.py',
    type: 'code',
    role: 'work',
    status: 'in_progress',
    priority: 0,
    folder: '/project',
    attempt: 1,
    parentId: null,
    dependsOn: [],
    agent: 'Code Agent',
    modelUsed: 'qwen2.5-coder:0.5b',
    provider: 'llamacpp',
    usedFallback: false,
    fallbackReason: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: '2026-01-01T00:00:01.000Z',
    endedAt: null,
    progress: { fraction: null, basis: '', message: '' },
    definitionOfDone: [],
    artifacts: [],
    workspace: null,
    summary: null,
    error: null,
    usage: noUsage,
    peakMb: null,
    queuedReason: null,
    queuedDetail: null,
    queuedSum: null,
    needMb: null,
    question: null,
    superseded: false,
    demands: [],
    ...change,
  };
}

export function fakeActive(change: Partial<Task> = {}, active: Partial<Omit<ActiveTask, 'task'>> = {}): ActiveTask {
  return { task: fakeTask(change), pid: 4711, phase: 'working', memoryMb: null, ...active };
}

/** A supervisor in memory: tasks are stored and start at once; tests move them on. */
export class FakeSupervisor implements SupervisorPort {
  readonly stored: Task[] = [];
  readonly cancelled: string[] = [];
  /** What was answered, as `TASK-003: text`. */
  readonly answers: string[] = [];
  readonly storedReviews: ReviewRecord[] = [];
  shutdowns = 0;
  #active: ActiveTask[] = [];
  readonly #noticeListeners = new Set<(notice: Notice) => void>();
  readonly #changeListeners = new Set<() => void>();
  readonly #idleWaiters = new Set<() => void>();

  async submit(request: TaskRequest): Promise<Task> {
    const id = `TASK-${String(this.stored.length + 1).padStart(3, '0')}`;
    const task = fakeTask({ ...request, id, agent: agentNames[request.type] });
    this.add(task);
    this.notify({ kind: 'started', taskId: id, text: `${id} started: ${task.agent} (fake): ${task.title}` });
    return task;
  }

  /** Stores a task as it is; one that is in progress gets a worker. */
  add(task: Task): void {
    this.stored.unshift(task);
    if (task.status === 'in_progress') this.#active.push({ task, pid: 1, phase: 'working', memoryMb: 92 });
    this.#changed();
  }

  change(id: string, change: Partial<Task>): void {
    const index = this.stored.findIndex((task) => task.id === id);
    const old = this.stored[index];
    if (old === undefined) throw new Error(`the fake supervisor has no ${id}`);
    const task = { ...old, ...change };
    this.stored[index] = task;
    this.#active = this.#active
      .map((active) => (active.task.id === id ? { ...active, task } : active))
      .filter(({ task: { status } }) => !isOver(status) && status !== 'blocked');
    this.#changed();
    if (this.#active.length === 0) for (const resolve of this.#idleWaiters) resolve();
  }

  finish(id: string): void {
    this.change(id, { status: 'done', summary: 'wrote slugify.py' });
    this.notify({
      kind: 'done',
      taskId: id,
      text: `✓ ${id} is done: wrote slugify.py\n  ✓ tests_pass: 3 tests run, 0 failed`,
    });
  }

  /** A worker ends with a question; its task waits. */
  ask(id: string, question: string): void {
    this.change(id, { status: 'blocked', question });
    this.notify({ kind: 'asks', taskId: id, text: `${id} asks: ${question}` });
  }

  notify(notice: Notice): void {
    for (const listener of this.#noticeListeners) listener(notice);
  }

  async cancel(taskId: string): Promise<CancelOutcome> {
    const task = this.stored.find(({ id }) => id === taskId) ?? null;
    if (task === null) return { result: 'unknown', task };
    if (isOver(task.status)) return { result: 'over', task };
    this.cancelled.push(taskId);
    this.change(taskId, { status: 'cancelled' });
    this.notify({ kind: 'cancelled', taskId, text: `${taskId} is cancelled.` });
    return { result: 'cancelled', task: await this.task(taskId) };
  }

  active(): readonly ActiveTask[] {
    return this.#active;
  }

  async tasks(limit: number): Promise<Task[]> {
    return this.stored.slice(0, limit);
  }

  async task(taskId: string): Promise<Task | null> {
    return this.stored.find(({ id }) => id === taskId) ?? null;
  }

  async subtasks(taskId: string): Promise<Task[]> {
    return this.stored.filter(({ parentId }) => parentId === taskId).reverse();
  }

  async reviews(taskId: string): Promise<ReviewRecord[]> {
    return this.storedReviews.filter((review) => review.taskId === taskId || review.reviewer === taskId);
  }

  async asking(): Promise<Task[]> {
    return this.stored.filter(({ status, question }) => status === 'blocked' && question !== null).reverse();
  }

  async answer(taskId: string, text: string): Promise<boolean> {
    if (!(await this.asking()).some(({ id }) => id === taskId)) return false;
    this.answers.push(`${taskId}: ${text}`);
    this.change(taskId, { status: 'ready', question: null });
    return true;
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    this.#noticeListeners.add(listener);
    return () => this.#noticeListeners.delete(listener);
  }

  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  async whenIdle(): Promise<void> {
    if (this.#active.length > 0) await new Promise<void>((resolve) => this.#idleWaiters.add(resolve));
  }

  async shutdown(): Promise<void> {
    this.shutdowns += 1;
  }

  #changed(): void {
    for (const listener of this.#changeListeners) listener();
  }
}
