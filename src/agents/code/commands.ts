import { WilsonError } from '../../errors.js';
import type { CommandResult } from '../../platform/command.js';
import type { AgentContext } from '../agent.js';

/** Bytes kept of each output stream of a command. */
const outputLimitBytes = 256 * 1024;

/** Runs a program in the root of the workspace; rejects as {@link CommandRunner.run} does. */
export type RunInWorkspace = (
  argv: readonly string[],
  options: {
    readonly timeoutMs?: number;
    /** Absolute; the root of the workspace without it. */
    readonly cwd?: string;
    /** The program is one of ours, so that it may run where nothing isolates. */
    readonly own?: boolean;
  },
) => Promise<CommandResult>;

/** Binds the context's runner to the task's workspace, deadline and signal. */
export function runInWorkspace(context: AgentContext): RunInWorkspace {
  const root = context.order.workspaceRoot;
  return async (argv, options) => {
    const [program, ...args] = argv;
    if (program === undefined) throw new WilsonError('BAD_REQUEST', 'An empty command cannot be run.');
    return context.commands.run({
      argv: [program, ...args],
      cwd: options.cwd ?? root,
      workspaceRoot: root,
      timeoutMs: Math.min(options.timeoutMs ?? Number.POSITIVE_INFINITY, context.order.limits.commandTimeoutMs),
      outputLimitBytes,
      signal: context.signal,
      ...(options.own === undefined ? {} : { own: options.own }),
      // Tests leave no caches beside the files that are handed over.
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    });
  };
}
