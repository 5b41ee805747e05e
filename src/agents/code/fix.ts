import type { AgentContext, AgentResult } from '../agent.js';
import { isLargeModel } from '../model-size.js';
import { findMeant } from './file-choice.js';
import { isTestPath } from './file-names.js';
import { type Broken, fixTests, moduleOf } from './fix-tests.js';
import type { Language } from './language.js';
import { meantIn } from './mentioned.js';
import { failed, failedByRules } from './outcome.js';
import type { CodeRequest } from './request.js';
import { namedIn, type Source, suspectOf } from './suspects.js';
import type { Target } from './targets.js';
import type { WorkspaceFiles } from './workspace-files.js';

/** Test files that are run, and sources that are read, to find out what is meant. */
const testFileLimit = 30;
const sourceLimit = 60;

/**
 * Mends what exists. A failing test says what to mend by; without one, what the request says of a function or class does,
 * and a big model looks for itself. Null for a request that is no order to mend and speaks of nothing that is there.
 */
export async function fix(
  context: AgentContext,
  files: WorkspaceFiles,
  language: Language,
  asked: CodeRequest,
  listing: readonly string[],
): Promise<AgentResult | null> {
  const request = { ...asked, modulePath: findMeant(asked.modulePath, listing) };
  const isOrder = request.kind === 'fix';
  const place = await findPlace(files, language, request, listing);
  if (place === null && !isOrder && !/\btests?\b/i.test(request.wish)) return null;
  context.progress({ fraction: 0, basis: '0 of 4 steps', message: 'running the tests' });
  const meant = { ...request, modulePath: request.modulePath ?? place?.path ?? null };
  const { broken, passing } = await runTests(context, files, language, meant, listing);
  if (broken !== null) return fixTests(context, files, language, request, listing, broken);
  if (isLargeModel(context.model)) {
    const { codeLoop } = await import('../loop/code-loop.js');
    return codeLoop(context);
  }
  if (place === null) return isOrder ? nothingToFix(request.modulePath, listing) : null;
  const { path: modulePath, target, existing } = place;
  const { mendCode } = await import('./mend-code.js');
  const own = passing.filter((test) => test.module === modulePath).map((test) => test.path);
  const subject = { request, language, modulePath, existing, findings: context.order.findings, passing: own };
  if (typeof target === 'string') return failedByRules('NO_USABLE_CODE', target, 'Nothing was changed.');
  return mendCode(context, files, subject, target);
}

interface Place {
  readonly path: string;
  readonly existing: string;
  /** What is meant there; why not, as a sentence, where the file cannot be read as its language. */
  readonly target: Target | string;
}

/** Where the request finds fault: what it names, what is alone in the file it names, or what shares its words. */
async function findPlace(
  files: WorkspaceFiles,
  language: Language,
  request: CodeRequest,
  listing: readonly string[],
): Promise<Place | null> {
  const all = listing.filter((file) => !isTestPath(file) && language.extensions.some((end) => file.endsWith(end)));
  const paths = request.modulePath === null ? all : all.filter((file) => file === request.modulePath);
  const sources: Source[] = [];
  for (const path of paths.slice(0, sourceLimit)) sources.push({ path, text: (await files.read(path)) ?? '' });
  const named = namedIn(request.wish, sources);
  // "is_even(n) in utils.py", without a word of order: something that is not there yet.
  const isNew =
    request.targets.length > 0 && !request.targets.some(({ name }) => named.some((each) => each.name === name));
  if (isNew && request.kind !== 'fix') return null;
  const elsewhere = new Set(named.map((each) => each.path)).size > 1;
  const [first] = elsewhere ? [] : named;
  const path = first?.path ?? (sources.length === 1 ? sources[0]?.path : undefined);
  const suspect = first ?? suspectOf(request.wish, sources);
  const chosen = path ?? suspect?.path;
  const existing = sources.find((each) => each.path === chosen)?.text;
  if (chosen === undefined || existing === undefined) return null;
  const reading = await language.read(existing, { functions: [], classes: [] });
  if (reading.error !== null) {
    return { path: chosen, existing, target: `${chosen} does not parse: ${reading.error}.` };
  }
  const guess = suspect?.path === chosen ? meantIn(`\`${suspect.name}\``, reading) : [];
  const meant = [...meantIn(request.wish, reading), ...guess];
  const [target] = request.kind === 'fix' ? [...meant, ...onlyOne(reading)] : meant;
  return target === undefined ? null : { path: chosen, existing, target };
}

function nothingToFix(named: string | null, listing: readonly string[]): AgentResult {
  if (named !== null && !listing.includes(named)) {
    return failed('FILE_NOT_FOUND', `There is no ${named}.`, 'Nothing was changed.', 'Name a file that exists.');
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
