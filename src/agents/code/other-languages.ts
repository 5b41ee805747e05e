/** A language without a guided way: the words that name it, the endings of its sources, and what a new file is called. */
interface OtherLanguage {
  readonly words: RegExp;
  readonly extensions: readonly string[];
  readonly fileName: string;
}

/** "in Go", "a Go function", "Go-Funktion": the bare word is English too. */
const go =
  /\bgolang\b|\bGo\b(?=[ -]?(?:code|functions?|programs?|modules?|packages?|files?|projects?|tests?|Funktion|Programm))|\b(?:in|using|with|for|auf|mit)\s+Go\b(?!\s+to)/;
/** A single letter is a language only where something says so. */
const c =
  /\b(?:in|using|plain|ANSI)\s+C(?![\w+#'’-])|\bC(?=[ -](?:functions?|programs?|code|source|librar|struct|Funktion|Programm))/;

const others: readonly OtherLanguage[] = [
  { words: /\b(bash|shell)\b/i, extensions: ['.sh', '.bash'], fileName: 'script.sh' },
  { words: /\b(html|web ?page|website)\b/i, extensions: ['.html', '.htm'], fileName: 'index.html' },
  { words: /\bcss\b/i, extensions: ['.css', '.scss'], fileName: 'style.css' },
  { words: /\bsql\b/i, extensions: ['.sql'], fileName: 'query.sql' },
  { words: /\b(typescript|tsx)\b/i, extensions: ['.ts', '.tsx', '.mts', '.cts'], fileName: 'main.ts' },
  { words: go, extensions: ['.go'], fileName: 'main.go' },
  { words: /\brust\b/i, extensions: ['.rs'], fileName: 'main.rs' },
  { words: /\bjava\b/i, extensions: ['.java'], fileName: 'Main.java' },
  { words: /\bkotlin\b/i, extensions: ['.kt', '.kts'], fileName: 'Main.kt' },
  { words: /\bswift\b/i, extensions: ['.swift'], fileName: 'main.swift' },
  { words: /\bruby\b/i, extensions: ['.rb'], fileName: 'main.rb' },
  { words: /\bphp\b/i, extensions: ['.php'], fileName: 'index.php' },
  { words: /(?<!\w)c\+\+(?!\w)|\bcpp\b/i, extensions: ['.cpp', '.cc', '.hpp'], fileName: 'main.cpp' },
  { words: /(?<!\w)c#(?!\w)|\bcsharp\b/i, extensions: ['.cs'], fileName: 'Program.cs' },
  { words: c, extensions: ['.c', '.h'], fileName: 'main.c' },
  { words: /\b(?:react|vue|svelte)\b/i, extensions: ['.jsx', '.vue', '.svelte'], fileName: 'App.jsx' },
];

/** Whether a request names a language that has no guided way. Pure. */
export function namesOther(prose: string): boolean {
  // A web page is written in whatever language is named beside it.
  return (
    others.some(({ words, fileName }) => fileName !== 'index.html' && words.test(prose)) || /\bhtml\b/i.test(prose)
  );
}

/** A file name for a request in a language without a guided way that names none. Pure. */
export function nameOfOther(wish: string, listing: readonly string[] = []): string {
  const named = others.find(({ words }) => words.test(wish));
  const here = named ?? others.find(({ extensions }) => countOf(listing, extensions) > 0);
  return here?.fileName ?? 'main.txt';
}

/**
 * The language that most sources of a folder are in; Python where there are none. Pages, styles and scripts stand beside
 * the sources of any project, so they decide only where there is nothing else.
 */
export function commonLanguage(listing: readonly string[]): 'python' | 'javascript' | 'other' {
  const python = countOf(listing, ['.py']);
  const javascript = countOf(listing, ['.js', '.mjs', '.cjs']);
  const beside = ['script.sh', 'index.html', 'style.css', 'query.sql'];
  const sources = others.filter((each) => !beside.includes(each.fileName));
  const other = sources.reduce((sum, each) => sum + countOf(listing, each.extensions), 0);
  if (other > python && other > javascript) return 'other';
  return javascript > python ? 'javascript' : 'python';
}

function countOf(listing: readonly string[], extensions: readonly string[]): number {
  return listing.filter((file) => extensions.some((end) => file.endsWith(end))).length;
}
