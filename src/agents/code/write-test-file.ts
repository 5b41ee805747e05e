import type { WeighedCase } from './choice.js';
import type { Subject } from './workbench.js';
import type { WorkspaceFiles } from './workspace-files.js';

export interface TestFile {
  readonly modulePath: string;
  readonly testPath: string;
  /** What may be imported from the module; only what the cases use is. */
  readonly names: readonly string[];
  readonly kept: readonly WeighedCase[];
}

/** Writes the cases as a test file, or adds them to the one that exists. */
export async function writeTestFile(
  files: WorkspaceFiles,
  subject: Pick<Subject, 'language'>,
  tests: TestFile,
): Promise<void> {
  const { modulePath, testPath, kept } = tests;
  const cases = kept.map((each) => each.test);
  const names = usedNames(tests.names, kept);
  const text = subject.language.renderTests({ modulePath, testPath, names, cases });
  const before = await files.read(testPath);
  const merged = before === null || before.trim() === '' ? text : await subject.language.merge({ text: before }, text);
  await files.write(testPath, merged);
}

function usedNames(names: readonly string[], kept: readonly WeighedCase[]): string[] {
  const text = kept.flatMap((each) => each.test.steps.map((step) => `${step.run} ${step.check ?? ''}`)).join('\n');
  const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  return used.length === 0 ? [...names] : used;
}
