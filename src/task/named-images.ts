/** An image file that a text names. */
export interface NamedImage {
  /** As it is written, without quotes and escapes; slashes forward. */
  readonly path: string;
  /** Where the name stands in the text; quotes are not part of it. */
  readonly start: number;
  readonly end: number;
}

const ending = '\\.(?:png|jpe?g|gif|webp|bmp)';
const anyImage = new RegExp(ending, 'i');
const endsAsImage = new RegExp(`[^/\\\\.\\s]${ending}$`, 'i');

/** A name that may hold spaces. A single quote is one only where no word goes on: it is an apostrophe elsewhere. */
const quoted = new RegExp(
  [
    `"([^"\\n]{1,300}?${ending})"`,
    `\`([^\`\\n]{1,300}?${ending})\``,
    `(?<![\\p{L}\\p{N}])'([^'\\n]{1,300}?${ending})'(?![\\p{L}\\p{N}])`,
    `[“”„]([^“”„\\n]{1,300}?${ending})[“”]`,
    `«\\s?([^«»\\n]{1,300}?${ending})\\s?»`,
    `»([^«»\\n]{1,300}?${ending})«`,
    `[‘‚]([^‘’\\n]{1,300}?${ending})[’‘]`,
  ].join('|'),
  'giu',
);
/** What stands between two separators; a backslash takes a sign its meaning, as in the shell that a path was copied from. */
const word = /(?:\\[^\p{L}\p{N}\s\\]|\\ |[^\s"'`“”„«»‘’‚<>|,;!?*{}=→、。，？！])+/gu;
const eastAsian = '\\u3040-\\u30ff\\u3400-\\u9fff\\uac00-\\ud7af';
/** "photo.png里有什么", "photo.png: what is it?", "photo.png-Datei": what sticks to the end of a name is no part of it. */
const tail = new RegExp(
  `(${ending})(?:[${eastAsian}:)\\]].*|-(?:datei|bild|foto|grafik|file|image|picture)(?:en|s)?[.:)]*)$`,
  'iu',
);
/** "请看photo.png": where no space is written, the Latin letters are the name. */
const glued = new RegExp(`^.*[${eastAsian}](?=[\\w./~-]*[\\w-]\\.\\w+$)`, 'u');
/** A longer run without a space is data, not a name. */
const longestWord = 1_024;

/**
 * The image files (png, jpg, jpeg, gif, webp, bmp) that a text names, in its order: bare, in quotes (then with spaces),
 * relative or absolute. Addresses on the web are none, neither are names inside code (`open('a.png')`, fenced blocks,
 * `<img src="a.png">`), patterns (`*.png`), nor names that only contain such an ending (`image.png.py`).
 */
export function findImages(text: string): NamedImage[] {
  if (!anyImage.test(text)) return [];
  const found: NamedImage[] = [];
  let rest = blank(text, /```[\s\S]*?(?:```|$)/g);
  rest = rest.replace(quoted, (whole, ...groups: unknown[]) => {
    const name = groups.slice(0, 7).find((group): group is string => typeof group === 'string') ?? '';
    const at = groups.find((group): group is number => typeof group === 'number') ?? 0;
    const start = at + whole.indexOf(name);
    if (!isCode(rest, at)) addName(found, name, start);
    return ' '.repeat(whole.length);
  });
  for (const match of rest.matchAll(word)) if (match[0].length <= longestWord) addWord(found, match[0], match.index);
  return found.sort((a, b) => a.start - b.start);
}

/** The names that {@link findImages} finds, each once. */
export function namedImages(text: string): string[] {
  return [...new Set(findImages(text).map(({ path }) => path))];
}

function addWord(found: NamedImage[], whole: string, at: number): void {
  let name = whole;
  let start = at;
  const cutFront = (length: number): void => {
    name = name.slice(length);
    start += length;
  };
  cutFront(/^[([@]*/.exec(name)?.[0].length ?? 0);
  // A link of Markdown: ![what it shows](photo.png)
  if (name.includes('](')) cutFront(name.indexOf('](') + 2);
  name = name.replace(/[)\].:…]+$/u, '').replace(tail, '$1');
  cutFront(/^file:\/\/(?=\/)/i.exec(name)?.[0].length ?? 0);
  cutFront(glued.exec(name)?.[0].length ?? 0);
  // "Bild:photo.png"; one letter would be a drive.
  cutFront(/^[\p{L}\p{N}_-]{2,}:(?!\/)/u.exec(name)?.[0].length ?? 0);
  const open = name.split('(').length > name.split(')').length;
  if (!open) addName(found, name, start);
}

function addName(found: NamedImage[], written: string, start: number): void {
  const name = written.trim();
  const from = start + written.indexOf(name);
  const onTheWeb = /^(?:[a-z][a-z0-9+.-]*:\/\/|\/\/|data:|www\.)/i.test(name);
  if (onTheWeb || !endsAsImage.test(name) || /[\p{Cc}]/u.test(name)) return;
  const path = name
    .replace(/\\([^\p{L}\p{N}\\])/gu, '$1')
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/)+/, '');
  found.push({ path, start: from, end: from + name.length });
}

/** A call's argument or an attribute's value: `open('a.png')`, `src="a.png"`. */
function isCode(text: string, at: number): boolean {
  return /(?:=\s?|[\p{L}\p{N}_]\()$/u.test(text.slice(Math.max(0, at - 8), at));
}

/** The text with what matches made blank, so that places stay where they are. */
function blank(text: string, pattern: RegExp): string {
  return text.replace(pattern, (match) => ' '.repeat(match.length));
}
