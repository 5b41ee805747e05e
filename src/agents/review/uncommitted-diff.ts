import { WilsonError } from '../../errors.js';
import type { AgentContext } from '../agent.js';
import { runInWorkspace } from '../code/commands.js';
import type { WorkspaceFiles } from '../code/workspace-files.js';
import { readOrNull } from '../report-text.js';
import { type DiffFile, parseDiff, wholeFile } from './parse-diff.js';

const newFileLimit = 100;

/**
 * The changes of the workspace that nobody committed, with the files that git does not know yet. Null where there are none,
 * no repository, or no git.
 */
export async function uncommittedDiff(context: AgentContext, files: WorkspaceFiles): Promise<DiffFile[] | null> {
  const changed = await git(context, ['diff', '--no-color', '--no-ext-diff', '--no-textconv', 'HEAD']);
  if (changed === null) return null;
  const listed = await git(context, ['ls-files', '--others', '--exclude-standard', '-z']);
  const found = parseDiff(changed);
  for (const name of (listed ?? '')
    .split('\0')
    .filter((each) => each !== '')
    .slice(0, newFileLimit)) {
    const text = await readOrNull(files, name);
    if (text !== null) found.push(wholeFile(name, text));
  }
  return found.length === 0 ? null : found;
}

async function git(context: AgentContext, args: readonly string[]): Promise<string | null> {
  try {
    const result = await runInWorkspace(context)(['git', '-c', 'core.quotepath=off', ...args], { own: true });
    if (result.exitCode === 0) return result.stdout;
    context.log('info', `git ${args[0] ?? ''}: ${result.stderr.trim().slice(0, 200)}`);
    return null;
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code === 'ABORTED') throw error;
    context.log('warn', `git ${args[0] ?? ''}: ${error.message}`);
    return null;
  }
}
