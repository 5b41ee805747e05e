import type { AgentModel, AgentModelRequest } from '../../src/agents/agent.js';
import type { ToolCall } from '../../src/providers/provider.js';
import { noUsage, type Usage } from '../../src/task/task.js';

export type Scripted =
  | string
  | { readonly text?: string; readonly calls?: ToolCall[]; readonly reason?: 'stop' | 'length' };
export type AgentScript = readonly Scripted[] | ((request: AgentModelRequest, turn: number) => Scripted);

export interface ScriptedModelOptions {
  readonly name?: string;
  readonly contextTokens?: number;
  readonly supportsTools?: boolean;
}

/** A model for agents that says what its script says, and remembers what it was asked. A list that is used up repeats its last entry. */
export class ScriptedModel implements AgentModel {
  readonly name: string;
  readonly contextTokens: number;
  readonly supportsTools: boolean;
  readonly temperature = 0.2;
  readonly requests: AgentModelRequest[] = [];
  readonly #script: AgentScript;

  constructor(script: AgentScript, options: ScriptedModelOptions = {}) {
    this.#script = script;
    this.name = options.name ?? 'fake:0.5b';
    this.contextTokens = options.contextTokens ?? 4_096;
    this.supportsTools = options.supportsTools ?? false;
  }

  usage(): Usage {
    return noUsage;
  }

  async complete(request: AgentModelRequest): Promise<{ text: string; calls: ToolCall[]; reason: 'stop' | 'length' }> {
    const turn = this.requests.length;
    this.requests.push(request);
    const script = this.#script;
    const answer = typeof script === 'function' ? script(request, turn) : (script[turn] ?? script.at(-1) ?? '');
    if (typeof answer === 'string') return { text: answer, calls: [], reason: 'stop' };
    return { text: answer.text ?? '', calls: answer.calls ?? [], reason: answer.reason ?? 'stop' };
  }
}

/** What was asked last. */
export function question(request: AgentModelRequest): string {
  return request.messages.at(-1)?.content ?? '';
}
