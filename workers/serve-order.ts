import type { AgentContext } from '../src/agents/agent.js';
import { agentFor } from '../src/agents/registry.js';
import { systemClock } from '../src/clock.js';
import { stateFolder } from '../src/config/paths.js';
import { toErrorRecord, WilsonError } from '../src/errors.js';
import { createCommandRunner } from '../src/platform/run-command.js';
import { type FromWorker, type WorkerResult, type WorkOrder, workOrder } from '../src/protocol/messages.js';
import type { CheckSpec } from '../src/task/definition-of-done.js';
import type { Plan } from '../src/task/plan.js';
import { noUsage, type Usage } from '../src/task/task.js';
import { dependenciesOf } from '../src/workspace/dependencies.js';
import { bindModel } from './bound-model.js';
import { HeldProgress } from './held-progress.js';
import type { HoldGate } from './hold-gate.js';
import type { ParentCalls } from './parent-calls.js';
import { UsageReport } from './usage-report.js';
import { workDeadline } from './work-deadline.js';

export interface OrderPorts {
  send(message: FromWorker): void;
  readonly signal: AbortSignal;
  /** Closed while a chat turn runs. */
  readonly gate: HoldGate;
  readonly ownerToken: string;
  /** Calls of orchestration tools, answered by the parent. */
  readonly calls: ParentCalls;
}

/** Serves one work order with the agent of its type; every failure becomes a result, never a rejection. */
export async function serveOrder(raw: unknown, ports: OrderPorts): Promise<WorkerResult> {
  const parsed = workOrder.safeParse(raw);
  if (!parsed.success) {
    throw new WilsonError('PROTOCOL_ERROR', `The work order is not of the protocol: ${parsed.error.message}`);
  }
  const order = parsed.data;
  const deadline = workDeadline(order.limits.deadlineMs, ports.gate, systemClock);
  const signal = AbortSignal.any([ports.signal, deadline.signal]);
  const shown = new HeldProgress(ports.gate, systemClock, (progress) => ports.send({ type: 'progress', ...progress }));
  const used = new UsageReport(systemClock, (usage) => ports.send({ type: 'usage', usage }));
  let usage: () => Usage = () => noUsage;
  try {
    const commands = await createCommandRunner({
      ownerToken: ports.ownerToken,
      env: process.env,
      hide: [stateFolder(process.env)],
      dependencies: await dependenciesOf(order.workspaceRoot),
    });
    const model = await bindModel(order.model, {
      signal,
      gate: ports.gate,
      onLoaded: (loadMs) => ports.send({ type: 'model-loaded', loadMs }),
      onStatus: (message) => shown.show({ fraction: null, basis: '', message }),
      log: (level, text) => ports.send({ type: 'log', level, text }),
    });
    usage = () => model.usage();
    used.watch(usage);
    const context: AgentContext = {
      order,
      model,
      commands,
      signal,
      timeLeftMs: deadline.leftMs,
      progress: (progress) => shown.show(progress),
      log: (level, text) => ports.send({ type: 'log', level, text }),
      call: (tool, args) => ports.calls.ask(tool, args, signal),
    };
    const result = await agentFor(order)(context);
    return {
      type: 'result',
      attempt: order.attempt,
      outcome: result.outcome,
      summary: result.summary,
      checks: result.checks.map(plainCheck),
      usage: usage(),
      error: result.error,
      byRules: result.byRules ?? false,
      question: result.question ?? null,
      plan: result.plan === undefined ? null : plainPlan(result.plan),
      review: result.review === undefined ? null : { ...result.review, findings: [...result.review.findings] },
    };
  } catch (error) {
    return failedResult(order, error, usage(), deadline.signal.aborted);
  } finally {
    deadline.stop();
    shown.stop();
    used.stop();
  }
}

/** The form that crosses IPC: mutable arrays, no absent keys. */
function plainCheck(check: CheckSpec): WorkerResult['checks'][number] {
  return {
    check: check.check,
    ...(check.paths === undefined ? {} : { paths: [...check.paths] }),
    ...(check.command === undefined ? {} : { command: [...check.command] }),
    ...(check.percent === undefined ? {} : { percent: check.percent }),
  };
}

function plainPlan(plan: Plan): NonNullable<WorkerResult['plan']> {
  const steps = plan.steps.map((step) => ({
    ...step,
    dependsOn: [...step.dependsOn],
    checks: step.checks.map(plainCheck),
  }));
  return { steps, basis: plan.basis, notes: [...plan.notes] };
}

function failedResult(order: WorkOrder, error: unknown, usage: Usage, late: boolean): WorkerResult {
  const record = late
    ? new WilsonError(
        'DEADLINE',
        `The task took longer than ${Math.round(order.limits.deadlineMs / 60_000)} minutes.`,
      ).toRecord()
    : toErrorRecord(error);
  const nothing = { summary: '', checks: [], byRules: false, question: null, plan: null, review: null };
  return { type: 'result', attempt: order.attempt, outcome: 'failed', ...nothing, usage, error: record };
}
