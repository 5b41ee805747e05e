/**
 * What each attempt has used, as it last said; `tasks.usage` is the sum over the attempts. NULL for one that has said
 * nothing, and for those of earlier versions, whose part is in the sum of their task.
 */
export const migration0006 = `
ALTER TABLE attempts ADD COLUMN usage TEXT;
`;
