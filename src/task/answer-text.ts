/** Longest answer to an agent's question, in characters: what is longer would be kept, and handed over, cut. */
export const answerLimitChars = 8_000;

/** Why a text cannot be passed on as an answer; null when it can. Pure. */
export function answerProblem(text: string): string | null {
  if (text.trim() === '') return 'The answer is empty.';
  if (text.includes('\0')) return 'The answer holds NUL bytes, so it is binary data, not text.';
  if (text.length <= answerLimitChars) return null;
  return `The answer has ${text.length} characters, at most ${answerLimitChars} are handed over. Put the text into a file of this folder and name it.`;
}
