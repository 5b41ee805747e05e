import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { CheckContext } from './check-context.js';
import { commandEvidence, failed, passed } from './evidence.js';
import { makeScratchCopy } from './scratch-copy.js';

const outputLimitBytes = 16_000;

/** Runs the command of a check in a copy of the workspace; it has to end with exit code 0. */
export async function checkCommand(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const [program, ...args] = spec.command ?? [];
  if (program === undefined) return failed(spec, { detail: 'The check names no command' });
  const scratch = await makeScratchCopy(context.workspace.root, context.workspace.metaDir, context.signal);
  try {
    const timeoutMs = context.timeouts.commandMs;
    const result = await context.commands.run({
      argv: [program, ...args],
      cwd: scratch.tree,
      workspaceRoot: scratch.folder,
      projectRoot: scratch.tree,
      timeoutMs,
      outputLimitBytes,
      signal: context.signal,
    });
    const evidence = commandEvidence([program, ...args].join(' '), result, timeoutMs);
    return result.exitCode === 0 ? passed(spec, evidence) : failed(spec, evidence);
  } finally {
    await scratch.remove();
  }
}
