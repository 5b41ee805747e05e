import type { CheckEvidence } from './definition-of-done.js';

/**
 * What a request demands of the tests that are there already. `passing`: they are to pass as they are. `kept`: none of them
 * may get lost without a reason. Of those that the task did not touch: `unbroken`: what passed has to pass; `watched`: what
 * passed and fails now is told, since a request for other behaviour may mean just that.
 */
export type EarlierTests = 'passing' | 'kept' | 'unbroken' | 'watched';

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

const samePromised =
  /\b(?:refactor|clean(?:ing)? ?up|tid(?:y|ying)|optimi[sz]|speed(?:ing)? up|restructur|reformat)\w*|\b(?:without|not|n['’]t|never)\s+(?:\w+\s+){0,2}?(?:break|chang(?:e|ing)\s+(?:\w+\s+){0,2}?behaviou?r)\w*|\bsame behaviou?r|\bkeep\b[^.!?\n]{0,30}\b(?:behaviou?r|api|interface)\b|\bbackwards?[- ]compatible/i;

/** What is demanded of tests that a task leaves alone: where the request promises the same behaviour, they must hold. Pure. */
export function untouchedTestsIn(description: string): 'unbroken' | 'watched' {
  return samePromised.test(description.slice(0, readLimit)) ? 'unbroken' : 'watched';
}

const namesShown = 8;

/** What became of the tests that were there, for people: `2 tests that passed before fail now: test_add, test_mul`. Pure. */
export function brokenText({ broken, ran = 0, failed = 0 }: CheckEvidence): string | null {
  if (broken === undefined) return null;
  const { count, names } = broken;
  if (count === 0) {
    const was = failed === 0 ? 'pass as before' : `do as before, ${failed} of them fail${failed === 1 ? 's' : ''}`;
    return ran === 1 && failed === 0 ? '1 test that was there passes as before' : `${ran} tests that were there ${was}`;
  }
  const shown = names.slice(0, namesShown).join(', ');
  const more = shown !== '' && count > Math.min(names.length, namesShown) ? ' …' : '';
  const what = count === 1 ? '1 test that passed before fails now' : `${count} tests that passed before fail now`;
  return shown === '' ? what : `${what}: ${shown}${more}`;
}
