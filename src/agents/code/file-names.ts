export interface NamedFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly language: 'python' | 'javascript' | 'other';
}

const languages: Readonly<Record<string, NamedFile['language']>> = {
  py: 'python',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
};
const otherExtensions =
  'ts|tsx|jsx|html?|css|scss|json|ya?ml|toml|md|txt|csv|sh|bash|sql|go|rs|java|kt|swift|c|h|cpp|hpp|cc|cs|rb|php|lua|pl|r|ini|cfg|xml';
/** Names of products that look like files. */
const products = /^(node|next|vue|react|express|three|d3|discord|nuxt|nest|ember|backbone|p5|chart|socket)\.js$/i;

/** Files that a text names, in order, each once. Absolute paths and ones that lead upwards are left out. */
export function findFileNames(text: string): NamedFile[] {
  const pattern = new RegExp(
    `(?<![\\w./\\\\@-])((?:[\\w-]+/)*[\\w-]+(?:\\.[\\w-]+)*\\.(py|js|mjs|cjs|${otherExtensions}))(?![\\w/])`,
    'g',
  );
  const found = new Map<string, NamedFile>();
  for (const match of text.matchAll(pattern)) {
    const [, path = '', extension = ''] = match;
    if (products.test(path) || /^(e\.g|i\.e)\b/i.test(path)) continue;
    if (!found.has(path)) found.set(path, { path, language: languages[extension] ?? 'other' });
  }
  return [...found.values()];
}

/** Whether a file is a test by its name or folder. */
export function isTestPath(path: string): boolean {
  const name = path.split('/').at(-1) ?? path;
  return /^tests?[_.-]|[_.-](test|tests|spec)\.\w+$/i.test(name);
}
