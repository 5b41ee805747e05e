import { coverageAskedFor } from '../../task/coverage-wish.js';
import { readTestWish } from '../../task/test-wish.js';
import { languageOf } from '../../verification/languages.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { findMeant } from '../code/file-choice.js';
import { findFileNames, isTestPath } from '../code/file-names.js';
import { WorkspaceFiles } from '../code/workspace-files.js';

/**
 * Runs the tests that are there, raises their coverage to a figure, or writes tests for code that exists: which of it, the
 * wording of the request decides. What it says of tests was counted in a run.
 */
export async function testAgent(context: AgentContext): Promise<AgentResult> {
  const { description, workspaceRoot } = context.order;
  const percent = coverageAskedFor(description);
  if (readTestWish(description, percent) === 'run') {
    const { runSuite } = await import('./run-suite.js');
    return runSuite(context, /\bcoverage\b|\bcovered\b/i.test(description));
  }
  if (percent !== null) {
    const files = new WorkspaceFiles(workspaceRoot);
    const listing = await files.list();
    const named = findFileNames(description)
      .map(({ path }) => findMeant(path, listing) ?? path)
      .filter((file) => listing.includes(file) && languageOf(file) !== null && !isTestPath(file));
    if (named.length > 0 || listing.some((file) => languageOf(file) !== null && !isTestPath(file))) {
      const { raiseCoverage } = await import('./raise-coverage.js');
      return raiseCoverage(context, files, percent, named);
    }
  }
  return (await import('../code/code-agent.js')).testAgent(context);
}
