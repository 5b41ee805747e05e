/**
 * Tokens of `text`, estimated on the safe side where a model cannot count them: a third of a token for each ASCII
 * character (English prose is nearer to a quarter, code to 0.3), one and a half for each other one.
 */
export function estimateTokens(text: string): number {
  let ascii = 0;
  let other = 0;
  for (const character of text) {
    if (character.charCodeAt(0) < 0x80) ascii += 1;
    else other += 1;
  }
  return Math.ceil(ascii / 3 + other * 1.5);
}

/** Tokens that the chat template adds to each message (role marks and line ends; 5 in ChatML). */
export const tokensPerMessage = 6;
