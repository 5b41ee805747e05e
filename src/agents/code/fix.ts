import type { AgentContext, AgentResult } from '../agent.js';
import { isLargeModel } from '../model-size.js';
import { findMeant } from './file-choice.js';
import { isTestPath } from './file-names.js';
import { type Broken, fixTests, moduleOf } from './fix-tests.js';
import type { Language } from './language.js';
import { meantIn, moduleMeant } from './mentioned.js';
import { failed, failedByRules } from './outcome.js';
import type { CodeRequest } from './request.js';
import { definitionsIn } from './source-outline.js';
import type { Target } from './targets.js';
import type { WorkspaceFiles } from './workspace-files.js';

/** Test files that are run, and sources that are read, to find out what is meant. */
const testFileLimit = 30;
const sourceLimit = 60;

/**
 * Mends what exists. A failing test says what to mend by; without one, what the request says of a function or class does,
 * and a big model looks for itself.
 */
export async function fix(
  context: AgentContext,
  files: WorkspaceFiles,
  language: Language,
  asked: CodeRequest,
  listing: readonly string[],
): Promise<AgentResult> {
  const request = { ...asked, modulePath: findMeant(asked.modulePath, listing) };
  context.progress({ fraction: 0, basis: '0 of 4 steps', message: 'running the tests' });
  const { broken, passing } = await runTests(context, files, language, request, listing);
  if (broken !== null) return fixTests(context, files, language, request, listing, broken);
  if (isLargeModel(context.model)) {
    const { codeLoop } = await import('../loop/code-loop.js');
    return codeLoop(context);
  }
  const modulePath = request.modulePath ?? (await soughtModule(files, language, request, listing));
  const existing = modulePath === null ? null : await files.read(modulePath);
  if (modulePath === null || existing === null) return nothingToFix(request.modulePath);
  const reading = await language.read(existing, { functions: [], classes: [] });
  if (reading.error !== null) {
    return failedByRules('NO_USABLE_CODE', `${modulePath} does not parse: ${reading.error}.`, 'Nothing was changed.');
  }
  const [target] = [...meantIn(request.wish, reading), ...onlyOne(reading)];
  if (target === undefined) return nothingToFix(null);
  const { mendCode } = await import('./mend-code.js');
  const own = passing.filter((test) => test.module === modulePath).map((test) => test.path);
  const subject = { request, language, modulePath, existing, findings: context.order.findings, passing: own };
  return mendCode(context, files, subject, target);
}

function nothingToFix(missing: string | null): AgentResult {
  if (missing !== null) {
    return failed('FILE_NOT_FOUND', `There is no ${missing}.`, 'Nothing was changed.', 'Name a file that exists.');
  }
  return failed(
    'NOTHING_TO_FIX',
    'No test fails, and the request names no function or class of this project, so there is nothing to measure a fix by.',
    'Nothing was changed.',
    'Name the function and say what it should give, or write a test that fails.',
  );
}

/** Where a module holds one function and nothing else, that is what is meant. */
function onlyOne({ functions, classes }: Awaited<ReturnType<Language['read']>>): Target[] {
  const own = functions.filter((each) => !each.helper && each.name !== 'main');
  const [only, second] = own;
  if (classes.length > 0 || only === undefined || second !== undefined) return [];
  return [{ kind: 'function', name: only.name, params: only.params }];
}

interface Tests {
  readonly broken: Broken | null;
  readonly passing: readonly { readonly path: string; readonly module: string | null }[];
}

/** Runs test files one by one up to the first that fails; those of other modules do not count where one is named. */
async function runTests(
  context: AgentContext,
  files: WorkspaceFiles,
  language: Language,
  request: CodeRequest,
  listing: readonly string[],
): Promise<Tests> {
  const tests = listing.filter((file) => isTestPath(file) && language.extensions.some((end) => file.endsWith(end)));
  const named = request.testPath;
  const meant = named === null ? tests : tests.filter((file) => file === named || file.endsWith(`/${named}`));
  const passing: { path: string; module: string | null }[] = [];
  for (const path of meant.slice(0, testFileLimit)) {
    const module = moduleOf((await files.read(path)) ?? '', path, listing);
    if (named === null && request.modulePath !== null && module !== null && module !== request.modulePath) continue;
    const run = await language.runTests([path]);
    context.log('info', `${path}: ${run.ran} ran, ${run.failed} failed`);
    if (run.failed > 0) return { broken: { testPath: path, run }, passing };
    if (run.ran > 0) passing.push({ path, module });
  }
  return { broken: null, passing };
}

/** The source that defines what the request speaks of. */
async function soughtModule(
  files: WorkspaceFiles,
  language: Language,
  request: CodeRequest,
  listing: readonly string[],
): Promise<string | null> {
  const paths = listing.filter((file) => !isTestPath(file) && language.extensions.some((end) => file.endsWith(end)));
  const sources: { path: string; names: readonly string[] }[] = [];
  for (const path of paths.slice(0, sourceLimit)) {
    sources.push({ path, names: definitionsIn((await files.read(path)) ?? '') });
  }
  return moduleMeant(request.wish, sources);
}
