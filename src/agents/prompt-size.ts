import type { ChatMessage } from '../providers/provider.js';

/** Tokens of a prompt by its bytes: never less than what Qwen's and Llama's tokenizers make of code and prose. */
export function estimateTokens(messages: readonly ChatMessage[]): number {
  return messages.reduce((sum, each) => sum + Math.ceil(sizeOf(each) / 3) + 8, 0);
}

function sizeOf(message: ChatMessage): number {
  const calls = message.toolCalls === undefined ? 0 : Buffer.byteLength(JSON.stringify(message.toolCalls));
  return Buffer.byteLength(message.content) + calls;
}
