import { findCorrected } from './corrected-examples.js';
import { findExamples } from './examples.js';
import { findFileNames, isTestPath, type NamedFile } from './file-names.js';
import { namesOther } from './other-languages.js';
import { findTargets, type Target } from './targets.js';
import { asksForTests, asksForTestsOnly, withoutTestClauses } from './tests-wanted.js';

export type { Target } from './targets.js';

/** What rules could tell about a request for code; what they could not is null or empty. */
export interface CodeRequest {
  readonly kind: 'write' | 'fix' | 'tests';
  /** `other` when a file of another language is named; null when nothing says. */
  readonly language: 'python' | 'javascript' | 'other' | null;
  /** The request without its wishes about tests: what the code should do. */
  readonly wish: string;
  readonly targets: readonly Target[];
  readonly modulePath: string | null;
  readonly testPath: string | null;
  readonly wantsTests: boolean;
  /** True when something that is run, rather than called, is asked for. */
  readonly program: boolean;
  /** Code that the request holds, such as a signature with its docstring. */
  readonly skeleton: string | null;
  /** Lines such as `f(1) == 2`, as the request shows them. */
  readonly examples: readonly string[];
}

const fixWords = /\b(fix|repair|debug|correct|mend|solve|make .{0,30}\bpass|behebe|repariere|korrigiere)\b/i;
/** An order to mend something, at the beginning of a sentence or a part of one. */
const fixOrder =
  /(?:^|[.,;:!?\n–-]\s*|\b(?:please|and|then|so|you|bitte|und)\s+)(?:fix|repair|debug|mend|behebe|repariere|korrigiere|fixe)\b(?!\s+(?:width|point|size|length|the\s+(?:price|date)))/i;
const fixObjects = /\b(tests?|bugs?|errors?|fail(s|ing|ure|ures)?|crash(es|ing)?|broken|wrong|typo|fehler)\b/i;
const programWords =
  /\b(programm?e?|scripts?|skript|app|application|command[- ]?line|cli|game|calculator|prints?|gibt? .{0,40}\baus|ausgibt|ausgeben)\b|程序|脚本/i;

/** The same in other languages, in which a word may end in a letter that `\b` does not know. */
const otherProgramWords =
  /(?<!\p{L})(?:\p{L}*anwendung|\p{L}*spiel|applis?|aplicaci[óo]n|aplicaç[ãa]o|aplicativo|applicazione|\p{L}*applicatie|programa|programma|jeu|juego|jogo|gioco|\p{L}*spel|приложение|программ[ау]|игр[ау])(?!\p{L})|应用|應用|游戏|小程序|アプリ|プログラム|ゲーム|앱|프로그램|게임/iu;

/** Characters that the rules look at; what a person asks for stands at the beginning. */
const readLimit = 8_000;

/** Reads a request by rules alone; pure and total, in time that does not grow with the text. */
export function readRequest(whole: string): CodeRequest {
  const text = whole.slice(0, readLimit);
  const files = findFileNames(text);
  const skeleton = findSkeleton(text);
  const prose = skeleton === null ? text : text.replace(skeleton, ' ');
  // A wish for tests may stand at the end of a long request.
  const wantsTests = asksForTests(whole.length > readLimit ? whole : prose, files);
  const code = files.find((file) => !isTestPath(file.path)) ?? null;
  const test = files.find((file) => isTestPath(file.path)) ?? null;
  const targets = findTargets(prose, skeleton);
  const wish = whole.length > readLimit ? whole : withoutTestClauses(text, skeleton !== null);
  const kind = kindOf(prose, targets);
  return {
    kind,
    language: languageOf(prose, code ?? test, skeleton),
    wish,
    targets,
    modulePath: code?.path ?? null,
    testPath: test?.path ?? null,
    wantsTests,
    program: targets.length === 0 && (programWords.test(wish) || otherProgramWords.test(wish)),
    skeleton,
    examples: kind === 'fix' ? findCorrected(text, targets) : findExamples(text, targets),
  };
}

function kindOf(prose: string, targets: readonly Target[]): CodeRequest['kind'] {
  const fixes = fixOrder.test(prose) || (fixWords.test(prose) && fixObjects.test(prose));
  if (fixes && !/\b(write|create|implement|schreib\w*|erstell\w*)\b/i.test(prose)) return 'fix';
  if (
    asksForTestsOnly(prose) &&
    !/\b(function|class|method|funktion|klasse)\b.*\b(that|which|to|with)\b/i.test(prose)
  ) {
    return targets.length === 0 || !/\bwith (a|the) function\b/i.test(prose) ? 'tests' : 'write';
  }
  return 'write';
}

function languageOf(prose: string, file: NamedFile | null, skeleton: string | null): CodeRequest['language'] {
  if (file !== null) return file.language;
  if (/\b(python|unittest|pytest|django|flask)\b/i.test(prose)) return 'python';
  if (/\b(javascript|node(\.js)?|js)\b/i.test(prose)) return 'javascript';
  if (namesOther(prose)) return 'other';
  if (skeleton !== null) return /^\s*(export\s+)?(async\s+)?function\b/m.test(skeleton) ? 'javascript' : 'python';
  return null;
}

/** Code in the request: a fenced block that defines something, or lines from the first definition (with its imports) on. */
function findSkeleton(text: string): string | null {
  const defines = /^(async )?def \w+\(|^class \w+|^(export )?(async )?function \w+\(/m;
  for (const match of text.matchAll(/```[\w-]*\n([\s\S]*?)```/g)) {
    const block = match[1];
    if (block !== undefined && defines.test(block)) return block;
  }
  const start = codeStart.exec(text);
  if (start === null) return null;
  const from = start.index;
  // Prose after the code starts at the left margin and defines nothing; a docstring may have lines there too.
  const lines = text.slice(from).split('\n');
  let end = lines.length;
  let quote: string | null = null;
  for (const [index, line] of lines.entries()) {
    const outside = quote === null;
    quote = quoteAfter(line, quote);
    if (!outside || index === 0) continue;
    if (/^[A-Za-z]/.test(line) && !/^(async def|def|class|from|import|[A-Za-z_]\w*\s*=)/.test(line)) {
      end = index;
      break;
    }
  }
  return lines.slice(0, end).join('\n');
}

/** The first definition with what belongs to it above: imports, constants (texts of several lines too), decorators. */
const codeStart =
  /^(?:(?:from \S+ import|import) .+\n+|[A-Za-z_]\w* *= *("""|''')[\s\S]*?\1[^\n]*\n+|[A-Za-z_]\w* *= *.+\n+|@\w.*\n)*(?:(?:async )?def \w+\(|class \w+.*:\s*$)/m;

/** The triple quote that is open after a line, given the one that was open before it. */
function quoteAfter(line: string, before: string | null): string | null {
  let open = before;
  for (const [mark] of line.matchAll(/"""|'''/g)) {
    if (open === null) open = mark;
    else if (open === mark) open = null;
  }
  return open;
}
