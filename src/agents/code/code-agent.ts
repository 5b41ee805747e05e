import type { AgentContext, AgentResult } from '../agent.js';
import { isLargeModel } from '../model-size.js';
import { runInWorkspace } from './commands.js';
import { findMeant } from './file-choice.js';
import { isTestPath } from './file-names.js';
import type { Language } from './language.js';
import { watchLeftovers } from './leftovers.js';
import { commonLanguage, nameOfOther } from './other-languages.js';
import { failed } from './outcome.js';
import { readOutlinedStep } from './program/outline-text.js';
import { type CodeRequest, readRequest } from './request.js';
import { ordersNew, wantsReshaping } from './reshapes.js';
import type { Subject } from './workbench.js';
import { WorkspaceFiles } from './workspace-files.js';

/**
 * Writes and mends code in the workspace. What rules can place goes a guided way, in which the model only fills in small
 * parts and everything it says is tried; the rest goes through the tool loop with a big model, and becomes a single file
 * with a small one.
 */
export async function codeAgent(context: AgentContext): Promise<AgentResult> {
  return work(context, readRequest(context.order.description));
}

/** The same for a task whose type already says that only tests are wanted. */
export async function testAgent(context: AgentContext): Promise<AgentResult> {
  const request = readRequest(context.order.description);
  return work(context, { ...request, wantsTests: true, kind: request.kind === 'write' ? 'tests' : request.kind });
}

async function work(context: AgentContext, request: CodeRequest): Promise<AgentResult> {
  const files = new WorkspaceFiles(context.order.workspaceRoot);
  const listing = await files.list();
  const id = request.language ?? commonLanguage(listing);
  const outlined = readOutlinedStep(context.order.description);
  if (outlined === null && isLargeModel(context.model) && !(isPlaced(request, listing) && id !== 'other')) {
    const { codeLoop } = await import('../loop/code-loop.js');
    return codeLoop(context);
  }
  const removeLeftovers = await watchLeftovers(files);
  try {
    return await workGuided(context, request, { files, listing, id, outlined });
  } finally {
    const left = await removeLeftovers();
    if (left.length > 0) context.log('info', `removed what trial runs had left: ${left.join(', ')}`);
  }
}

interface Surroundings {
  readonly files: WorkspaceFiles;
  readonly listing: readonly string[];
  readonly id: Language['id'] | 'other';
  readonly outlined: ReturnType<typeof readOutlinedStep>;
}

async function workGuided(
  context: AgentContext,
  request: CodeRequest,
  { files, listing, id, outlined }: Surroundings,
): Promise<AgentResult> {
  const run = runInWorkspace(context);
  if (outlined !== null) {
    const python = await createLanguage('python', run, files);
    const { workOnOutline } = await import('./program/work-on-outline.js');
    return workOnOutline(context, files, run, python, outlined);
  }
  if (id === 'other') {
    const { writeFile } = await import('./write-file.js');
    return writeFile(context, files, run, request, request.modulePath ?? nameOfOther(request.wish, listing));
  }
  const language = await createLanguage(id, run, files);
  const modulePath = findMeant(request.modulePath ?? testedModule(request, listing), listing);
  const text = modulePath === null ? null : await files.read(modulePath);
  const existing = text === null || text.trim() === '' ? null : text;
  const named = request.modulePath === null || existing !== null;
  if (request.kind === 'write' && listing.length > 0 && named && wantsReshaping(request.wish)) {
    return failed(
      'MODEL_TOO_SMALL',
      `${context.model.name} is too small to give existing code another shape: no test tells whether it did.`,
      'Nothing was changed.',
      'Ask for what a function should do otherwise, or configure a code model of 3B or more.',
    );
  }
  if (request.kind === 'fix' || (request.kind === 'write' && listing.length > 0 && !ordersNew(request))) {
    const { fix } = await import('./fix.js');
    const result = await fix(context, files, language, request, listing);
    if (result !== null) return result;
  }
  const subject: Subject = { request, language, modulePath, existing, findings: context.order.findings };
  if (request.kind === 'tests' && modulePath !== null && existing !== null) {
    const { writeTests } = await import('./write-tests.js');
    return writeTests(context, files, { ...subject, modulePath, existing });
  }
  if (request.kind === 'tests' && request.modulePath !== null && request.targets.length === 0) {
    return failed(
      'FILE_NOT_FOUND',
      `There is no ${request.modulePath} to test.`,
      'Nothing was written.',
      'Name a file that exists.',
    );
  }
  if (isOpen(request) && listing.length > 0) {
    return failed(
      'REQUEST_TOO_OPEN',
      `${context.model.name} is too small for a request that names neither a file nor a function of this project.`,
      'Nothing was changed.',
      'Name the file and the function or class that you want, or configure a code model of 3B or more.',
    );
  }
  if ((request.program || isOpen(request)) && !request.wantsTests) {
    const { writeProgram } = await import('./write-program.js');
    return writeProgram(context, files, subject);
  }
  const [target, second] = request.targets;
  if (request.skeleton !== null && !request.wantsTests && target?.kind === 'function' && second === undefined) {
    const { completeFunction } = await import('./complete-function.js');
    return completeFunction(context, files, subject, target, request.skeleton);
  }
  const { writeCode } = await import('./write-code.js');
  return writeCode(context, files, subject);
}

/** Whether the rules found what to write, and where it is new, so that the guided way is as good as any. */
function isPlaced(request: CodeRequest, listing: readonly string[]): boolean {
  if (request.kind !== 'write') return true;
  const path = findMeant(request.modulePath, listing);
  return request.targets.length > 0 && (path === null || !listing.includes(path)) && !wantsReshaping(request.wish);
}

/** Whether nothing says what to write or where: no file, no name, and no word such as "function" or "program". */
function isOpen(request: CodeRequest): boolean {
  const something = /\b(functions?|class(es)?|methods?|funktion(en)?|klassen?)\b|函数|类/i.test(request.wish);
  return request.targets.length === 0 && request.modulePath === null && !request.program && !something;
}

async function createLanguage(
  id: Language['id'],
  run: ReturnType<typeof runInWorkspace>,
  files: WorkspaceFiles,
): Promise<Language> {
  if (id === 'javascript') return (await import('./javascript/javascript.js')).createJavaScript(run, files);
  return (await import('./python/python.js')).createPython(run);
}

/** For "write tests for add": the only source that defines what is named, or the only source there is. */
function testedModule(request: CodeRequest, listing: readonly string[]): string | null {
  if (request.kind !== 'tests') return null;
  const sources = listing.filter((file) => /\.(?:py|js|mjs|cjs)$/.test(file) && !isTestPath(file));
  return sources.length === 1 ? (sources[0] ?? null) : null;
}
