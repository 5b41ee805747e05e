import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A problem in the form of HumanEval: a function's head with its docstring, and tests that nobody is shown. */
export interface Completion {
  readonly task_id: string;
  readonly prompt: string;
  readonly entry_point: string;
  /** Python that defines `check(candidate)`. */
  readonly test: string;
}

/** A small project with a request to change it, and a program that nobody is shown, which passes when that was done. */
export interface Change {
  readonly task_id: string;
  readonly request: string;
  /** Texts of the files, by their relative paths. */
  readonly files: Readonly<Record<string, string>>;
  readonly check: string;
  /** What the check is written in: Python, CommonJS or an ES module. */
  readonly lang: 'python' | 'js' | 'mjs';
}

export type Problem = Completion | Change;

export function isChange(problem: Problem): problem is Change {
  return 'request' in problem;
}

const plainPath = /^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[\w./-]+$/;

const change = z.object({
  task_id: z.string().min(1),
  request: z.string().min(1),
  files: z.record(z.string().regex(plainPath, 'is not a relative path'), z.string()),
  check: z.string().min(1),
  lang: z.enum(['python', 'js', 'mjs']),
});

const completion = z.object({
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
  const asksForChange = typeof raw === 'object' && raw !== null && 'request' in raw;
  const parsed = asksForChange ? change.safeParse(raw) : completion.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BadProblems(`${where}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not a problem'}`);
  }
  return parsed.data;
}

/** What stands above the function to complete: imports and helpers that an answer may leave out. */
export function headerOf({ prompt, entry_point }: Completion): string {
  const starts = [...prompt.matchAll(new RegExp(`^(?:async )?def ${entry_point}\\b`, 'gm'))];
  return prompt.slice(0, starts.at(-1)?.index ?? 0);
}
