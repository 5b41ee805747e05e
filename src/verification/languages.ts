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
  if (/^(test|tests|test-.*|.*-test)\.(js|mjs|cjs|ts)$/i.test(name)) return true;
  if (/(Test|Tests|Spec)\.(java|kt|cs|scala|php|swift)$/.test(name)) return true;
  return folders.includes('__tests__');
}

/** Whether a file decides which tests are run, and what counts as passed. */
export function isTestSettings(file: string): boolean {
  return /(^|\/)(conftest\.py|\.?pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml)$/.test(file);
}

/** Whether a file belongs to installed packages rather than to the project. */
export function isInstalled(file: string): boolean {
  return /(^|\/)(node_modules|site-packages|\.venv)\//.test(file);
}
