import type { ToolCall, ToolSpec } from './provider.js';
import { type CallBlock, findCallBlocks } from './tool-call-parser-blocks.js';
import { checkArguments, describeParameters } from './tool-call-parser-schema.js';
import { findTool, type WrittenCall } from './tool-call-parser-shapes.js';

export interface ParsedToolCalls {
  /** The calls, checked against their schemas; empty when there is a problem: then nothing of the answer is to be run. */
  readonly calls: ToolCall[];
  /** The text without the calls. */
  readonly rest: string;
  /** What was wrong, in words for the model that wrote it: fit for one corrective retry. Null when nothing was. */
  readonly problem: string | null;
}

/**
 * Finds the tool calls in what a model wrote, in every shape that small models give them: JSON that stands alone, in a
 * code block, between tags (`<tool_call>`, `<function=name>`, `<tools>`, `[TOOL_CALLS]` …), in arrays, with the names
 * `name`/`tool`/`function`/`action` and `arguments`/`args`/`parameters`/`input`, or as `name(arg="x")` on a line of its own.
 *
 * A call counts only when it stands alone on its lines, names a tool that exists, and its arguments fit the schema. One
 * that is cut off, broken, unknown or misfitting becomes a `problem` and nothing is run. Prose that mentions JSON, inline
 * code, examples and code in other languages are never calls. The same call written twice counts once. Pure; never throws.
 */
export function parseToolCalls(text: string, tools: readonly ToolSpec[]): ParsedToolCalls {
  const located = locateToolCalls(text, tools);
  return { calls: located.calls, rest: withoutSpans(text, located.spans), problem: located.problem };
}

/** As {@link parseToolCalls}, with the places of the calls in the text. */
export function locateToolCalls(
  text: string,
  tools: readonly ToolSpec[],
): { calls: ToolCall[]; spans: { start: number; end: number }[]; problem: string | null } {
  if (tools.length === 0) return { calls: [], spans: [], problem: null };
  const blocks = findCallBlocks(text, tools);
  const calls: ToolCall[] = [];
  const problems: string[] = [];
  for (const block of blocks) {
    if (block.fault !== null) problems.push(faultProblem(block, text, tools));
    for (const written of block.calls) {
      const checked = checkToolCall(written, tools);
      if (!checked.ok) problems.push(checked.problem);
      else if (!calls.some((each) => JSON.stringify(each) === JSON.stringify(checked.call))) calls.push(checked.call);
    }
  }
  const problem = problems.length === 0 ? null : [...new Set(problems)].slice(0, 3).join('\n');
  return { calls: problem === null ? calls : [], spans: blocks, problem };
}

/** Checks one call, such as a server's own `tool_calls` gives: the tool exists and its arguments fit. */
export function checkToolCall(
  written: WrittenCall,
  tools: readonly ToolSpec[],
): { readonly ok: true; readonly call: ToolCall } | { readonly ok: false; readonly problem: string } {
  const tool = findTool(written.name, tools);
  if (tool === null) {
    const names = tools.map((each) => each.name).join(', ');
    return {
      ok: false,
      problem: `There is no tool ${JSON.stringify(written.name.slice(0, 80))}. The tools are: ${names}.`,
    };
  }
  const checked = checkArguments(written.arguments, tool);
  if (checked.ok) return { ok: true, call: { name: tool.name, arguments: checked.value } };
  return { ok: false, problem: `${tool.name}: ${checked.problem}. It takes: ${describeParameters(tool)}.` };
}

function faultProblem(block: CallBlock, text: string, tools: readonly ToolSpec[]): string {
  const written = text.slice(block.start, block.end);
  const tool = tools.find((each) => written.includes(each.name));
  const what = tool === undefined ? 'The tool call' : `The call of ${tool.name}`;
  return block.fault === 'truncated'
    ? `${what} was cut off before its end and was not run. Send the whole call once more, with less in it if it is long.`
    : `${what} is not valid JSON and was not run. Send it once more as one JSON object with double quotes.`;
}

function withoutSpans(text: string, spans: readonly { start: number; end: number }[]): string {
  let rest = '';
  let at = 0;
  for (const span of spans) {
    rest += text.slice(at, span.start);
    at = span.end;
  }
  return (rest + text.slice(at)).replace(/\n{3,}/g, '\n\n').trim();
}
