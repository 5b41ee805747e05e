import type { ChatMessage } from '../providers/provider.js';

/**
 * What the chat model is told first. It never changes within a session, so that the server's prompt cache holds; what is
 * known about tasks and the time goes to the end of the newest message instead. Short, because a small model on a CPU
 * reads some 50 tokens a second on a busy machine, and because more rules make it talk about the rules.
 */
function systemPrompt(modelName: string): string {
  return [
    `You are Wilson, an assistant in a terminal. You are the local model ${modelName} on the user's own machine.`,
    'Answer the newest message directly and briefly, in its language, in plain text.',
    'You have no internet. If you do not know something, say so.',
    'You cannot open files; background tasks do that when the user asks for work to be done.',
  ].join(' ');
}

/**
 * The first messages of every prompt. The little exchange tells a small model who it is better than any instruction:
 * without it, Qwen2.5-Coder 0.5B says that OpenAI made it.
 */
export function opening(modelName: string): ChatMessage[] {
  return [
    { role: 'system', content: systemPrompt(modelName) },
    { role: 'user', content: 'Who are you?' },
    {
      role: 'assistant',
      content: `I am Wilson, the assistant in your terminal. I run on your machine, on the model ${modelName}.`,
    },
  ];
}
