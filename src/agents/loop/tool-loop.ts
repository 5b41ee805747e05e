import { toErrorRecord } from '../../errors.js';
import type { ChatMessage, ToolCall } from '../../providers/provider.js';
import { parseToolCalls } from '../../providers/tool-call-parser.js';
import type { Tool } from '../../tools/tool.js';
import { throwIfAborted } from '../abort.js';
import type { AgentContext } from '../agent.js';
import { estimateTokens } from '../prompt-size.js';
import { fitInto } from './conversation.js';
import { RepeatGuard } from './repeat-guard.js';

export interface ToolLoopOptions {
  /** The role, without the tools: they are described where the model does not take them natively. */
  readonly system: string;
  readonly tools: readonly Tool[];
  /** Answers that the model may give in all. */
  readonly maxTurns: number;
  /** Tokens of one answer. */
  readonly maxTokens: number;
}

/** Why a loop ended: the model said it was done, or one of the bounds was reached. */
type LoopEnd = 'answered' | 'turns' | 'repeats' | 'bad-calls';

export interface LoopOutcome {
  readonly end: LoopEnd;
  /** The model's last words; nothing in them is evidence. */
  readonly text: string;
  /** For `repeats` and `bad-calls`: what it was. */
  readonly reason: string;
}

/** A conversation with tools that can be taken up again, e.g. to report that the tests fail. */
export class ToolLoop {
  private messages: ChatMessage[];
  private turns = 0;

  constructor(
    private readonly context: AgentContext,
    private readonly options: ToolLoopOptions,
  ) {
    this.messages = [{ role: 'system', content: this.systemText() }];
  }

  get turnsLeft(): number {
    return this.options.maxTurns - this.turns;
  }

  /**
   * Says something to the model and lets it use tools until it answers without one. A call that is wrong gets one chance
   * to be corrected, the same call three times over ends the loop. Rejects with `ABORTED`, `CONTEXT_OVERFLOW` and what the
   * model's `complete` throws; faults of tools go to the model.
   */
  async say(content: string): Promise<LoopOutcome> {
    const guard = new RepeatGuard();
    let corrected = false;
    this.messages.push({ role: 'user', content });
    while (this.turns < this.options.maxTurns) {
      this.turns += 1;
      const { text, calls, problem } = await this.ask();
      this.messages.push({ role: 'assistant', content: text, ...(calls.length === 0 ? {} : { toolCalls: calls }) });
      if (problem !== null) {
        this.context.log('warn', `tool call not usable: ${problem}`);
        if (corrected) return { end: 'bad-calls', text, reason: problem };
        corrected = true;
        this.messages.push({ role: 'user', content: `That tool call cannot be used. ${problem}` });
        continue;
      }
      if (calls.length === 0) return { end: 'answered', text, reason: '' };
      corrected = false;
      for (const call of calls) {
        const verdict = guard.note(call);
        if (verdict === 'stop') {
          const reason = `${call.name} was called three times with the same arguments`;
          this.context.log('warn', reason);
          return { end: 'repeats', text, reason };
        }
        const result = await this.run(call, guard);
        const nudge =
          verdict === 'nudge' ? '\n\nYou made this very call before. Do something else, or say that you are done.' : '';
        this.messages.push({ role: 'tool', toolName: call.name, content: `${result}${nudge}` });
      }
    }
    return { end: 'turns', text: '', reason: `${this.options.maxTurns} answers were not enough` };
  }

  private async ask(): Promise<{ text: string; calls: ToolCall[]; problem: string | null }> {
    const { context, options } = this;
    throwIfAborted(context.signal);
    context.progress({ fraction: null, basis: '', message: `turn ${this.turns}: thinking` });
    const specs = options.tools.map((tool) => tool.spec);
    const native = context.model.supportsTools;
    const overhead = native ? estimateTokens([{ role: 'system', content: JSON.stringify(specs) }]) : 0;
    const fitted = fitInto(this.messages, context.model.contextTokens - options.maxTokens - overhead);
    if (fitted.leftOut !== null) context.log('info', `context compacted: ${fitted.leftOut}`);
    this.messages = fitted.messages;
    const answer = await context.model.complete({
      messages: [...this.messages],
      maxTokens: options.maxTokens,
      ...(native ? { tools: specs } : {}),
    });
    throwIfAborted(context.signal);
    if (answer.calls.length > 0) return { text: answer.text, calls: answer.calls, problem: null };
    const { calls, problem } = parseToolCalls(answer.text, specs);
    if (problem === null && calls.length === 0 && answer.reason === 'length') {
      return {
        text: answer.text,
        calls,
        problem: 'The answer was cut off because it was too long. Work in smaller steps.',
      };
    }
    return { text: answer.text, calls, problem };
  }

  private async run(call: ToolCall, guard: RepeatGuard): Promise<string> {
    const { context } = this;
    context.progress({ fraction: null, basis: '', message: `turn ${this.turns}: ${describeCall(call)}` });
    context.log('info', describeCall(call));
    const tool = this.options.tools.find((each) => each.spec.name === call.name);
    if (tool === undefined) return `There is no tool ${call.name}.`;
    try {
      const result = await tool.run(call.arguments, { signal: context.signal });
      if (/^(write|edit)_file$/.test(call.name)) guard.changed();
      return result;
    } catch (error) {
      throwIfAborted(context.signal);
      const { message, hint } = toErrorRecord(error);
      context.log('warn', `${call.name}: ${message}`);
      return `Error: ${message}${hint === '' ? '' : ` ${hint}`}`;
    }
  }

  private systemText(): string {
    if (this.context.model.supportsTools) return this.options.system;
    const list = this.options.tools.map(({ spec }) => `${JSON.stringify(spec)}`).join('\n');
    return (
      `${this.options.system}\n\nTo use a tool, answer with nothing but one JSON object such as ` +
      `{"name": "read_file", "arguments": {"path": "main.py"}}. The tools:\n${list}`
    );
  }
}

function describeCall(call: ToolCall): string {
  const { path, command } = call.arguments;
  const detail = typeof path === 'string' ? path : Array.isArray(command) ? command.join(' ') : '';
  return `${call.name.replaceAll('_', ' ')} ${detail}`.trim().slice(0, 120);
}
