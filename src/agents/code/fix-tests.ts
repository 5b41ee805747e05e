import type { AgentContext, AgentResult } from '../agent.js';
import { isLargeModel } from '../model-size.js';
import { countSteps } from '../step-counter.js';
import { askForCode } from './ask.js';
import { isTestPath } from './file-names.js';
import { fixPrompt } from './fix-prompt.js';
import type { Language, TestRun } from './language.js';
import { checksFor, failed, failedByRules, finished } from './outcome.js';
import { systemPrompt } from './prompts.js';
import type { CodeRequest } from './request.js';
import { definitionsIn } from './source-outline.js';
import type { WorkspaceFiles } from './workspace-files.js';

const attemptLimit = 6;
const answerTokens = 700;

/** A test file that fails, and how. */
export interface Broken {
  readonly testPath: string;
  readonly run: TestRun;
}

/**
 * Mends code until a failing test passes. A change is kept only when fewer tests fail than before it; otherwise the file
 * is put back. Tests are never changed.
 */
export async function fixTests(
  context: AgentContext,
  files: WorkspaceFiles,
  language: Language,
  request: CodeRequest,
  listing: readonly string[],
  broken: Broken,
): Promise<AgentResult> {
  const steps = countSteps(context, 4);
  steps.next('reading the failing test');
  context.log('info', `${broken.testPath}: ${broken.run.failed} of ${broken.run.ran} tests fail`);
  const testText = (await files.read(broken.testPath)) ?? '';
  const modulePath = request.modulePath ?? moduleOf(testText, broken.testPath, listing);
  const original = modulePath === null ? null : await files.read(modulePath);
  if (modulePath === null || original === null) {
    return failedByRules(
      'NO_USABLE_CODE',
      `The file that ${broken.testPath} tests was not found.`,
      'Nothing was changed.',
    );
  }

  steps.next(`mending ${modulePath}`);
  let best = broken.run;
  let source = original;
  const expectations = (await language.read(testText, { functions: definitionsIn(original), classes: [] })).cases;
  for (let turn = 0; turn < attemptLimit && best.failed > 0; turn += 1) {
    if (turn > 0) steps.say(`mending ${modulePath}: ${best.failed} tests still fail`);
    const situation = { language, request, modulePath, testPath: broken.testPath, source, run: best, expectations };
    const content = fixPrompt(situation, turn, isLargeModel(context.model));
    const { code } = await askForCode(context, [systemPrompt(language), { role: 'user', content }], {
      temperature: Math.min(0.8, turn * 0.2),
      maxTokens: answerTokens,
    });
    const outcome = await tryFix(files, language, modulePath, source, code);
    if (outcome === null) {
      context.log('info', `attempt ${turn + 1}: the answer changes nothing or cannot be used`);
      continue;
    }
    const run = await language.runTests([broken.testPath]);
    context.log('info', `attempt ${turn + 1}: ${run.failed} of ${run.ran} tests fail`);
    if (run.failed < best.failed && run.ran >= best.ran) {
      best = run;
      source = outcome;
    } else {
      await files.write(modulePath, source);
    }
  }

  steps.next('running the tests again');
  const last = await language.runTests([broken.testPath]);
  if (last.ran > 0 && last.failed === 0) {
    const summary = `${modulePath} was mended: the ${last.ran} tests in ${broken.testPath} pass; ${broken.run.failed} failed before.`;
    return finished(summary, checksFor([modulePath], [broken.testPath]));
  }
  const changed = source === original ? `${modulePath} is as it was` : `${modulePath} was changed`;
  return failed(
    'TESTS_FAILED',
    `${last.failed} of ${last.ran} tests in ${broken.testPath} still fail.`,
    `${changed}; ${last.failed} of ${last.ran} tests still fail, ${broken.run.failed} did before.`,
  );
}

/** Writes the file with the definitions of the answer put in and returns its text; null when that is of no use. */
async function tryFix(
  files: WorkspaceFiles,
  language: Language,
  modulePath: string,
  source: string,
  code: string,
): Promise<string | null> {
  const known = definitionsIn(source);
  const reading = await language.read(code, { functions: known, classes: [] });
  const names = [...reading.functions, ...reading.classes].map((each) => each.name);
  if (reading.error !== null || reading.clean === '' || !names.some((name) => known.includes(name))) return null;
  const merged = await language.merge({ text: source }, reading.clean);
  if (merged === source) return null;
  await files.write(modulePath, merged);
  if ((await language.checkSyntax(modulePath)) === null) return merged;
  await files.write(modulePath, source);
  return null;
}

/** The workspace's file that a test imports; by its name where no import says. */
export function moduleOf(testText: string, testPath: string, listing: readonly string[]): string | null {
  const imported = [
    ...testText.matchAll(/^\s*(?:from|import)\s+([\w.]+)/gm),
    ...testText.matchAll(/(?:require\(|from\s+)['"](\.{1,2}\/[^'"]+)['"]/g),
  ].map((match) => match[1] ?? '');
  const code = listing.filter((file) => !isTestPath(file));
  for (const name of imported) {
    const stem = name.replace(/^(\.{1,2}\/)+/, '').replace(/\.(?:js|mjs|cjs)$/, '');
    const asPath = name.startsWith('.') ? stem : stem.replaceAll('.', '/');
    const match = code.find((file) => {
      const bare = file.replace(/\.(?:py|js|mjs|cjs)$/, '');
      return bare !== file && (bare === asPath || bare.endsWith(`/${asPath}`));
    });
    if (match !== undefined) return match;
  }
  const base = (testPath.split('/').at(-1) ?? '').replace(/^test_|(_test|\.test|\.spec)(?=\.)/g, '');
  return code.find((file) => file.split('/').at(-1) === base) ?? null;
}
