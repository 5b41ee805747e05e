import type { ErrorRecord } from '../errors.js';
import type { FamilyStore } from '../store/family-store.js';
import type { Async } from '../store/store-thread.js';
import type { TaskStore } from '../store/task-store.js';
import type { AttemptRecord, WorkerStore } from '../store/worker-store.js';
import type { AttemptMemory } from '../supervisor/memory-timeline.js';
import type { Communication } from '../task/orchestration.js';
import type { ReviewRecord } from '../task/review.js';
import { addUsage, type Task } from '../task/task.js';
import type {
  AttemptJson,
  AttemptMemoryJson,
  ReviewJson,
  TaskExtras,
  TotalUsageJson,
  TreeJson,
} from './json-shapes.js';
import { resultOf } from './result-state.js';
import { type TaskWait, type WaitStore, waitOf } from './task-wait.js';

/** What a story is read from; a parent's store and that of a short command both fit. */
export interface StoryStore extends WaitStore {
  readonly tasks: Pick<Async<TaskStore>, 'get' | 'sessionOf' | 'workspaceOf' | 'outcomeOf'>;
  readonly workers: Pick<Async<WorkerStore>, 'attemptsOf'>;
  readonly families: Pick<Async<FamilyStore>, 'subtasksOf' | 'judgesOf' | 'reviewsOf' | 'communicationsOf'>;
}

interface Family {
  readonly task: Task;
  readonly wait: TaskWait | null;
  readonly below: readonly Family[];
}

/** All that is stored beside a task and belongs to its story: its subtasks, attempts, reviews and messages. */
export async function storyOf(store: StoryStore, task: Task, nowMs: number): Promise<TaskExtras> {
  const family = await familyOf(store, task);
  const members = flat(family);
  const attempts = await store.workers.attemptsOf(task.id);
  const reviews = await Promise.all(members.map(({ id }) => store.families.reviewsOf(id)));
  const communications = await Promise.all(members.map(({ id }) => store.families.communicationsOf(id)));
  const parent = task.parentId === null ? null : await store.tasks.get(task.parentId);
  const counting = family.below.filter((member) => !member.task.superseded);
  return {
    subtasks: counting.map((member) => member.task.id),
    tree: family.below.map((member) => treeOf(member, nowMs)),
    reviews: reviewsOf(reviews.flat()),
    totalUsage: totalOf(members),
    attempts: attempts.map(attemptOf),
    communications: inOrder(communications.flat()),
    memory: attempts.flatMap(memoryOf),
    wait: family.wait,
    result: await resultOf(store, task),
    leftOut: (await store.tasks.workspaceOf(task.id))?.leftOut ?? null,
    parentStatus: parent?.status ?? null,
  };
}

async function familyOf(store: StoryStore, task: Task): Promise<Family> {
  const [subtasks, wait] = await Promise.all([store.families.subtasksOf(task.id), waitOf(store, task)]);
  return { task, wait, below: await Promise.all(subtasks.map((subtask) => familyOf(store, subtask))) };
}

function flat({ task, below }: Family): Task[] {
  return [task, ...below.flatMap(flat)];
}

function treeOf({ task, wait, below }: Family, nowMs: number): TreeJson {
  const { startedAt, endedAt } = task;
  const until = endedAt === null ? nowMs : Date.parse(endedAt);
  return {
    id: task.id,
    title: task.title,
    type: task.type,
    role: task.role,
    status: task.status,
    agent: task.agent,
    attempt: task.attempt,
    modelUsed: task.modelUsed,
    usedFallback: task.usedFallback,
    dependsOn: task.dependsOn,
    startedAt,
    endedAt,
    durationMs: startedAt === null ? null : Math.max(0, until - Date.parse(startedAt)),
    outcome: outcomeOf(task, wait),
    asks: wait?.reason === 'question',
    superseded: task.superseded,
    usage: task.usage,
    peakMb: task.peakMb,
    subtasks: below.map((member) => treeOf(member, nowMs)),
  };
}

function outcomeOf(task: Task, wait: TaskWait | null): string {
  if (task.status === 'done') return task.summary ?? '';
  if (task.status === 'failed') return task.error?.message ?? 'no reason was recorded';
  if (task.status === 'cancelled') return '';
  if (wait !== null) return wait.detail;
  return task.status === 'ready' || task.status === 'blocked' || task.status === 'new'
    ? (task.queuedDetail ?? task.queuedReason ?? '')
    : task.progress.message;
}

/** A review stands with the judged task and with the reviewer; within a family it is told once. */
function reviewsOf(records: readonly ReviewRecord[]): ReviewJson[] {
  const once = new Map(records.map((review) => [`${review.taskId} ${review.reviewer} ${review.createdAt}`, review]));
  return [...once.values()]
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt))
    .map(({ attempt, verdict, findings, reviewer, createdAt, taskId, summary, diffBytes }) => ({
      attempt,
      verdict,
      findings,
      reviewer,
      createdAt,
      task: taskId,
      summary,
      diffBytes,
    }));
}

function inOrder(messages: readonly Communication[]): Communication[] {
  return [...new Map(messages.map((message) => [message.id, message])).values()].sort((a, b) => a.id - b.id);
}

function totalOf(members: readonly Task[]): TotalUsageJson {
  const peaks = members.flatMap(({ peakMb }) => (peakMb === null ? [] : [peakMb]));
  return {
    ...members.map(({ usage }) => usage).reduce(addUsage),
    peakMb: peaks.length === 0 ? null : Math.max(...peaks),
  };
}

function attemptOf({ attempt, pid, startedAt, endedAt, outcome, error }: AttemptRecord): AttemptJson {
  const durationMs = endedAt === null ? null : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
  return { attempt, pid, startedAt, endedAt, durationMs, outcome, error: error satisfies ErrorRecord | null };
}

/** The memory of an attempt that was looked at; that of a running one as far as it goes. */
function memoryOf({ attempt, memory }: AttemptRecord): AttemptMemoryJson[] {
  if (memory === null) return [];
  // Written by this program, in this form; what was reserved is not in the oldest ones.
  const { stepMs, mb, reservedMb } = JSON.parse(memory) as Omit<AttemptMemory, 'reservedMb'> & Partial<AttemptMemory>;
  return [{ attempt, stepMs, mb, reservedMb: reservedMb ?? null }];
}
