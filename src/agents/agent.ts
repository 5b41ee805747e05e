import type { ErrorRecord } from '../errors.js';
import type { CommandRunner } from '../platform/command.js';
import type { WorkOrder } from '../protocol/messages.js';
import type { ChatMessage, JsonSchema, RequestTimeouts, ToolCall, ToolSpec } from '../providers/provider.js';
import type { CheckSpec } from '../task/definition-of-done.js';
import type { OrchestrationTool } from '../task/orchestration.js';
import type { Plan } from '../task/plan.js';
import type { Review } from '../task/review.js';
import type { Progress, Usage } from '../task/task.js';

/** A model with its name, load options and usage counter already bound; what an agent talks to. */
export interface AgentModel {
  readonly name: string;
  /** Context in tokens. */
  readonly contextTokens: number;
  readonly supportsTools: boolean;
  readonly temperature: number;
  /**
   * The whole answer at once; a request that has to make room for the chat is asked again unseen. Rejects as the provider's
   * `chat` throws; `reason: 'length'` means that the answer was cut at `maxTokens`.
   */
  complete(request: AgentModelRequest): Promise<{ text: string; calls: ToolCall[]; reason: 'stop' | 'length' }>;
  usage(): Usage;
}

export interface AgentModelRequest {
  readonly messages: readonly ChatMessage[];
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly schema?: JsonSchema;
  readonly tools?: readonly ToolSpec[];
  /** Other bounds than those of every request. */
  readonly timeouts?: Partial<RequestTimeouts>;
}

export interface AgentContext {
  readonly order: WorkOrder;
  readonly model: AgentModel;
  /** Runs the programs that the work needs, isolated as far as this machine can. */
  readonly commands: CommandRunner;
  /** Aborted by `kill`, the deadline or the parent's death. */
  readonly signal: AbortSignal;
  /** What is left of the deadline in milliseconds; time that was held for the chat is not used up. */
  readonly timeLeftMs?: () => number;
  progress(progress: Progress): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
  /**
   * Asks the supervisor for one of the orchestration tools; resolves with its answer as JSON. Rejects with `CALL_REFUSED`
   * and the reason, or with `ABORTED`.
   */
  call(tool: OrchestrationTool, args: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface AgentResult {
  /** `blocked`: it cannot go on without an answer to `question`; what is in the workspace stays for the next attempt. */
  readonly outcome: 'finished' | 'failed' | 'blocked';
  /** Plain prose for the user, one to five lines, about what is in the workspace now. */
  readonly summary: string;
  readonly checks: readonly CheckSpec[];
  readonly error: ErrorRecord | null;
  /** It failed by what rules saw, without the model's part in it: another attempt would see the same. */
  readonly byRules?: boolean;
  /** For `blocked`: one question to the user, in plain words. */
  readonly question?: string;
  /** What the Manager Agent makes of a request. */
  readonly plan?: Plan;
  /** What a Review Agent says about the work in `order.review`. */
  readonly review?: Review;
}

/** One role. It works only in `order.workspaceRoot` and changes nothing else. */
export type Agent = (context: AgentContext) => Promise<AgentResult>;
