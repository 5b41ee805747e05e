import { type Clock, systemClock } from '../../clock.js';
import { toErrorRecord, WilsonError } from '../../errors.js';
import type { ChatMessage, ToolCall } from '../../providers/provider.js';
import { parseToolCalls } from '../../providers/tool-call-parser.js';
import type { Tool } from '../../tools/tool.js';
import { throwIfAborted } from '../abort.js';
import type { AgentContext } from '../agent.js';
import { estimateTokens } from '../prompt-size.js';
import { fitInto } from './conversation.js';
import { type LoopBound, LoopBudget } from './loop-budget.js';
import type { PlanList } from './plan-list.js';
import { RepeatGuard } from './repeat-guard.js';
import { callsAtOnce, clipResult, describeCall, resultLine, resultRoom } from './tool-result.js';

/** Tokens that all prompts and all answers of a loop may have; a task that needs more is not on a good way. */
const promptTokensLimit = 1_000_000;
const outputTokensLimit = 60_000;
/** What is tried when a server finds a prompt too long that was reckoned to fit. */
const tighterShare = 0.6;

export interface ToolLoopOptions {
  /** The role, without the tools: they are described where the model does not take them natively. */
  readonly system: string;
  readonly tools: readonly Tool[];
  /** Answers that the model may give in all. */
  readonly maxTurns: number;
  /** Tokens of one answer. */
  readonly maxTokens: number;
  /** Tools whose call ends the loop, e.g. a question to the user. */
  readonly ending?: readonly string[];
  /** The list that the model keeps of its steps; without it progress has no fraction. */
  readonly plan?: PlanList;
  /** Tokens of all prompts and of all answers; the defaults are 1,000,000 and 60,000. */
  readonly maxPromptTokens?: number;
  readonly maxOutputTokens?: number;
  readonly clock?: Clock;
}

/** Why a loop ended: the model said it was done, called a tool that ends it, or one of the bounds was reached. */
type LoopEnd = 'answered' | 'called' | 'repeats' | 'bad-calls' | LoopBound;

export interface LoopOutcome {
  readonly end: LoopEnd;
  /** The model's last words; nothing in them is evidence. */
  readonly text: string;
  /** What stopped it, for all but `answered` and `called`. */
  readonly reason: string;
  /** For `called`: the call. */
  readonly call?: ToolCall;
}

/** A conversation with tools that can be taken up again, e.g. to report that the tests fail. */
export class ToolLoop {
  private messages: ChatMessage[];
  private readonly budget: LoopBudget;
  /** The bound of which the model was told that it is nearly reached. */
  private wrappingUp: LoopBound | null = null;

  constructor(
    private readonly context: AgentContext,
    private readonly options: ToolLoopOptions,
  ) {
    this.messages = [{ role: 'system', content: this.systemText() }];
    const limits = {
      turns: options.maxTurns,
      promptTokens: options.maxPromptTokens ?? promptTokensLimit,
      outputTokens: options.maxOutputTokens ?? outputTokensLimit,
      deadlineMs: context.order.limits.deadlineMs,
    };
    const usage = (): ReturnType<AgentContext['model']['usage']> => context.model.usage();
    this.budget = new LoopBudget(limits, usage, options.clock ?? systemClock, context.timeLeftMs);
  }

  /** 0 once no bound leaves room for another answer. */
  get turnsLeft(): number {
    return this.budget.over() === null && this.wrappingUp === null ? this.budget.turnsLeft : 0;
  }

  /**
   * Says something to the model and lets it use tools until it answers without one. A call that is wrong gets one chance
   * to be corrected, the same call three times over ends the loop; before a bound is reached the model is told once, and
   * its answer to that is the last. Rejects with `ABORTED`, `CONTEXT_OVERFLOW` and what the model's `complete` throws;
   * faults of tools go to the model.
   */
  async say(content: string): Promise<LoopOutcome> {
    const guard = new RepeatGuard();
    let corrected = false;
    this.messages.push({ role: 'user', content });
    for (;;) {
      const bound = this.wrappingUp ?? this.budget.over();
      if (bound !== null) return this.stopped(bound, '');
      this.wrapUpIfDue();
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
      const ended = await this.serve(calls, text, guard);
      if (ended !== null) return ended;
    }
  }

