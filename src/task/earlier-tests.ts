/**
 * What a request demands of the tests that are there already. `passing`: they are to pass as they are. `kept`: none of them
 * may get lost without a reason.
 */
export type EarlierTests = 'passing' | 'kept';

const readLimit = 4_000;
/** A test, or a file of them by its name. */
const aTest = String.raw`(?:\btests?\b|\btest_|\w_test\b|[\w-]\.(?:test|spec)\.|\btest[- ]?(?:suite|case)s?\b)`;
const testFile = String.raw`\b(?:test_[\w-]+\.\w+|[\w-]+_test\.\w+|[\w-]+\.(?:test|spec)\.\w+)`;
/** What stands between an order and its object; what follows "so that" is its purpose. */
const toObject = String.raw`(?:(?!\b(?:so|until|such|to|for|that|and|because|while)\b)[^.!?\n]){0,50}?`;
const changing =
  'remov|delet|drop|renam|rewrit|replac|updat|chang|adapt|adjust|skip|disabl|convert|migrat|mov|split|merg|refactor|reorgani|restructur|clean|simplif|reduc|shorten|dedup|edit';
const changesTests = new RegExp(
  `\\b(?:${changing})\\w*\\b${toObject}${aTest}` +
    `|\\b(?:fix|correct|repair|mend)\\w*\\b${toObject}${testFile}(?!\\s+(?:pass|succeed|work|run|is green))`,
  'i',
);
const wantsPassing =
  /\b(?:fix|repair|mend|solve|debug|correct)\w*\b[^!?\n]{0,120}\btests?\b|\bmake\b[^!?\n]{0,80}\bpass|\btests?\b[^.!?\n]{0,40}\b(?:pass|passes|green|succeed|succeeds)\b/i;
const refusals = /\b(?:do not|don['’]?t|without|never|not)\b[^.;,!?\n]{0,60}/gi;

/** Reads a request by its wording; null where it is about changing tests itself. Pure. */
export function earlierTestsIn(description: string): EarlierTests | null {
  const text = description.slice(0, readLimit).replace(refusals, ' ');
  if (changesTests.test(text)) return null;
  return wantsPassing.test(text) ? 'passing' : 'kept';
}
