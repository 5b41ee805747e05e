import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A problem in the form of HumanEval: a function's head with its docstring, and tests that nobody is shown. */
export interface Problem {
  readonly task_id: string;
  readonly prompt: string;
  readonly entry_point: string;
  /** Python that defines `check(candidate)`. */
  readonly test: string;
}

const problem = z.object({
  task_id: z.string().min(1),
  prompt: z.string().min(1),
  entry_point: z.string().regex(/^[A-Za-z_]\w*$/, 'is not the name of a function'),
  test: z.string().min(1),
});

/** Thrown for a file that holds no problems; its message says where and why. */
export class BadProblems extends Error {}

/** Reads a file with one problem a line. Throws {@link BadProblems}. */
export function readProblems(file: string): Problem[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadProblems(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const problems: Problem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    problems.push(readProblem(line, `${file}, line ${index + 1}`));
  }
  if (problems.length === 0) throw new BadProblems(`${file} holds no problem.`);
  const ids = problems.map((each) => each.task_id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new BadProblems(`${file} holds ${twice} more than once.`);
  return problems;
}

function readProblem(line: string, where: string): Problem {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    throw new BadProblems(`${where}: this is not JSON.`);
  }
  const parsed = problem.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BadProblems(`${where}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not a problem'}`);
  }
  return parsed.data;
}

/** What stands above the function to complete: imports and helpers that an answer may leave out. */
export function headerOf({ prompt, entry_point }: Problem): string {
  const starts = [...prompt.matchAll(new RegExp(`^(?:async )?def ${entry_point}\\b`, 'gm'))];
  return prompt.slice(0, starts.at(-1)?.index ?? 0);
}
