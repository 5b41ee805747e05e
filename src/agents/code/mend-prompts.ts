import type { ChatMessage } from '../../providers/provider.js';
import type { Language } from './language.js';
import { systemPrompt } from './prompts.js';
import { outlineFor } from './source-outline.js';
import type { Target } from './targets.js';

const sourceLimit = 3_500;

export interface Complaint {
  readonly language: Language;
  readonly wish: string;
  readonly modulePath: string;
  readonly source: string;
  readonly target: Target;
  /** Signature and docstring of a function; null for a class. */
  readonly head: string | null;
  /** Calls with what they should give, as `f(1) == 2`. */
  readonly must: readonly string[];
  /** What the code does wrong, as far as it was seen. */
  readonly seen: readonly string[];
}

/**
 * Asks for the function anew, from its head, what is said about it and what must hold. Shown the faulty code, a small
 * model copies it; it does not know what was there before when it is not.
 */
export function anewPrompt({ language, wish, head, must, target }: Complaint): ChatMessage[] {
  const holds = must.length === 0 ? '' : `\n\nThese must hold:\n${must.join('\n')}`;
  const content =
    `Complete this function.\n\`\`\`${language.fence}\n${head ?? target.name}\n\`\`\`\n\n` +
    `Of an earlier version somebody said: "${wish}" Do not make that mistake.${holds}\n\nAnswer with the whole function.`;
  return [systemPrompt(language), { role: 'user', content }];
}

/** Shows the code as it is and asks for the corrected piece. */
export function shownPrompt({ language, wish, modulePath, source, target, seen }: Complaint): ChatMessage[] {
  const shown = outlineFor(source, `${target.name} ${wish}`, sourceLimit).trimEnd();
  const faults = seen.length === 0 ? '' : `\n\nSeen:\n${seen.map((each) => `- ${each}`).join('\n')}`;
  const content =
    `The file ${modulePath} holds:\n\`\`\`${language.fence}\n${shown}\n\`\`\`\n\n${wish}${faults}\n\n` +
    `The ${target.kind} ${target.name} is wrong. Answer with the whole corrected ${target.kind} ${target.name}.`;
  return [systemPrompt(language), { role: 'user', content }];
}
