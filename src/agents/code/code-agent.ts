import type { AgentContext, AgentResult } from '../agent.js';
import { runInWorkspace } from './commands.js';
import { findMeant } from './file-choice.js';
import type { Language } from './language.js';
import { type CodeRequest, readRequest } from './request.js';
import type { Subject } from './workbench.js';
import { WorkspaceFiles } from './workspace-files.js';
import { writeCode } from './write-code.js';

/** Longest existing file that a prompt shows whole, in characters. */
const wholeFileLimit = 3_000;

/** Writes and mends code in the workspace; see docs/architecture.md for the ways it works. */
export async function codeAgent(context: AgentContext): Promise<AgentResult> {
  const files = new WorkspaceFiles(context.order.workspaceRoot);
  const request = readRequest(context.order.description);
  const listing = await files.list();
  const language = await languageFor(context, files, request, listing);
  const modulePath = findMeant(request.modulePath, listing);
  const existing = modulePath === null ? null : await files.read(modulePath);
  const subject: Subject = {
    request,
    language,
    modulePath,
    existing: existing?.trim() ? existing : null,
    findings: context.order.findings,
  };
  return writeCode(context, files, subject);
}
async function languageFor(
  context: AgentContext,
  files: WorkspaceFiles,
  request: CodeRequest,
  listing: readonly string[],
): Promise<Language> {
  const run = runInWorkspace(context);
  const { createPython } = await import('./python/python.js');
  if (request.language === 'javascript') {
    const { createJavaScript } = await import('./javascript/javascript.js');
    return createJavaScript(run, files);
  }
  return createPython(run);
}
