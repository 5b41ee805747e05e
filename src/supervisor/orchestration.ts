import { z } from 'zod';
import { WilsonError } from '../errors.js';
import { checkProblem, checkText } from '../task/check-rules.js';
import { checkNames } from '../task/definition-of-done.js';
import type { OrchestrationTool } from '../task/orchestration.js';
import { planLimits } from '../task/plan.js';
import { type Review, severities, verdicts } from '../task/review.js';
import { type Progress, parseTaskId, type Task, taskTypes } from '../task/task.js';
import type { ActiveTask } from './port.js';
import type { SupervisorOptions } from './supervisor-options.js';

/** Subtasks that a family may have in all: an agent that delegates for ever is stopped here. */
const familyLimit = 12;
/** Calls that one attempt may make. */
const callLimit = 200;
const textLimit = 2_000;
/** Of a summary, in a list of tasks. */
const shownSummary = 500;

const taskId = z
  .string()
  .transform((text) => parseTaskId(text))
  .pipe(z.string({ error: 'task_id must be an id such as TASK-007' }));

const schemas = {
  delegate_task: z.object({
    title: z.string().trim().min(1).max(planLimits.titleChars),
    description: z.string().trim().min(1).max(planLimits.delegatedChars),
    type: z.enum(taskTypes),
    depends_on: z.array(taskId).max(familyLimit).default([]),
    checks: z
      .array(
        z.object({
          check: z.enum(checkNames),
          paths: z.array(z.string()).exactOptional(),
          command: z.array(z.string()).exactOptional(),
          percent: z.number().min(0).max(100).exactOptional(),
        }),
      )
      .max(8)
      .default([]),
  }),
  poll_tasks: z.object({ status: z.string().optional() }),
  claim_task: z.object({ task_id: taskId }),
  update_task_progress: z.object({
    task_id: taskId.optional(),
    progress: z.number().min(0).max(1).nullable().default(null),
    basis: z.string().max(200).default(''),
    message: z.string().max(200).default(''),
  }),
  check_task_progress: z.object({ task_id: taskId }),
  unblock_tasks: z.object({}),
  request_review: z.object({ note: z.string().max(textLimit).default('') }),
  submit_review: z.object({
    verdict: z.enum(verdicts),
    summary: z.string().max(textLimit).default(''),
    findings: z
      .array(
        z.object({
          file: z.string().default(''),
          line: z.number().int().positive().nullable().default(null),
          severity: z.enum(severities),
          text: z.string().trim().min(1).max(textLimit),
        }),
      )
      .max(50)
      .default([]),
  }),
  get_review_status: z.object({ task_id: taskId.optional() }),
  model_status: z.object({}),
} satisfies Record<OrchestrationTool, z.ZodType>;

export interface OrchestrationOptions extends Pick<SupervisorOptions, 'store' | 'session'> {
  /** A task of ours from now on. */
  track(taskId: string): void;
  active(): readonly ActiveTask[];
  /** Shows how far a running task is. */
  showProgress(taskId: string, progress: Progress): void;
  /** Brings a family up to date; resolves with what may run now. */
  goOn(parentId: string): Promise<readonly string[]>;
}

/**
 * Serves the orchestration tools of workers. An agent sees its own family alone; what it says changes what is asked of a
 * task, never whether it is done (I8). Each call is checked, counted, and answered with JSON.
 */
export class Orchestration {
  private readonly calls = new Map<string, number>();
  private readonly submitted = new Map<string, Review>();

  constructor(private readonly options: OrchestrationOptions) {}

  /** Answers a call as JSON. Rejects with `CALL_REFUSED` and a reason that the model can act on. */
  async serve(task: Task, tool: OrchestrationTool, args: Readonly<Record<string, unknown>>): Promise<string> {
    const key = keyOf(task.id, task.attempt);
    const made = (this.calls.get(key) ?? 0) + 1;
    this.calls.set(key, made);
    if (made > callLimit) throw refused(`${tool} was not served: ${callLimit} calls are enough for one attempt.`);
    const parsed = schemas[tool].safeParse(args);
    if (!parsed.success) throw refused(`${tool}: ${parsed.error.issues.map(issueText).join('; ')}.`);
    return JSON.stringify(await this.run(task, tool, parsed.data));
  }

