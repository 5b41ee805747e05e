import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { CommandRunner } from '../platform/command.js';
import type { PlacedTestCommand } from './project-tests.js';
import { failedNames, readTestCounts, type TestCounts } from './read-test-counts.js';
import type { ScratchCopy } from './scratch-copy.js';

/** What a project's own command for its tests did. */
export interface ProjectRun {
  /** As people would write it. */
  readonly text: string;
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** Null where it does not say. */
  readonly counts: TestCounts | null;
  /** The first of those that failed. */
  readonly failedNames: readonly string[];
  readonly output: string;
}

export interface ProjectRunOptions {
  readonly commands: CommandRunner;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const outputLimitBytes = 64_000;
/** Some compile all they need first: in a copy nothing of that is there yet. */
const compileMs = 120_000;
const compiled = new Set(['rust', 'java', 'dotnet']);

/** Runs it in a copy of the workspace. Rejects as {@link CommandRunner.run} does. */
export async function runProjectCommand(
  { own, folder }: PlacedTestCommand,
  scratch: ScratchCopy,
  options: ProjectRunOptions,
): Promise<ProjectRun> {
  const result = await options.commands.run({
    argv: own.command,
    cwd: path.join(scratch.tree, folder),
    workspaceRoot: scratch.folder,
    projectRoot: scratch.tree,
    timeoutMs: options.timeoutMs + (compiled.has(own.language ?? '') ? compileMs : 0),
    outputLimitBytes,
    signal: options.signal,
    env: { CI: '1', PYTHONDONTWRITEBYTECODE: '1', ...toolchains() },
  });
  const output = `${result.stdout}\n${result.stderr}`;
  return {
    text: own.command.join(' ') + (folder === '' ? '' : ` (in ${folder})`),
    exitCode: result.exitCode,
    timedOut: result.timedOut,
    counts: readTestCounts(output),
    failedNames: failedNames(output),
    output,
  };
}

/** Where the home folder of a command is empty, what it compiles with is found in the user's. */
function toolchains(): Readonly<Record<string, string>> {
  const places = [
    ['RUSTUP_HOME', '.rustup'],
    ['CARGO_HOME', '.cargo'],
  ] as const;
  const found = places.flatMap(([name, folder]) => {
    const place = process.env[name] ?? path.join(homedir(), folder);
    return existsSync(place) ? [[name, place] as const] : [];
  });
  return found.length === 0 ? {} : { ...Object.fromEntries(found), CARGO_NET_OFFLINE: 'true' };
}
