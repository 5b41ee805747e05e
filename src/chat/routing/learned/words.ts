/** Names of files as they stand in a sentence: with a slash, with an ending, or a glob. */
const fileName =
  /(?<![\w@])(?:~|\.{0,2})\/?(?:[\w.@*-]+\/)+[\w.@*-]*|(?<![\w@/])[\w*-]+(?:\.[\w-]+)*\.([a-z][a-z0-9]{0,5})(?![\w/])|\.[a-z]\w{2,}/gi;

const kindOfExtension: ReadonlyMap<string, string> = new Map(
  Object.entries({
    code: 'js jsx ts tsx mjs cjs py rs go java kt c h cc cpp hpp cs rb php swift sh bash sql html css scss vue svelte lua pl r jl ex exs hs ml scala dart ino ps1 zsh asm s m',
    data: 'csv tsv json xml log xlsx xls parquet db sqlite txt dump prof trace har ndjson jsonl',
    config: 'yaml yml toml ini cfg conf env lock gradle tf service',
    text: 'md mdx rst pdf doc docx odt epub tex pptx rtf bib',
    media: 'png jpg jpeg gif webp svg heic mp3 mp4 wav ogg flac mov avi zip tar gz ttf',
  }).flatMap(([kind, list]) => list.split(' ').map((extension) => [extension, kind] as const)),
);

/** Names of files and of code become few words, so that what was learnt of one holds for all. */
function withGeneralNames(text: string): string {
  return text
    .replace(/`[^`]{1,80}`/g, ' «code» ')
    .replace(/https?:\/\/\S+/gi, ' «url» ')
    .replace(fileName, (name: string, extension?: string) => {
      const ending = (extension ?? /\.([a-z][a-z0-9]*)$/i.exec(name)?.[1] ?? '').toLowerCase();
      if (ending === '') return name.includes('/') ? ' «folder» ' : name;
      return ` «${kindOfExtension.get(ending) ?? 'other'}» `;
    })
    .replace(/\btask[- ]?#?\d+\b/gi, ' «task» ')
    .replace(/\b[a-z_$][\w$]*\(\)/gi, ' «function» ')
    .replace(/\b(?:[a-z]+[A-Z]\w*|[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+|[a-z0-9]+(?:_[a-z0-9]+)+)\b/g, ' «identifier» ')
    .replace(/\b\d+(?:[.,]\d+)*\b/g, ' «number» ');
}

/** The words of a text in lower case, marks that ask among them. */
export function wordsOf(text: string): string[] {
  return (
    withGeneralNames(text)
      .toLowerCase()
      .match(/«\w+»|[\p{L}\p{M}][\p{L}\p{M}'’-]*|[?？!¿]/gu) ?? []
  );
}

/** True for a word that stands for names of one kind: `«folder»`. */
export function isGeneralName(word: string): boolean {
  return word.startsWith('«');
}

/** A rough stem: enough that "tests", "testing" and "tested" share a feature. */
export function stemOf(word: string): string {
  if (word.length < 4 || isGeneralName(word)) return word;
  return word.replace(/(?:'s|ies|ing|ed|es|s|e|y)$/, '') || word;
}

const eastern = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** Parts of a word by which one that was never seen is known: runs of letters, shorter ones where a letter is a word. */
export function partsOf(word: string): string[] {
  const isEastern = eastern.test(word);
  const letters = isEastern ? [...word] : [...`^${word}$`];
  const parts: string[] = [];
  for (const length of isEastern ? [1, 2, 3] : [3, 4, 5]) {
    for (let start = 0; start + length <= letters.length; start += 1)
      parts.push(letters.slice(start, start + length).join(''));
  }
  return parts;
}
