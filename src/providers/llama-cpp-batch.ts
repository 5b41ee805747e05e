/**
 * Most tokens of one evaluation. Buffers grow with it (measured on the 0.5B, three times each: 36 MB for 512, 18 MB for
 * 256), speed does not (105 to 109 tokens per second of processor time for either).
 */
export const batchTokens = 256;