  /** The verdict that a reviewer submitted by tool, once; null where it did not. */
  takeReview(id: string, attempt: number): Review | null {
    const key = keyOf(id, attempt);
    const review = this.submitted.get(key) ?? null;
    this.submitted.delete(key);
    this.calls.delete(key);
    return review;
  }

  private async run(task: Task, tool: OrchestrationTool, data: unknown): Promise<unknown> {
    // Each was parsed with the schema of its tool.
    switch (tool) {
      case 'delegate_task':
        return this.delegate(task, data as z.infer<typeof schemas.delegate_task>);
      case 'poll_tasks':
        return this.poll(task, data as z.infer<typeof schemas.poll_tasks>);
      case 'claim_task':
        return this.claim(task, data as z.infer<typeof schemas.claim_task>);
      case 'update_task_progress':
        return this.progress(task, data as z.infer<typeof schemas.update_task_progress>);
      case 'check_task_progress':
        return lineOf(await this.member(task, (data as z.infer<typeof schemas.check_task_progress>).task_id));
      case 'unblock_tasks':
        return this.unblock(task);
      case 'request_review':
        return this.requestReview(task, data as z.infer<typeof schemas.request_review>);
      case 'submit_review':
        return this.submitReview(task, data as z.infer<typeof schemas.submit_review>);
      case 'get_review_status':
        return this.reviewStatus(task, (data as z.infer<typeof schemas.get_review_status>).task_id ?? task.id);
      case 'model_status':
        return this.modelStatus();
    }
  }

  private async family(task: Task): Promise<Task[]> {
    const { store } = this.options;
    const top = task.parentId ?? task.id;
    const parent = await store.tasks.get(top);
    return [...(parent === null ? [] : [parent]), ...(await store.families.membersOf(top))];
  }

  private async member(task: Task, id: string): Promise<Task> {
    const found = (await this.family(task)).find((each) => each.id === id);
    if (found === undefined) throw refused(`${id} does not belong to this work; poll_tasks lists what does.`);
    return found;
  }

  private async delegate(task: Task, data: z.infer<typeof schemas.delegate_task>): Promise<unknown> {
    const { store, session } = this.options;
    const family = await this.family(task);
    if (family.length > familyLimit) {
      throw refused(`There are ${family.length - 1} subtasks already, at most ${familyLimit} are allowed.`);
    }
    const parentId = task.parentId ?? task.id;
    // Its parent waits for it: it can wait for another part alone.
    const others = family.filter(({ id }) => id !== task.id && id !== parentId);
    const unknown = data.depends_on.find((id) => !others.some((each) => each.id === id));
    if (unknown !== undefined) throw refused(`depends_on: ${unknown} is no other task of this work.`);
    if (task.type === 'review') throw refused('A reviewer reviews; it does not delegate.');
    const unusable = data.checks.flatMap((check) => {
      const problem = checkProblem(check);
      return problem === null ? [] : [`${checkText(check)}: ${problem}`];
    });
    // Nothing is left out unseen: an agent would count on a check that nobody runs.
    if (unusable.length > 0) throw refused(`checks: ${unusable.join('; ')}. Nothing was delegated.`);
    if (task.parentId === null && (await this.wantsReview(task))) {
      throw refused('A review of this work has been asked for, which would not see the parts: do it here.');
    }
    const step = {
      title: data.title,
      description: data.description,
      type: data.type,
      dependsOn: data.depends_on,
      checks: data.checks,
    };
    const id = await store.families.delegate(task, step, { parentId, sessionId: session.id });
    if (id === null) throw refused('This work is over.');
    this.options.track(id);
    await this.options.goOn(parentId);
    return { task_id: id, status: (await store.tasks.get(id))?.status ?? 'blocked' };
  }

  private async poll(task: Task, { status }: z.infer<typeof schemas.poll_tasks>): Promise<unknown> {
    const family = await this.family(task);
    return { tasks: family.filter((each) => status === undefined || each.status === status).map(lineOf) };
  }

