import { WilsonError } from '../../../errors.js';
import type { RunInWorkspace } from '../commands.js';
import type { WorkspaceFiles } from '../workspace-files.js';
import { argumentsOf, type OutlinedFunction, type ProgramOutline } from './outline.js';
import { sampleValue } from './samples.js';

const trialFolder = '.wilson-trial';
const commandTimeoutMs = 10_000;

/** One command line of a program, and whether its output has to show something. */
export interface TrialStep {
  readonly args: readonly string[];
  readonly shows: string | null;
}

export interface Trial {
  /** What went wrong; null when nothing did. */
  readonly fault: string | null;
  /** For people: what was run. */
  readonly seen: string;
}

/** What a person would try first: two records, then every other command on them. */
export function trialSteps(outline: ProgramOutline): TrialStep[] {
  const { records } = outline;
  if (records === null) return [{ args: ['--help'], shows: outline.functions[0]?.command ?? null }];
  const add = outline.functions.find((each) => each.command === 'add') ?? outline.functions[0];
  if (add === undefined) return [];
  const texts = records.fields.filter((field) => field.kind === 'text');
  const shown = texts[0] === undefined ? null : bare(sampleValue(texts[0], 0));
  const steps: TrialStep[] = [0, 1].map((which) => ({
    args: [add.command, ...typed(outline, add, which)],
    shows: null,
  }));
  for (const each of outline.functions) {
    if (each === add) continue;
    const lists = each.effect === 'answers' && each.params.length === 1 && /^(list|show|view)/.test(each.command);
    steps.push({ args: [each.command, ...typed(outline, each, 0)], shows: lists ? shown : null });
  }
  // What removes goes last, so that the others have something to work on.
  const removing = (step: TrialStep): boolean => /^(remove|delete|del|rm)/.test(step.args[0] ?? '');
  return [...steps.filter((step) => !removing(step)), ...steps.filter(removing)];
}

/** Arguments that a person might type; `number` is the second record. */
export function typed(outline: ProgramOutline, each: OutlinedFunction, which: number): string[] {
  return argumentsOf(outline, each).map((name) => {
    if (name === 'number') return '2';
    const field = outline.records?.fields.find((known) => known.name === name);
    return bare(sampleValue(field ?? { name, kind: 'text' }, which));
  });
}

function bare(literal: string): string {
  return literal.replace(/^"|"$/g, '');
}

/** Runs the program in a folder of its own, command after command, and leaves nothing of it. */
export async function tryCommands(
  files: WorkspaceFiles,
  run: RunInWorkspace,
  outline: ProgramOutline,
  code: string,
): Promise<Trial> {
  const name = outline.file.split('/').at(-1) ?? outline.file;
  const steps = trialSteps(outline);
  try {
    await files.write(`${trialFolder}/${name}`, code);
    const cwd = await files.absolute(trialFolder);
    for (const step of steps) {
      const result = await run(['python3', '-B', name, ...step.args], { cwd, timeoutMs: commandTimeoutMs });
      const line = `${name} ${step.args.join(' ')}`;
      const last = result.stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
      if (result.timedOut) return { fault: `${line} did not end within ${commandTimeoutMs / 1000} s`, seen: '' };
      if (result.exitCode !== 0) return { fault: `${line} failed: ${last}`, seen: '' };
      if (step.shows !== null && !result.stdout.includes(step.shows)) {
        return { fault: `${line} does not show "${step.shows}"`, seen: '' };
      }
    }
    return { fault: null, seen: `it was tried with ${steps.map((step) => step.args.join(' ')).join('; ')}` };
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code !== 'COMMAND_REFUSED') throw error;
    return { fault: null, seen: 'it was not run, since nothing isolates commands on this machine' };
  } finally {
    await files.remove(trialFolder);
  }
}
