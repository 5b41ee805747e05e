import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import type { CommandRunner } from '../platform/command.js';
import { javascriptSyntaxCheck } from './javascript-runner.js';
import { pythonSyntaxCheck } from './python-runner.js';

export interface SyntaxRequest {
  readonly root: string;
  readonly commands: CommandRunner;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface SyntaxReport {
  /** By path, the reason why it does not parse. */
  readonly broken: ReadonlyMap<string, string>;
  /** By path, why a file could not be looked at. */
  readonly unchecked: ReadonlyMap<string, string>;
  /** The commands that were run, as people would write them. */
  readonly commands: readonly string[];
}

/** Files that one command line takes. */
const batch = 200;
/** A data file bigger than this is not parsed. */
const dataLimitBytes = 20 * 1024 * 1024;
const outputLimitBytes = 256 * 1024;

/** What is wrong with files, and why others were left alone; of what is in neither, all is well. */
interface Looked {
  readonly broken: ReadonlyMap<string, string>;
  readonly unchecked?: ReadonlyMap<string, string>;
}

type Checker = (files: readonly string[], request: SyntaxRequest) => Promise<Looked>;

interface Language {
  readonly endings: readonly string[];
  readonly command: string | null;
  readonly check: Checker;
}

const languages: readonly Language[] = [
  {
    endings: ['.py', '.pyi'],
    command: 'python3 -m py_compile',
    check: byScript(['python3', '-B', '-c', pythonSyntaxCheck]),
  },
  {
    endings: ['.js', '.mjs', '.cjs'],
    command: 'node --check',
    check: byScript(['node', '--experimental-vm-modules', '--no-warnings', '-e', javascriptSyntaxCheck, '--']),
  },
  { endings: ['.go'], command: 'gofmt -e', check: checkOneByOne(['gofmt', '-e', '-l']) },
  { endings: ['.sh', '.bash'], command: 'bash -n', check: checkOneByOne(['bash', '-n']) },
  { endings: ['.json'], command: null, check: checkData(parseJson) },
  { endings: ['.yaml', '.yml'], command: null, check: checkData(parseYaml) },
];

/** Checks the syntax of files of a workspace, each with its language's own parser. Nothing of them is executed. */
export async function checkSyntax(files: readonly string[], request: SyntaxRequest): Promise<SyntaxReport> {
  const broken = new Map<string, string>();
  const commands: string[] = [];
  const unchecked = new Map<string, string>();
  const known = new Set<string>();
  for (const language of languages) {
    const own = files.filter((file) => language.endings.includes(path.posix.extname(file).toLowerCase()));
    if (own.length === 0) continue;
    try {
      for (let from = 0; from < own.length; from += batch) {
        const found = await language.check(own.slice(from, from + batch), request);
        for (const [file, reason] of found.broken) broken.set(file, reason);
        for (const [file, reason] of found.unchecked ?? []) unchecked.set(file, reason);
      }
    } catch (error) {
      // The language is not installed here: its files stay unchecked, and that is said.
      if (error instanceof WilsonError && error.code === 'COMMAND_NOT_FOUND') continue;
      throw error;
    }
    for (const file of own) known.add(file);
    if (language.command !== null) commands.push(`${language.command} ${own.join(' ')}`);
  }
  for (const [file, reason] of withoutChecker(files.filter((name) => !known.has(name)))) unchecked.set(file, reason);
  return { broken, unchecked, commands };
}

/** The same reason for all of them, so that it is told once. */
function withoutChecker(files: readonly string[]): Map<string, string> {
  const kinds = [...new Set(files.map((file) => path.posix.extname(file) || path.posix.basename(file)))];
  const reason = `There is no syntax checker here for ${kinds.join(', ')}`;
  return new Map(files.map((file) => [file, reason]));
}

/** For a script of ours that gets the files as arguments and prints the broken ones as JSON. */
function byScript(argv: readonly [string, ...string[]]): Checker {
  return async (files, request) => {
    const result = await request.commands.run({
      // With a leading ./ no file name can be taken for an option.
      argv: [...argv, ...files.map((file) => `./${file}`)],
      ...commonOf(request),
      own: true,
    });
    const line = result.stdout.trim().split('\n').at(-1) ?? '';
    if (result.exitCode !== 0 || !line.startsWith('{')) {
      const reason = result.timedOut ? 'The syntax check did not end' : result.stderr.trim().slice(-500);
      return { broken: new Map(files.map((file) => [file, reason])) };
    }
    const broken = JSON.parse(line) as Record<string, string>;
    return { broken: new Map(Object.entries(broken).map(([file, reason]) => [file.replace(/^\.\//, ''), reason])) };
  };
}

function checkOneByOne(argv: readonly [string, ...string[]]): Checker {
  return async (files, request) => {
    const broken = new Map<string, string>();
    for (const file of files) {
      const result = await request.commands.run({ argv: [...argv, `./${file}`], ...commonOf(request), own: true });
      if (result.exitCode !== 0) broken.set(file, result.stderr.trim().slice(-500) || 'It does not parse');
    }
    return { broken };
  };
}

function commonOf(request: SyntaxRequest) {
  return {
    cwd: request.root,
    workspaceRoot: request.root,
    timeoutMs: request.timeoutMs,
    outputLimitBytes,
    signal: request.signal,
  };
}

/** A reason against a file, or why it was left alone; null where all is well. */
type DataFault = { readonly broken: string } | { readonly unchecked: string } | null;
type DataParser = (text: string, file: string) => Promise<DataFault>;

function checkData(parse: DataParser): Checker {
  return async (files, request) => {
    const broken = new Map<string, string>();
    const unchecked = new Map<string, string>();
    for (const file of files) {
      const fault = await parseFile(path.join(request.root, file), file, parse);
      if (fault === null) continue;
      if ('broken' in fault) broken.set(file, fault.broken);
      else unchecked.set(file, fault.unchecked);
    }
    return { broken, unchecked };
  };
}

async function parseFile(absolute: string, file: string, parse: DataParser): Promise<DataFault> {
  try {
    const bytes = await readFile(absolute);
    if (bytes.length > dataLimitBytes) return { unchecked: 'Data files of more than 20 MB are not parsed' };
    return await parse(bytes.toString('utf8'), file);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EISDIR')) return { broken: 'It is not there' };
    throw error;
  }
}

async function parseJson(text: string, file: string): Promise<DataFault> {
  // These are JSON with comments by custom.
  if (/(^|\/)([tj]sconfig[^/]*|\.eslintrc|devcontainer)\.json$|(^|\/)\.vscode\//.test(file)) {
    return { unchecked: 'There is no syntax checker here for JSON with comments' };
  }
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return null;
  } catch (error) {
    return { broken: error instanceof Error ? error.message : String(error) };
  }
}

async function parseYaml(text: string): Promise<DataFault> {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text);
  const errors = Array.isArray(documents) ? documents.flatMap((document) => document.errors) : [];
  return errors[0] === undefined ? null : { broken: errors[0].message };
}
