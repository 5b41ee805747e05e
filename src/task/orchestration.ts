/** The orchestration tools, by the names that agents know; each is a call from a worker to its supervisor. */
export const orchestrationTools = [
  'delegate_task',
  'poll_tasks',
  'claim_task',
  'update_task_progress',
  'check_task_progress',
  'unblock_tasks',
  'request_review',
  'submit_review',
  'get_review_status',
  'model_status',
] as const;
export type OrchestrationTool = (typeof orchestrationTools)[number];

/** What agents and people said to each other about a task, as `wilson show` tells it. */
export const communicationKinds = [
  'plan',
  'handover',
  'delegation',
  'findings',
  'verdict',
  'question',
  'answer',
  'note',
] as const;
export type CommunicationKind = (typeof communicationKinds)[number];

export interface Communication {
  readonly id: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** Task of the sender and of the receiver; null for the user. */
  readonly fromTask: string | null;
  readonly toTask: string | null;
  /** As people see them: `Manager Agent`, `user`. */
  readonly fromName: string;
  readonly toName: string;
  readonly kind: CommunicationKind;
  readonly text: string;
}
