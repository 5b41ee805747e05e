import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { Artifact, ProviderId, Task, TaskRole, TaskStatus, TaskType, Usage } from '../task/task.js';

/** `keeps_work`: the next attempts go on with what is in the workspace, whatever fails, as after a review. */
export const keepsAlways = 1;
/** `keeps_work`: they do until one of them fails, as after a question. */
export const keepsUntilFailure = 2;

/** A line of `tasks` as SQLite returns it. */
export interface TaskRow {
  seq: number;
  id: string;
  title: string;
  description: string;
  type: TaskType;
  status: TaskStatus;
  priority: number;
  folder: string;
  parent_id: string | null;
  session_id: string | null;
  attempt: number;
  interruptions: number;
  interrupted: number;
  run_at_ms: number;
  agent: string;
  model_used: string | null;
  provider: ProviderId | null;
  used_fallback: number;
  fallback_reason: string | null;
  progress: number | null;
  progress_basis: string;
  message: string;
  queued_reason: string | null;
  queued_detail: string | null;
  queued_sum: string | null;
  need_mb: number | null;
  role: TaskRole;
  question: string | null;
  keeps_work: number;
  judges: number;
  superseded: number;
  demands: string;
  definition_of_done: string;
  artifacts: string;
  findings: string;
  workspace: string | null;
  outcome: 'applied' | 'discarded' | null;
  summary: string | null;
  error: string | null;
  usage: string;
  peak_mb: number | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  depends_on: string | null;
}

/** The JSON columns are only ever written by this program, from values of these types. */
function parse<T>(json: string): T {
  return JSON.parse(json) as T;
}

export function taskOfRow(row: TaskRow): Task {
  return {
    id: row.id,
    title: row.title,
    description: row.description,
    type: row.type,
    role: row.role,
    status: row.status,
    priority: row.priority,
    folder: row.folder,
    attempt: row.attempt,
    parentId: row.parent_id,
    dependsOn: row.depends_on === null ? [] : row.depends_on.split(','),
    agent: row.agent,
    modelUsed: row.model_used,
    provider: row.provider,
    usedFallback: row.used_fallback === 1,
    fallbackReason: row.fallback_reason,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    progress: { fraction: row.progress, basis: row.progress_basis, message: row.message },
    definitionOfDone: parse<(CheckSpec | CheckResult)[]>(row.definition_of_done),
    artifacts: parse<Artifact[]>(row.artifacts),
    workspace: row.workspace === null ? null : parse<{ root: string }>(row.workspace).root,
    summary: row.summary,
    error: row.error === null ? null : parse<NonNullable<Task['error']>>(row.error),
    usage: parse<Usage>(row.usage),
    peakMb: row.peak_mb,
    queuedReason: row.queued_reason,
    queuedDetail: row.queued_detail,
    queuedSum: row.queued_sum === null ? null : parse<NonNullable<Task['queuedSum']>>(row.queued_sum),
    needMb: row.need_mb,
    question: row.question,
    superseded: row.superseded === 1,
    demands: parse<CheckSpec[]>(row.demands),
  };
}

/** The columns of {@link TaskRow}, for every query that returns tasks. */
export const taskColumns =
  'tasks.*, (SELECT group_concat(depends_on) FROM dependencies WHERE task_id = tasks.id) AS depends_on';
