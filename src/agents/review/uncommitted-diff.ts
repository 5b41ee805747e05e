import { WilsonError } from '../../errors.js';
import type { AgentContext } from '../agent.js';
import { runInWorkspace } from '../code/commands.js';

/**
 * The changes of the workspace that git knows of and nobody committed, as a unified diff. Null where there are none, no
 * repository, or no git.
 */
export async function uncommittedDiff(context: AgentContext): Promise<string | null> {
  const argv = ['git', '-c', 'core.quotepath=off', 'diff', '--no-color', '--no-ext-diff', '--no-textconv', 'HEAD'];
  try {
    const result = await runInWorkspace(context)(argv, { own: true });
    return result.exitCode === 0 && result.stdout.trim() !== '' ? result.stdout : null;
  } catch (error) {
    if (error instanceof WilsonError && error.code !== 'ABORTED') {
      context.log('warn', `git diff: ${error.message}`);
      return null;
    }
    throw error;
  }
}
