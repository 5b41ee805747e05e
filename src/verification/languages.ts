import path from 'node:path';

/** Languages whose tests Wilson can run and count. */
export type TestLanguage = 'python' | 'javascript' | 'go';

const endings: Readonly<Record<string, TestLanguage>> = {
  '.py': 'python',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.go': 'go',
};

/** Endings of files with code, also of languages without a runner here. */
const codeEndings = new Set([
  ...Object.keys(endings),
  ...['.ts', '.tsx', '.jsx', '.mts', '.cts', '.rb', '.rs', '.java', '.kt', '.c', '.cc', '.cpp', '.h', '.hpp', '.cs'],
  ...['.php', '.swift', '.sh', '.lua', '.pl', '.scala', '.ex', '.exs'],
]);

export function languageOf(file: string): TestLanguage | null {
  return endings[path.posix.extname(file).toLowerCase()] ?? null;
}

/** Languages whose sources belong together, by the ending of their names. */
const families: Readonly<Record<string, string>> = {
  ...endings,
  ...{ '.ts': 'typescript', '.tsx': 'typescript', '.mts': 'typescript', '.cts': 'typescript', '.jsx': 'typescript' },
  ...{ '.java': 'java', '.kt': 'java', '.scala': 'java', '.rs': 'rust', '.rb': 'ruby', '.php': 'php', '.cs': 'dotnet' },
  ...{ '.ex': 'elixir', '.exs': 'elixir' },
};

/** What {@link languageOf} says, and a name for each of the other languages; the ending where it is of none. */
export function familyOf(file: string): string {
  const ending = path.posix.extname(file).toLowerCase();
  return families[ending] ?? ending;
}

export function isCode(file: string): boolean {
  return codeEndings.has(path.posix.extname(file).toLowerCase());
}

/** Whether a file holds tests, or belongs to them, by the naming customs of its language. */
export function isTestFile(file: string): boolean {
  if (!isCode(file)) return false;
  const name = path.posix.basename(file);
  const folders = path.posix.dirname(file).split('/');
  if (/\.(test|spec)\.[a-z]+$/i.test(name)) return true;
  if (/^(test_.*|.*_test|tests?|conftest)\.(py|go|rb|rs|exs)$/i.test(name)) return true;
  if (/_spec\.rb$/.test(name)) return true;
  // What cargo takes for tests by its folder alone.
  if (name.endsWith('.rs') && folders.at(-1) === 'tests') return true;
  if (/^(test|tests|test-.*|.*-test)\.(js|mjs|cjs|ts)$/i.test(name)) return true;
  if (/(Test|Tests|Spec)\.(java|kt|cs|scala|php|swift)$/.test(name)) return true;
  return folders.includes('__tests__');
}

/** Whether a file decides which tests are run, and what counts as passed. */
export function isTestSettings(file: string): boolean {
  return /(^|\/)(conftest\.py|\.?pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml)$/.test(file);
}

/** The same for a project that runs its tests by a command of its own: what tells that command what to do. */
export function isProjectSettings(file: string): boolean {
  const name = path.posix.basename(file);
  return (
    /^(package\.json|tsconfig.*\.json|\.?mocharc.*|jest\..*|Cargo\.toml|pom\.xml|build\.gradle(\.kts)?|Rakefile|\.rspec|phpunit\.xml(\.dist)?|mix\.exs|(GNU)?[Mm]akefile)$/.test(
      name,
    ) || /\.(config|workspace|setup)\.[cm]?[jt]s$/.test(name)
  );
}

/** Whether a file belongs to installed packages rather than to the project. */
export function isInstalled(file: string): boolean {
  return /(^|\/)(node_modules|site-packages|\.venv)\//.test(file);
}
