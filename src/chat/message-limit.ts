/** Longest message of the chat, in bytes of UTF-8: about what the largest usual context holds. Longer text belongs in a file. */
export const messageLimitBytes = 128 * 1024;
