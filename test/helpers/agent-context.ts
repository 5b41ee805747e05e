import type { AgentContext, AgentModel } from '../../src/agents/agent.js';
import { WilsonError } from '../../src/errors.js';
import type { CommandRunner } from '../../src/platform/command.js';
import type { WorkOrder } from '../../src/protocol/messages.js';
import { protocolVersion } from '../../src/protocol/version.js';
import type { TaskType } from '../../src/task/task.js';

export interface ContextOptions {
  readonly root: string;
  readonly model: AgentModel;
  readonly description?: string;
  readonly taskType?: TaskType;
  readonly findings?: string[];
  readonly commands?: CommandRunner;
  readonly signal?: AbortSignal;
  readonly maxTurns?: number;
  readonly role?: WorkOrder['role'];
  readonly review?: WorkOrder['review'];
  readonly handover?: WorkOrder['handover'];
  readonly partOf?: WorkOrder['partOf'];
  /** Answers orchestration calls; without it each is refused. */
  readonly call?: AgentContext['call'];
}

/** An agent's context that records what the agent reports. */
export function agentContext(
  options: ContextOptions,
): AgentContext & { readonly logs: string[]; readonly steps: string[] } {
  const logs: string[] = [];
  const steps: string[] = [];
  const { taskType = 'code', description = 'Do it', findings = [], maxTurns = 12 } = options;
  return {
    logs,
    steps,
    order: {
      type: 'work',
      protocol: protocolVersion,
      taskId: 'TASK-001',
      attempt: 1,
      role: options.role ?? 'work',
      taskType,
      title: description,
      description,
      workspaceRoot: options.root,
      model: {
        provider: 'llamacpp',
        model: options.model.name,
        server: null,
        apiKeyEnv: null,
        modelPath: null,
        temperature: 0.2,
        numCtx: options.model.contextTokens,
        numThreads: null,
      },
      findings,
      definitionOfDone: [],
      handover: options.handover ?? [],
      partOf: options.partOf ?? null,
      review: options.review ?? null,
      limits: { deadlineMs: 600_000, commandTimeoutMs: 60_000, maxTurns },
      sandboxed: false,
    },
    model: options.model,
    commands: options.commands ?? noCommands,
    signal: options.signal ?? new AbortController().signal,
    progress: (progress) => steps.push(`${progress.basis}: ${progress.message}`),
    log: (level, text) => logs.push(`${level}: ${text}`),
    call: options.call ?? ((tool) => Promise.reject(new WilsonError('CALL_REFUSED', `There is no ${tool} here.`))),
  };
}

const noCommands: CommandRunner = {
  sandbox: 'none',
  async run(request) {
    throw new WilsonError('COMMAND_REFUSED', `Not run: ${request.argv.join(' ')}`);
  },
};