  /** A worker serves one attempt of one task (I3): that is the one it has. */
  private async claim(task: Task, { task_id: id }: z.infer<typeof schemas.claim_task>): Promise<unknown> {
    await this.member(task, id);
    if (id !== task.id) throw refused(`${id} gets a worker of its own; this one serves ${task.id} and no other.`);
    return { ...lineOf(task), description: task.description, attempt: task.attempt };
  }

  private async progress(task: Task, data: z.infer<typeof schemas.update_task_progress>): Promise<unknown> {
    if (data.task_id !== undefined && data.task_id !== task.id) {
      throw refused(`Only the progress of ${task.id} can be told from here.`);
    }
    // A fraction without a basis would be a guess.
    const fraction = data.basis.trim() === '' ? null : data.progress;
    const basis = fraction === null ? '' : data.basis.trim();
    const { store } = this.options;
    const progress = { fraction, basis, message: data.message };
    if (await store.tasks.setProgress(task.id, task.attempt, progress)) this.options.showProgress(task.id, progress);
    return { ok: true, progress: fraction, basis };
  }

  private async unblock(task: Task): Promise<unknown> {
    return { unblocked: await this.options.goOn(task.parentId ?? task.id) };
  }

  private async requestReview(task: Task, { note }: z.infer<typeof schemas.request_review>): Promise<unknown> {
    if (task.type !== 'code' && task.type !== 'test') throw refused('Only code and tests are reviewed.');
    const { store } = this.options;
    // Those below it that do not judge it are parts of its work.
    const below = await store.families.membersOf(task.id);
    if (below.some(({ dependsOn }) => !dependsOn.includes(task.id))) {
      throw refused('It has delegated parts, which a review now would not see: delegate the review as a part.');
    }
    const demanded = await store.families.demand(task.id, task.attempt, { check: 'review_approved' });
    if (!demanded) throw refused('This attempt is over.');
    if (note.trim() !== '') await store.families.say(task.id, null, 'note', note);
    return { ok: true, when: 'after this attempt, when its checks are met' };
  }

  private async wantsReview(task: Task): Promise<boolean> {
    const now = await this.options.store.tasks.get(task.id);
    return now?.demands.some(({ check }) => check === 'review_approved') ?? false;
  }

  private async submitReview(task: Task, review: z.infer<typeof schemas.submit_review>): Promise<unknown> {
    if (!(await this.options.store.families.isJudge(task.id))) throw refused(`${task.id} reviews no other task.`);
    this.submitted.set(keyOf(task.id, task.attempt), review);
    return { ok: true, verdict: review.verdict, findings: review.findings.length };
  }

  private async reviewStatus(task: Task, id: string): Promise<unknown> {
    const subject = await this.member(task, id);
    const reviews = await this.options.store.families.reviewsOf(id);
    const latest = reviews.at(-1);
    return {
      task_id: id,
      status: subject.status,
      reviews: reviews.length,
      latest: latest === undefined ? null : { verdict: latest.verdict, findings: latest.findings, by: latest.reviewer },
    };
  }

  private async modelStatus(): Promise<unknown> {
    const held = await this.options.store.sessions.heldModels();
    const models = held.map(({ model, provider, holder, memoryMb, contextTokens, keepAlive }) => ({
      model,
      provider,
      holder: holder === 'chat' ? holder : (/TASK-\d+/.exec(holder)?.[0] ?? holder),
      memory_mb: memoryMb,
      context_tokens: contextTokens,
      keep_alive: keepAlive,
    }));
    const workers = this.options.active().map(({ task, memoryMb }) => ({
      task_id: task.id,
      agent: task.agent,
      model: task.modelUsed,
      memory_mb: memoryMb,
    }));
    return { models, workers };
  }
}

function lineOf(task: Task): Record<string, unknown> {
  const { id, title, type, status, attempt, progress, summary, error, dependsOn } = task;
  return {
    task_id: id,
    title,
    type,
    status,
    attempt,
    progress: progress.fraction,
    basis: progress.basis,
    message: progress.message,
    depends_on: dependsOn,
    summary: summary?.slice(0, shownSummary) ?? null,
    error: error?.message ?? null,
    waits_for: task.queuedDetail,
  };
}

function keyOf(id: string, attempt: number): string {
  return `${id}:${attempt}`;
}

function issueText(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}

function refused(message: string): WilsonError {
  return new WilsonError('CALL_REFUSED', message);
}
