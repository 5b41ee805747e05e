import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import { familyOf } from './languages.js';

/** How a project runs its own tests. */
export interface ProjectTestCommand {
  readonly command: readonly [string, ...string[]];
  /** A family of {@link familyOf}; `javascript` runs TypeScript as well; null where a Makefile does not tell. */
  readonly language: 'javascript' | 'python' | 'go' | 'rust' | 'java' | 'ruby' | 'php' | 'dotnet' | 'elixir' | null;
  /** What it was read from, for people: "the test script of package.json: vitest run". */
  readonly basis: string;
}

/** The few things of a project that tell how its tests are run. */
export interface ProjectListing {
  /** Names in the root and, as `tests/x.py`, in its folders of tests. */
  readonly files: readonly string[];
  /** Texts of those of {@link readFiles} that are there, and of some Python tests, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

const readFiles = [
  ...['package.json', 'pyproject.toml', 'pytest.ini', 'setup.cfg', 'tox.ini', 'go.mod', 'Cargo.toml'],
  ...['Makefile', 'makefile', 'GNUmakefile', 'requirements.txt', 'requirements-dev.txt', 'Rakefile', 'composer.json'],
] as const;
const testFolders = ['test', 'tests', '__tests__', 'spec'] as const;
const pythonTest = /(^|\/)(test_[^/]*|[^/]*_test)\.py$/;
const javascriptTest = /(\.(test|spec)\.[cm]?js|(^|\/)test[^/]*\.[cm]?js)$/;
/** Python tests that are looked into for pytest, and bytes of a text that matter. */
const [readTests, textLimit] = [20, 256 * 1024];

/**
 * The command by which the project in a folder runs its own tests; null where nothing tells. With `language`, one of
 * that language before others. Rejects when the folder is not there.
 */
export async function projectTestCommand(
  root: string,
  language?: ProjectTestCommand['language'],
): Promise<ProjectTestCommand | null> {
  const commands = testCommandsOf(await listProject(root));
  return commands.find((one) => one.language === language) ?? commands[0] ?? null;
}

/** A command of the project, and the folder of it, relative to the root, in which it is run; '' for the root. */
export interface PlacedTestCommand {
  readonly own: ProjectTestCommand;
  readonly folder: string;
}

/**
 * The command that runs test files of one language: of the project in the nearest folder around them that has one; null
 * where there is none for their language.
 */
export async function testCommandFor(root: string, testFiles: readonly string[]): Promise<PlacedTestCommand | null> {
  const wanted = new Set(testFiles.map(familyOf));
  const runs = ({ language }: ProjectTestCommand): boolean =>
    language === null || [...wanted].every((family) => family === language || runsToo[family] === language);
  for (let folder = commonFolder(testFiles); ; folder = path.posix.dirname(folder)) {
    const listing = await listProject(path.join(root, folder), folder !== '.');
    const own = testCommandsOf(listing).find(runs);
    if (own !== undefined) return { own, folder: folder === '.' ? '' : folder };
    if (folder === '.') return null;
  }
}

const runsToo: Readonly<Record<string, string>> = { typescript: 'javascript' };

function commonFolder(files: readonly string[]): string {
  const [first = '', ...more] = files.map((file) => path.posix.dirname(file));
  let common = first;
  while (common !== '.' && !more.every((folder) => folder === common || folder.startsWith(`${common}/`))) {
    common = path.posix.dirname(common);
  }
  return common;
}

/** All commands that the listing speaks of: what a project says first, then what its files suggest. */
export function testCommandsOf(listing: ProjectListing): ProjectTestCommand[] {
  const rules: readonly Rule[] = [
    ...[npmTest, pytest, goTest, cargoTest, mavenTest, rspec, rakeTest, phpunit, dotnetTest, mixTest],
    ...[unittest, npmRunner, nodeTest, makeTest],
  ];
  return rules.flatMap((rule) => rule(listing) ?? []);
}

type Rule = (listing: ProjectListing) => ProjectTestCommand | null;

function npmTest({ files, texts }: ProjectListing): ProjectTestCommand | null {
  const script = testScript(texts.get('package.json'));
  if (script === null) return null;
  const lockFiles = { 'pnpm-lock.yaml': 'pnpm', 'yarn.lock': 'yarn', 'bun.lock': 'bun' } as const;
  const found = Object.entries(lockFiles).find(([name]) => files.includes(name))?.[1] ?? 'npm';
  // `bun test` would be its own runner.
  const command: [string, ...string[]] = found === 'bun' ? ['bun', 'run', 'test'] : [found, 'test'];
  return { command, language: 'javascript', basis: `the test script of package.json: ${script.slice(0, 120)}` };
}

/** The script, unless it is the one that `npm init` writes. */
function testScript(manifest: string | undefined): string | null {
  try {
    const parsed = JSON.parse(manifest ?? 'null') as { scripts?: { test?: unknown } } | null;
    const script = parsed?.scripts?.test;
    if (typeof script !== 'string' || script.trim() === '' || /no test specified/i.test(script)) return null;
    return script.trim();
  } catch (error) {
    // A manifest that cannot be read says nothing.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const pytestSections: Readonly<Record<string, RegExp>> = {
  'pyproject.toml': /^\s*\[tool\.pytest/m,
  'setup.cfg': /^\s*\[tool:pytest\]/m,
  'tox.ini': /^\s*\[pytest\]/m,
};

function pytest({ files, texts }: ProjectListing): ProjectTestCommand | null {
  const from = (basis: string): ProjectTestCommand => ({
    command: ['python3', '-m', 'pytest'],
    language: 'python',
    basis,
  });
  if (files.includes('pytest.ini')) return from('pytest.ini');
  for (const [name, section] of Object.entries(pytestSections)) {
    if (section.test(texts.get(name) ?? '')) return from(`the settings of pytest in ${name}`);
  }
  const fixtures = files.find((file) => path.posix.basename(file) === 'conftest.py');
  if (fixtures !== undefined) return from(fixtures);
  if (!files.some((file) => pythonTest.test(file))) return null;
  const user = [...texts].find(([name, text]) => pythonTest.test(name) && /^\s*(import|from)\s+pytest\b/m.test(text));
  if (user !== undefined) return from(`${user[0]}, which imports pytest`);
  const lists = ['requirements.txt', 'requirements-dev.txt', 'pyproject.toml'];
  const list = lists.find((name) => /^[\s"']*pytest\b/m.test(texts.get(name) ?? ''));
  return list === undefined ? null : from(`${list}, which asks for pytest`);
}

function unittest({ files }: ProjectListing): ProjectTestCommand | null {
  const found = files.find((file) => pythonTest.test(file));
  if (found === undefined) return null;
  const folder = path.posix.dirname(found);
  // A folder that is no package is not looked into from above.
  const isPackage = folder === '.' || files.includes(`${folder}/__init__.py`);
  const command: [string, ...string[]] = ['python3', '-m', 'unittest'];
  return {
    command: isPackage ? command : [...command, 'discover', '-s', folder],
    language: 'python',
    basis: `the test file ${found}`,
  };
}

function goTest({ texts }: ProjectListing): ProjectTestCommand | null {
  return texts.has('go.mod') ? { command: ['go', 'test', './...'], language: 'go', basis: 'go.mod' } : null;
}

function cargoTest({ texts }: ProjectListing): ProjectTestCommand | null {
  return texts.has('Cargo.toml') ? { command: ['cargo', 'test'], language: 'rust', basis: 'Cargo.toml' } : null;
}

function mavenTest({ files }: ProjectListing): ProjectTestCommand | null {
  if (!files.includes('pom.xml')) return null;
  return { command: ['mvn', '-B', '-o', 'test'], language: 'java', basis: 'pom.xml' };
}

function rspec({ files }: ProjectListing): ProjectTestCommand | null {
  const found = files.find((file) => file === '.rspec' || /(^|\/)\w+_spec\.rb$/.test(file));
  return found === undefined ? null : { command: ['rspec'], language: 'ruby', basis: found };
}

function rakeTest({ texts }: ProjectListing): ProjectTestCommand | null {
  if (!/TestTask|task\s*\(?:test\b/.test(texts.get('Rakefile') ?? '')) return null;
  return { command: ['rake', 'test'], language: 'ruby', basis: 'the task test of Rakefile' };
}

function phpunit({ files }: ProjectListing): ProjectTestCommand | null {
  const found = files.find((file) => /^phpunit\.xml(\.dist)?$/.test(file));
  return found === undefined ? null : { command: ['phpunit'], language: 'php', basis: found };
}

function dotnetTest({ files }: ProjectListing): ProjectTestCommand | null {
  const found = files.find((file) => /\.(sln|csproj)$/.test(file));
  return found === undefined ? null : { command: ['dotnet', 'test'], language: 'dotnet', basis: found };
}

function mixTest({ files }: ProjectListing): ProjectTestCommand | null {
  return files.includes('mix.exs') ? { command: ['mix', 'test'], language: 'elixir', basis: 'mix.exs' } : null;
}

/** A runner that package.json asks for, where it has no script that starts it. */
function npmRunner({ texts }: ProjectListing): ProjectTestCommand | null {
  const known = { vitest: ['vitest', 'run'], jest: ['jest'], mocha: ['mocha'] } as const;
  const asked = Object.entries(known).find(([name]) => packagesOf(texts.get('package.json')).includes(name));
  if (asked === undefined) return null;
  const [name, command] = asked;
  return { command: ['npx', '--no-install', ...command], language: 'javascript', basis: `${name} in package.json` };
}

function packagesOf(manifest: string | undefined): string[] {
  try {
    const parsed = JSON.parse(manifest ?? 'null') as { dependencies?: object; devDependencies?: object } | null;
    return Object.keys({ ...parsed?.dependencies, ...parsed?.devDependencies });
  } catch (error) {
    // A manifest that cannot be read says nothing.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function nodeTest({ files }: ProjectListing): ProjectTestCommand | null {
  const found = files.find((file) => javascriptTest.test(file));
  if (found === undefined) return null;
  return { command: ['node', '--test'], language: 'javascript', basis: `the test file ${found}` };
}

function makeTest({ texts }: ProjectListing): ProjectTestCommand | null {
  const name = ['GNUmakefile', 'makefile', 'Makefile'].find((one) => /^test\s*:(?!=)/m.test(texts.get(one) ?? ''));
  return name === undefined ? null : { command: ['make', 'test'], language: null, basis: `the target test of ${name}` };
}

async function listProject(root: string, mayMiss = false): Promise<ProjectListing> {
  const files = await filesIn(root, mayMiss);
  for (const folder of testFolders) {
    for (const name of await filesIn(path.join(root, folder), true)) files.push(`${folder}/${name}`);
  }
  const tests = files.filter((file) => pythonTest.test(file)).slice(0, readTests);
  const texts = new Map<string, string>();
  for (const name of [...readFiles.filter((one) => files.includes(one)), ...tests]) {
    texts.set(name, (await readFile(path.join(root, name))).subarray(0, textLimit).toString('utf8'));
  }
  return { files, texts };
}

async function filesIn(folder: string, mayMiss = false): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (mayMiss && hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}
