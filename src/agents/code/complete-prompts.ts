import type { ChatMessage } from '../../providers/provider.js';
import type { Language } from './language.js';
import type { Target } from './targets.js';

/** Longest answer to the bare prompt, in tokens. */
export const wholeTokens = 640;

/**
 * The plainest way of asking for a function whose head is given. What the model answers to it, without any chance in it, is
 * what it would have said without an agent; so it is the agent's first draft too, and an agent can only do better.
 */
export function barePrompt(skeleton: string, language: Pick<Language, 'name'> = { name: 'Python' }): ChatMessage[] {
  const content = `Complete this ${language.name} function. Reply with one code block holding the whole function.\n\n${skeleton.trim()}`;
  return [{ role: 'user', content }];
}

/**
 * The bare prompt with the beginning of its answer: the function's head. The model goes on with the body alone, for a
 * third of the tokens, and along other lines than when it repeats the docstring first.
 */
export function continuePrompt(skeleton: string, language: Language): ChatMessage[] {
  return [
    ...barePrompt(skeleton, language),
    { role: 'assistant', content: `\`\`\`${language.fence}\n${skeleton.trim()}\n` },
  ];
}

/** The same with a remark begun in the body: the model then says what it is about to do, step by step, in the code. */
export function remarkPrompt(skeleton: string, language: Language, remark: string): ChatMessage[] {
  const indent = '    ';
  return [
    ...barePrompt(skeleton, language),
    { role: 'assistant', content: `\`\`\`${language.fence}\n${skeleton.trim()}\n${indent}${remark}` },
  ];
}

/**
 * Asks in other words: what the function is for as prose, its examples as what must hold, and the answer begun with the
 * bare signature, so that nothing of the docstring is read as it was before.
 */
export function retoldPrompt(
  skeleton: string,
  language: Language,
  target: Target,
  examples: readonly string[],
): ChatMessage[] {
  const { head, prose, above } = partsOf(skeleton, target.name);
  const must = examples.length === 0 ? '' : `\n\nThese must hold:\n${examples.join('\n')}`;
  const given =
    above.trim() === '' ? '' : `\n\nThis is there already:\n\`\`\`${language.fence}\n${above.trim()}\n\`\`\``;
  const content = `Write the ${language.name} function \`${target.name}\`.\n\n${prose}${must}${given}`;
  return [
    { role: 'user', content },
    { role: 'assistant', content: `\`\`\`${language.fence}\n${head}\n` },
  ];
}

/** Signature, docstring without its examples, and what stands above, of the last function `name` in a piece of code. */
function partsOf(skeleton: string, name: string): { head: string; prose: string; above: string } {
  const starts = [...skeleton.matchAll(new RegExp(`^(?:async )?(?:def|(?:export )?function) ${name}\\b`, 'gm'))];
  const from = starts.at(-1)?.index ?? 0;
  const code = skeleton.slice(from);
  const quote = /"""|'''/.exec(code);
  const head = (quote === null ? code : code.slice(0, quote.index)).trim();
  const text = quote === null ? '' : (code.slice(quote.index + 3).split(quote[0])[0] ?? '');
  const lines = text.split('\n').map((line) => line.trim());
  const example = lines.findIndex(
    (line) => /^(?:>>>|(?:for )?examples?\b.{0,20}:?$)/i.test(line) || line.includes(`${name}(`),
  );
  const prose = (example > 0 ? lines.slice(0, example) : lines).join(' ').replace(/\s+/g, ' ').trim();
  return { head, prose, above: skeleton.slice(0, from) };
}

/** Shows a wrong version with what it did, and has another begun. */
export function mendPrompt(
  skeleton: string,
  language: Language,
  code: string,
  faults: readonly string[],
): ChatMessage[] {
  const content =
    `${skeleton.trim()}\n\nThis version of it is wrong:\n\`\`\`${language.fence}\n${code.trim()}\n\`\`\`\n` +
    `${faults.map((fault) => `- ${fault}`).join('\n')}\n\nWrite the corrected ${language.name} function in one code block.`;
  return [
    { role: 'user', content },
    { role: 'assistant', content: `\`\`\`${language.fence}\n${skeleton.trim()}\n` },
  ];
}

/** The first code block of an answer that defines `name`; all its code where none does. */
export function codeFor(answer: string, name: string): string {
  const blocks = [...answer.matchAll(/```[^\n`]*\n([\s\S]*?)(?:\n```|$)/g)].map((match) => match[1] ?? '');
  const defines = new RegExp(`(?:def|function|class)\\s+${name}\\b|\\b${name}\\s*=[^=]`);
  return blocks.find((block) => defines.test(block)) ?? (blocks.length > 0 ? blocks.join('\n\n') : answer);
}
