import { programWords } from './program-words.js';
import { WordList, wordsOf } from './word-list.js';

/**
 * What a request to a tester wants. `run`: the tests that are there are run and counted, nothing is written. `raise`: tests
 * are to be added until they run a share of the lines. `write`: tests are to be written.
 */
export type TestWish = 'run' | 'raise' | 'write';

const readLimit = 4_000;
const tests = '(?:tests?|test[- ]?suites?|unit[- ]?tests?|specs?|pytest|jest|vitest|mocha|unittests?)';
const runs = new RegExp(
  `\\b(?:run|rerun|re-run|execute|launch|start)\\b[^.!?\\n]{0,60}?\\b${tests}\\b` +
    `|\\b(?:do|does|did|are|is|check|verify|make sure|ensure|see|whether|if|that)\\b[^.!?\\n]{0,40}?\\b${tests}\\b[^.!?\\n]{0,20}?\\b(?:pass|passes|passing|green|ok|okay|work|works|fail|fails|failing|succeed)\\b`,
  'i',
);
const measures =
  /\b(?:measure|what(?:'s| is)|how (?:much|high|good)|show|tell|report|determine|check)\b[^.!?\n]{0,40}\bcoverage\b/i;
const raises =
  /\b(?:raise|increase|improve|bring|get|lift|push|reach|boost)\b[^.!?\n]{0,60}\bcoverage\b|\bcoverage\b[^.!?\n]{0,30}\b(?:up )?to\b/i;
/** Words of somebody who wants more than a run; "make sure that the tests pass" is none of them. */
const makes =
  /\b(?:write|writes|writing|add|adding|create|generate|make(?! sure)|extend|improve|cover|raise|increase|implement|complete|fix|repair|mend|debug|correct)\b/i;

const refusals = /\b(?:do not|don['’]?t|never|without|no need to|(?:write|add|create) no)\b[^.;,!?\n]{0,60}/gi;
/** The same in other languages: an order to run, the tests, and no word of making beside them. */
const runOrders = new WordList(
  'führe führ starte lass lasse exécute exécutez lance lancez ejecuta ejecute corre esegui lancia execute rode voer draai запусти прогони',
);
const testNouns = new WordList('test tests unittests testsuite pruebas testes testen тесты');
const makingOrders = programWords('make');
const runsEastern =
  /(?:运行|執行|执行|跑)[^。.!！?？\n]{0,8}(?:测试|測試)|テスト(?:を|の)?(?:実行|走らせ)|테스트(?:를)? ?(?:실행|돌려)/u;
const makesEastern = /写|编写|添加|增加|書いて|作って|追加|작성|추가|만들/u;

function runsOtherwise(text: string): boolean {
  if (runsEastern.test(text)) return !makesEastern.test(text);
  const words = wordsOf(text.slice(0, 400));
  return runOrders.lengthAt(words, 0) > 0 && testNouns.isIn(words) && !makingOrders.isIn(words);
}

/** Reads a request by its wording; `percent` is the coverage that it names, null where it names none. Pure. */
export function readTestWish(description: string, percent: number | null): TestWish {
  // "Run the tests, but write no new ones": what is not wanted says nothing of what is.
  const text = description.slice(0, readLimit).replace(refusals, ' ');
  if (percent !== null && raises.test(text)) return 'raise';
  return ((runs.test(text) || measures.test(text)) && !makes.test(text)) || runsOtherwise(text) ? 'run' : 'write';
}

/**
 * Whether a command runs a project's own tests by one of the usual runners. Pure; a shell, and whatever a request or a
 * model could have made up, is none.
 */
export function isTestCommand(command: readonly string[]): boolean {
  const [program = '', ...args] = command;
  const first = args[0] ?? '';
  switch (program) {
    case 'npm':
    case 'pnpm':
    case 'yarn':
    case 'bun':
      return first === 'test' || (first === 'run' && /^test(?::[\w-]+)?$/.test(args[1] ?? ''));
    case 'python':
    case 'python3':
      return first === '-m' && /^(?:pytest|unittest)$/.test(args[1] ?? '');
    case 'pytest':
      return true;
    case 'node':
      return first === '--test';
    case 'go':
    case 'cargo':
    case 'make':
    case 'dotnet':
    case 'mvn':
    case 'gradle':
      return first === 'test';
    default:
      return false;
  }
}
