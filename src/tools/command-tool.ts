import { stripVTControlCharacters } from 'node:util';
import type { CommandResult, CommandRunner } from '../platform/command.js';
import { type Arguments, badArguments, numberArgument, textArgument } from './arguments.js';
import { objectSchema } from './file-tools.js';
import { resolveInside } from './jail.js';
import type { Tool } from './tool.js';

const defaultTimeoutS = 60;
const maxTimeoutS = 600;
/** Kept of stdout and of stderr each. */
const outputLimitBytes = 8_000;

export function runCommandTool(root: string, commands: CommandRunner): Tool {
  return {
    spec: {
      name: 'run_command',
      description:
        'Runs one program in the workspace, without a shell and without network: ["python3", "-m", "unittest"].',
      parameters: objectSchema(
        {
          command: { type: 'array', items: { type: 'string' }, minItems: 1 },
          folder: { type: 'string', description: 'Where to run it; the workspace without it' },
          timeout_s: { type: 'integer', minimum: 1, maximum: maxTimeoutS },
        },
        ['command'],
      ),
    },
    async run(args, context) {
      const argv = commandOf(args);
      const timeoutS = numberArgument(args, 'timeout_s', defaultTimeoutS, 1, maxTimeoutS);
      const result = await commands.run({
        argv,
        cwd: await resolveInside(root, textArgument(args, 'folder', '.')),
        workspaceRoot: root,
        timeoutMs: timeoutS * 1000,
        outputLimitBytes,
        signal: context.signal,
      });
      return describe(result, timeoutS);
    },
  };
}

/** An array as asked for, or one line as models often write it; that line is split at spaces, quotes held together. */
function commandOf(args: Arguments): readonly [string, ...string[]] {
  const value = args.command;
  const parts = typeof value === 'string' ? splitLine(value) : value;
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) {
    throw badArguments('"command" must be a list of texts');
  }
  const [program, ...rest] = parts as string[];
  if (program === undefined || program === '') throw badArguments('"command" is empty');
  return [program, ...rest];
}

function splitLine(line: string): string[] {
  if (/[|&;<>`$]/.test(line)) {
    throw badArguments('there is no shell: give one program and its arguments, without | & ; < > ` $');
  }
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function describe(result: CommandResult, timeoutS: number): string {
  const end = result.timedOut
    ? `It was stopped after ${timeoutS} s.`
    : result.exitCode === null
      ? `It was ended by ${result.signal ?? 'a signal'}.`
      : `Exit code ${result.exitCode}.`;
  const parts = [end];
  for (const [name, text] of [
    ['stdout', result.stdout],
    ['stderr', result.stderr],
  ] as const) {
    const shown = stripVTControlCharacters(text).trim();
    if (shown !== '') parts.push(`${name}:\n${shown}`);
  }
  if (parts.length === 1) parts.push('It printed nothing.');
  return parts.join('\n');
}
