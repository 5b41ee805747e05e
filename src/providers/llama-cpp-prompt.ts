import type { ChatMessage, ToolSpec } from './provider.js';

/** One turn as llama.cpp's chat templates know it; the last one is the model's, to be continued. */
export type PromptTurn =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly text: string };

/**
 * Lays a conversation out for a model that knows no tools of its own: the tools are described at the end of the system
 * message and calls and results are written as tagged text, in the form that the Qwen family is trained on and other
 * small models imitate. A conversation that ends with an assistant message is continued in that message.
 */
export function toPromptTurns(messages: readonly ChatMessage[], tools: readonly ToolSpec[]): PromptTurn[] {
  const turns: PromptTurn[] = [];
  const add = (type: PromptTurn['type'], text: string): void => {
    const last = turns.at(-1);
    // Templates expect the roles to alternate.
    if (last?.type === type) turns[turns.length - 1] = { type, text: `${last.text}\n\n${text}` };
    else turns.push({ type, text });
  };
  for (const message of messages) {
    if (message.role === 'assistant') add('model', assistantText(message));
    else if (message.role === 'tool') add('user', `<tool_response>\n${message.content}\n</tool_response>`);
    else add(message.role, message.content);
  }
  if (tools.length > 0) describeTools(turns, tools);
  if (turns.at(-1)?.type !== 'model') turns.push({ type: 'model', text: '' });
  return turns;
}

function assistantText(message: ChatMessage): string {
  const calls = (message.toolCalls ?? []).map(
    (call) => `<tool_call>\n${JSON.stringify({ name: call.name, arguments: call.arguments })}\n</tool_call>`,
  );
  return [message.content, ...calls].filter((part) => part !== '').join('\n');
}

function describeTools(turns: PromptTurn[], tools: readonly ToolSpec[]): void {
  const specs = tools.map(({ name, description, parameters }) =>
    JSON.stringify({ type: 'function', function: { name, description, parameters } }),
  );
  const text = `# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
${specs.join('\n')}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>`;
  const first = turns[0];
  if (first?.type === 'system') turns[0] = { type: 'system', text: `${first.text}\n\n${text}` };
  else turns.unshift({ type: 'system', text });
}
