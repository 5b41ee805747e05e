import { wishFor, withoutRefusals } from '../../task/plan-wishes.js';
import { isTestPath, type NamedFile } from './file-names.js';

const testNoun =
  '(?:unit[ -]?tests?(?:\\s+tests?)?|pytests?(?:\\s+tests?)?|test\\s?cases?|test\\s+file|test\\s+suite|testf[aä]lle|tests?)';
const fillers =
  '(?:(?:also|add|write|include|create|make|provide|some|the|a|an|few|good|proper|python|simple|short|at least|two|three|\\d+|its|basic|complete|full|small|passing|of|that has|has|comes with|ein paar|dazu|passende)\\s+){0,5}';
const about =
  '(?:\\s+(?:for|of|covering|für|dazu|dafür|testing)(?:\\s+(?:it|them|this|that|these|all|both|the|its|every|each|function|functions|class|module|code|one|of))*(?:\\s*`?[A-Za-z_]\\w*(?:\\([^)]*\\))`?)?)?';
const place = '(?:\\s+in\\s+(?:a\\s+(?:separate|new)\\s+file|[\\w./-]+\\.\\w+))?';

/** Whether tests are part of what is asked for. */
export function asksForTests(prose: string, files: readonly NamedFile[]): boolean {
  const wish = wishFor(prose, 'tests');
  return wish === 'asked' || (wish === null && files.some((file) => isTestPath(file.path)));
}

/** Whether tests for something that exists are all that is asked for. */
export function asksForTestsOnly(prose: string): boolean {
  const start = new RegExp(
    `^\\W*(?:please\\s+|can you\\s+|could you\\s+|bitte\\s+)?(?:write|add|create|generate|make|schreibe?)\\s+(?:me\\s+|mir\\s+)?${fillers}(?:\\w+\\s+)?${testNoun}\\b`,
    'i',
  );
  return start.test(prose) || /^\W*(?:please\s+)?(?:unit[ -]?)?tests? (?:for|the)\b/i.test(prose);
}

/** The request without what it says about tests: the model is asked for those apart. */
export function withoutTestClauses(text: string, hasCode: boolean): string {
  if (hasCode) return text.trim();
  const joined = new RegExp(
    `[,;]?\\s*\\b(?:and|with|plus|including|along with|together with|as well as|und|mit|inklusive)\\s+${fillers}${testNoun}\\b${about}${place}`,
    'gi',
  );
  const command = /[,;]?\s*\b(?:and|then|und)\s+tests?\s+(?:it|them|everything)\b(?:\s+(?:with|using)\s+\w+)?/gi;
  const sentence = new RegExp(
    `(?:^|(?<=[.!?]\\s)|(?<=\\n))(?:please\\s+|also\\s+|then\\s+|and\\s+)*(?:add|write|include|create|provide|test)\\b[^.!?\\n]{0,60}\\b${testNoun}\\b[^.!?\\n]*[.!?]?`,
    'gi',
  );
  const cut = withoutRefusals(text)
    .replace(command, '')
    .replace(joined, '')
    .replace(sentence, (whole) => (/[A-Za-z_]\w*\([^)]*\)|\bfunction\b|\bclass\b/i.test(whole) ? whole : ''))
    .replace(/\s+([.,])/g, '$1')
    .trim()
    .replace(/[,;:\s]+$/, '');
  return cut.split(/\s+/).length >= 3 ? cut : text.trim();
}
