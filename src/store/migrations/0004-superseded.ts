/** Subtasks of an earlier try of their parent stay in its story, but count no more. */
export const migration0004 = `
ALTER TABLE tasks ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;
`;