  /** Runs the calls of one answer; the outcome when one of them ends the loop. */
  private async serve(calls: readonly ToolCall[], text: string, guard: RepeatGuard): Promise<LoopOutcome | null> {
    const room = resultRoom(this.context.model.contextTokens, this.options.maxTokens, calls.length);
    for (const [index, call] of calls.entries()) {
      if (index >= callsAtOnce) {
        this.messages.push({ role: 'tool', toolName: call.name, content: 'Not run: too many calls at once.' });
        continue;
      }
      const verdict = guard.note(call);
      if (verdict === 'stop') {
        const reason = `${call.name} was called three times with the same arguments`;
        this.context.log('warn', reason);
        return { end: 'repeats', text, reason };
      }
      const { content, ok } = await this.run(call, guard, room);
      if (ok && this.options.ending?.includes(call.name) === true) return { end: 'called', text, reason: '', call };
      const nudge =
        verdict === 'nudge' ? '\n\nYou made this very call before. Do something else, or say that you are done.' : '';
      this.messages.push({ role: 'tool', toolName: call.name, content: `${content}${nudge}` });
    }
    return null;
  }

  private stopped(bound: LoopBound, text: string): LoopOutcome {
    const reason = this.budget.describe(bound);
    this.context.log('warn', `the loop was ended: ${reason}`);
    return { end: bound, text, reason };
  }

  /** Tells the model, once, that its next answer is the last. */
  private wrapUpIfDue(): void {
    const bound = this.budget.nearlyOver();
    if (bound === null) return;
    this.wrappingUp = bound;
    this.context.log('info', `one answer is left: ${this.budget.describe(bound)}`);
    this.messages.push({
      role: 'user',
      content:
        'This is your last answer. Begin nothing new: finish what is open, or say what is done and what is missing.',
    });
  }

  private async ask(): Promise<{ text: string; calls: ToolCall[]; problem: string | null }> {
    const { context, options } = this;
    throwIfAborted(context.signal);
    const specs = options.tools.map((tool) => tool.spec);
    const native = context.model.supportsTools;
    const overhead = native ? estimateTokens([{ role: 'system', content: JSON.stringify(specs) }]) : 0;
    const room = context.model.contextTokens - options.maxTokens - overhead;
    this.compact(room);
    this.budget.beginTurn(estimateTokens(this.messages) + overhead);
    this.report('thinking');
    const request = { maxTokens: options.maxTokens, ...(native ? { tools: specs } : {}) };
    let answer: Awaited<ReturnType<AgentContext['model']['complete']>>;
    try {
      answer = await context.model.complete({ messages: [...this.messages], ...request });
    } catch (error) {
      if (!(error instanceof WilsonError) || error.code !== 'CONTEXT_OVERFLOW') throw error;
      this.compact(Math.floor(room * tighterShare));
      answer = await context.model.complete({ messages: [...this.messages], ...request });
    }
    throwIfAborted(context.signal);
    this.budget.answered(answer.text.length + JSON.stringify(answer.calls).length);
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

  /** Makes the messages fit, and says so where people see it: what was left out may be what the model then lacks. */
  private compact(limitTokens: number): void {
    const fitted = fitInto(this.messages, limitTokens);
    this.messages = fitted.messages;
    if (fitted.leftOut === null) return;
    this.context.log('info', `context compacted: ${fitted.leftOut}`);
    this.report(`context compacted: ${fitted.leftOut}`);
  }

  private report(message: string): void {
    const { fraction, basis } = this.options.plan?.progress() ?? { fraction: null, basis: '' };
    const turn = `turn ${Math.max(1, this.budget.turns)} of at most ${this.options.maxTurns}`;
    this.context.progress({ fraction, basis, message: `${turn}: ${message}` });
  }

  /** Runs one call; in the log it is one line with what came of it. */
  private async run(call: ToolCall, guard: RepeatGuard, room: number): Promise<{ content: string; ok: boolean }> {
    const { context } = this;
    const what = describeCall(call);
    this.report(what);
    const tool = this.options.tools.find((each) => each.spec.name === call.name);
    if (tool === undefined) {
      context.log('warn', `${what}: there is no such tool`);
      return { content: `There is no tool ${call.name}.`, ok: false };
    }
    try {
      const result = await tool.run(call.arguments, { signal: context.signal });
      if (/^(write|edit)_file$/.test(call.name)) guard.changed();
      context.log('info', `${what}: ${resultLine(result)}`);
      return { content: clipResult(result, room), ok: true };
    } catch (error) {
      throwIfAborted(context.signal);
      const { message, hint } = toErrorRecord(error);
      context.log('warn', `${what}: ${message}`);
      return { content: `Error: ${message}${hint === '' ? '' : ` ${hint}`}`, ok: false };
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
