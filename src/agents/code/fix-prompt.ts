import type { Language, TestCase, TestRun } from './language.js';
import type { CodeRequest } from './request.js';
import { definitionsIn, headOf, outlineFor } from './source-outline.js';

/** Longest source that is shown whole, and longest test output, in characters. */
const sourceLimit = 3_500;
const outputLimit = 900;
/** Assertions that are quoted. */
const assertionLimit = 8;

export interface Situation {
  readonly language: Language;
  readonly request: CodeRequest;
  readonly modulePath: string;
  readonly testPath: string;
  readonly source: string;
  readonly run: TestRun;
  /** What the tests expect, as far as it can be read. */
  readonly expectations: readonly TestCase[];
}

/**
 * Asks for a fix in one of two ways. Shown the faulty code, a small model copies it (the 0.5B did so in 10 of 10 tries);
 * given only the function's head and what the tests expect, it writes the function anew. A small model is asked the second
 * way first, a big one the first.
 */
export function fixPrompt(situation: Situation, turn: number, large: boolean): string {
  const suspects = suspectsOf(situation);
  const anew = (turn % 2 === 0) !== large;
  const suspect = suspects[Math.floor(turn / 2) % Math.max(1, suspects.length)];
  const head = suspect === undefined ? null : headOf(situation.source, suspect);
  if (anew && suspect !== undefined && head !== null) return writeAnew(situation, suspect, head);
  return showCode(situation);
}

function writeAnew({ language, source, expectations }: Situation, name: string, head: string): string {
  const calls = expectations
    .flatMap((each) => each.steps)
    .filter((step) => step.check !== null && new RegExp(`\\b${name}\\(`).test(step.call))
    .slice(0, assertionLimit)
    .map((step) => `${step.call} == ${step.expected}`);
  const others = definitionsIn(source)
    .filter((each) => each !== name && !each.startsWith('_'))
    .slice(0, 8);
  const beside = others.length === 0 ? '' : `\n\nThe file has these too, which may be used: ${others.join(', ')}.`;
  const must = calls.length === 0 ? '' : `\n\nThese must hold:\n${calls.join('\n')}`;
  return `Complete this function.\n\`\`\`${language.fence}\n${head}\n\`\`\`${must}${beside}\n\nAnswer with the whole function.`;
}

function showCode({ language, request, modulePath, testPath, source, run }: Situation): string {
  const shown = outlineFor(source, run.output, sourceLimit);
  return (
    `The file ${modulePath} holds:\n\`\`\`${language.fence}\n${shown.trimEnd()}\n\`\`\`\n\n` +
    `${request.wish}\n\nThe tests in ${testPath} fail:\n${essence(run.output)}\n\n` +
    `Find the mistake in ${modulePath} and answer with the whole corrected function.`
  );
}

/** Definitions that the report of the failing tests mentions, those that it calls first; all where it mentions none. */
function suspectsOf({ source, run, testPath }: Situation): string[] {
  const known = definitionsIn(source);
  const report = failingPart(run.output).replaceAll(testPath, '');
  const called = known.filter((name) => new RegExp(`\\b${name}\\(`).test(report));
  const mentioned = known.filter((name) => new RegExp(`(?:in |\\b)${name}\\b`).test(report) && !called.includes(name));
  return called.length + mentioned.length === 0 ? known : [...called, ...mentioned];
}

function failingPart(output: string): string {
  const start = output.search(/^={20,}$|^not ok /m);
  return start < 0 ? output : output.slice(start);
}

/** The part of a test report that says what went wrong. */
function essence(output: string): string {
  const lines = failingPart(output)
    .split('\n')
    .filter((line) => !/^(-{10,}|={10,}|\s*$)/.test(line));
  const text = lines.join('\n');
  return text.length <= outputLimit ? text : `…${text.slice(-outputLimit)}`;
}
