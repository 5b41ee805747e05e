import type { AgentContext, AgentResult } from '../../agent.js';
import type { RunInWorkspace } from '../commands.js';
import type { Language } from '../language.js';
import type { WorkspaceFiles } from '../workspace-files.js';
import type { OutlinedStep } from './outline-text.js';
import { testOutlined } from './test-outlined.js';
import { writeOutlined } from './write-outlined.js';

/** Does the step of a plan that carries an outline: the program itself, or its tests. */
export async function workOnOutline(
  context: AgentContext,
  files: WorkspaceFiles,
  run: RunInWorkspace,
  python: Language,
  { what, outline }: OutlinedStep,
): Promise<AgentResult> {
  return what === 'code'
    ? writeOutlined(context, files, run, python, outline)
    : testOutlined(context, files, python, outline);
}
