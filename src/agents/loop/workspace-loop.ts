import type { Tool } from '../../tools/tool.js';
import { workspaceTools } from '../../tools/workspace-tools.js';
import type { AgentContext } from '../agent.js';
import { handoverText } from '../handover-text.js';
import { askUserName, askUserTools } from './ask-user.js';
import { PlanList } from './plan-list.js';
import { ToolLoop } from './tool-loop.js';

export interface WorkspaceLoopOptions {
  /** The role. */
  readonly system: string;
  /** Tokens of one answer, at most a third of the context. */
  readonly answerTokens: number;
  /** Beside those for files, commands, the plan and the question to the user. */
  readonly tools?: readonly Tool[];
}

/** A tool loop that works on the files of the task's workspace, keeps a plan, and may ask the user, which ends it. */
export function workspaceLoop(context: AgentContext, options: WorkspaceLoopOptions): ToolLoop {
  const { order, commands, signal, model } = context;
  const plan = new PlanList();
  return new ToolLoop(context, {
    system: options.system,
    tools: [
      ...workspaceTools({ root: order.workspaceRoot, commands, signal }),
      plan.tool(),
      ...askUserTools(context),
      ...(options.tools ?? []),
    ],
    maxTurns: order.limits.maxTurns,
    maxTokens: Math.min(options.answerTokens, Math.floor(model.contextTokens / 3)),
    ending: [askUserName],
    plan,
  });
}

/** What such a loop is asked first: the request, what others left, and what held the attempt before it back. */
export function openingText(context: AgentContext): string {
  const { description, findings } = context.order;
  const before = findings.length === 0 ? '' : `\n\nAn earlier attempt was sent back:\n${findings.join('\n')}`;
  return `${description}${handoverText(context)}${before}`;
}
