import { escaped } from './name-pattern.js';

/** By the ending of a file, what declares a name in it: patterns with the name as their group. */
interface Declarations {
  readonly endings: readonly string[];
  readonly patterns: readonly RegExp[];
}

const start = String.raw`^(?:export\s+|default\s+|declare\s+|pub(?:\([^)]*\))?\s+|async\s+|unsafe\s+|abstract\s+)*`;
/** A class holds what other languages have at the top, so one step of indentation counts. */
const within = String.raw`^(?: {1,4}|\t)?(?:(?:public|private|protected|internal|static|final|abstract|sealed|open|override|data|async|virtual|synchronized|readonly|partial)\s+)*`;
const method = new RegExp(String.raw`${within.replace(')*', ')+')}[\w<>[\],.? ]+\s+(\w+)\s*\(`, 'gm');

const known: readonly Declarations[] = [
  {
    endings: ['.go'],
    patterns: [/^func\s+(?:\([^)]*\)\s*)?(\w+)/gm, /^(?:type|var|const)\s+(\w+)/gm],
  },
  {
    endings: ['.rs'],
    patterns: [
      new RegExp(`${start}(?:const\\s+)?(?:fn|struct|enum|trait|type|static|const|mod|union)\\s+(\\w+)`, 'gm'),
      /^(?: {4}|\t)(?:pub(?:\([^)]*\))?\s+)?(?:const\s+|async\s+|unsafe\s+)*fn\s+(\w+)/gm,
      /^(impl\b[^{]*?)\s*\{/gm,
    ],
  },
  {
    endings: ['.ts', '.tsx', '.mts', '.cts', '.jsx', '.vue', '.svelte'],
    patterns: [
      new RegExp(`${start}(?:function\\s*\\*?|class|interface|type|enum|namespace|const|let|var)\\s+([\\w$]+)`, 'gm'),
    ],
  },
  {
    endings: ['.java', '.kt', '.kts', '.cs', '.swift', '.scala', '.php'],
    patterns: [
      new RegExp(`${within}(?:class|interface|enum|record|struct|trait|object|protocol|namespace)\\s+(\\w+)`, 'gm'),
      new RegExp(`${within}(?:fun|func|function|def)\\s+(?:<[^>]*>\\s*)?(\\w+)`, 'gm'),
      method,
    ],
  },
  { endings: ['.rb'], patterns: [/^ {0,4}(?:def\s+(?:self\.)?|class\s+|module\s+)([\w?!]+)/gm] },
  { endings: ['.sh', '.bash'], patterns: [/^(?:function\s+)?([\w-]+)\s*\(\)/gm, /^function\s+([\w-]+)/gm] },
  {
    endings: ['.c', '.h', '.cc', '.cpp', '.hpp'],
    patterns: [
      /^(?!(?:return|else|typedef|using)\b)[A-Za-z_][\w\s*&<>:,]*?[\s*&](\w+)\s*\([^;{]*\)\s*(?:const\s*)?\{/gm,
      /^(?:typedef\s+)?(?:struct|class|enum|union|namespace)\s+(\w+)/gm,
    ],
  },
  { endings: ['.sql'], patterns: [/^create\s+(?:table|view|function|trigger)\s+(?:if\s+not\s+exists\s+)?(\w+)/gim] },
];

/** The names that a file declares, as far as its language's words of declaration tell. Pure. */
export function declaredNames(path: string, text: string): Set<string> {
  const patterns = known.find(({ endings }) => endings.some((ending) => path.endsWith(ending)))?.patterns ?? [];
  const found = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => tidy(match[1] ?? '')));
  return new Set([...found, ...(path.endsWith('.go') ? groupedInGo(text) : [])]);
}

/**
 * Names that a file had and that a new text of it leaves out, though the wish does not want to be rid of them: a small model
 * that is asked for a whole file forgets what it was not asked about. Pure.
 */
export function lostNames(path: string, before: string, after: string, wish: string): string[] {
  if (anew.test(wish)) return [];
  const left = declaredNames(path, after);
  const isUnwanted = (name: string): boolean =>
    gone.test(wish) && new RegExp(`(?<!\\w)${escaped(name)}(?!\\w)`).test(wish);
  return [...declaredNames(path, before)].filter((name) => !left.has(name) && !isUnwanted(name));
}

const gone = /\b(?:remov|delet|drop|renam|replac|merg|inlin|mov|rid of|entfern|lösch|umbenenn)\w*/i;
const anew =
  /\b(?:from scratch|start (?:over|anew)|replace (?:everything|the whole|all of)|rewrite (?:everything|the whole))\b/i;

/** `const ( A = 1 … )`. */
function groupedInGo(text: string): string[] {
  const groups = [...text.matchAll(/^(?:const|var|type)\s*\(\n([\s\S]*?)^\)/gm)].map((match) => match[1] ?? '');
  return groups.flatMap((body) => [...body.matchAll(/^(?:\t| {1,4})([A-Za-z_]\w*)/gm)].map((match) => match[1] ?? ''));
}

function tidy(name: string): string {
  return name.replace(/\s+/g, ' ').trim();
}
