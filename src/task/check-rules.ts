import { type CheckSpec, checkNames } from './definition-of-done.js';

/** Programs that run code or its tests; a program of the workspace itself goes by its path. */
const programs = new Set(
  (
    'python python3 pytest tox node npm pnpm yarn bun deno tsc go cargo rustc make cmake ctest ninja gcc g++ clang clang++ ' +
    'ruby rspec rake bundle php phpunit composer perl lua java javac mvn gradle kotlinc scala sbt dotnet swift dart flutter ' +
    'mix elixir ghc cabal stack julia Rscript zig uv poetry ruff mypy eslint biome vitest jest mocha'
  ).split(' '),
);
const pathLimit = 20;
const argumentLimit = 40;
const pathChars = 200;
const argumentChars = 500;

/**
 * Why a check that somebody proposes, in a plan, when delegating or with a result, is not taken; null when it is. It has to be
 * of the vocabulary, stay inside the workspace and run a plain program: no shell, nothing that changes the machine, reaches
 * out, or succeeds whatever was done. A review is ordered by the supervisor alone. Pure.
 */
export function checkProblem(check: CheckSpec): string | null {
  if (!checkNames.includes(check.check)) return 'there is no such check';
  if (check.check === 'review_approved') return 'reviews are ordered by Wilson';
  const paths = check.paths ?? [];
  if (paths.length > pathLimit) return `it names ${paths.length} paths, at most ${pathLimit} are allowed`;
  const outside = paths.find((path) => !isInside(path));
  if (outside !== undefined) return `${JSON.stringify(outside)} is no path inside the workspace`;
  if (check.check === 'file_exists' && paths.length === 0) return 'it names no file';
  if (check.check === 'coverage_at_least' && !isPercent(check.percent))
    return 'it needs a percent above 0 and up to 100';
  return check.check === 'command_succeeds' ? commandProblem(check.command ?? []) : null;
}

/** Whether a proposed check may be added to those that are demanded. Pure. */
export function isSafeCheck(check: CheckSpec): boolean {
  return checkProblem(check) === null;
}

/** A check as people read it: `command_succeeds bash -c "exit 1"`. */
export function checkText({ check, paths = [], command = [], percent }: CheckSpec): string {
  const words = command.map((part) => (/^[\w./:=@+,-]+$/.test(part) ? part : JSON.stringify(part)));
  const text = [check, ...words, ...paths, ...(percent === undefined ? [] : [`${percent}%`])].join(' ');
  return text.length <= argumentChars ? text : `${text.slice(0, argumentChars)}…`;
}

function commandProblem(command: readonly string[]): string | null {
  const [program, ...args] = command;
  if (program === undefined || program === '') return 'it names no command';
  if (program.includes('/')) {
    if (!isInside(program)) return `${JSON.stringify(program)} is no program inside the workspace`;
  } else if (!programs.has(program)) {
    return `${JSON.stringify(program)} is none of the programs that a check may run (such as python3, node, npm, go, make)`;
  }
  if (args.length > argumentLimit) return `it has ${args.length} arguments, at most ${argumentLimit} are allowed`;
  const bad = args.find((arg) => arg.length > argumentChars || /\p{Cc}/u.test(arg) || !isArgument(arg));
  return bad === undefined ? null : `the argument ${JSON.stringify(bad.slice(0, pathChars))} is not allowed`;
}

function isPercent(percent: number | undefined): boolean {
  return percent !== undefined && percent > 0 && percent <= 100;
}

function isInside(path: string): boolean {
  if (path.trim() === '' || path.length > pathChars || /\p{Cc}|\\/u.test(path)) return false;
  return staysInside(path);
}

/** Arguments need not be paths, but one that is, also after `--option=`, stays inside. */
function isArgument(arg: string): boolean {
  return staysInside(arg) && staysInside(arg.replace(/^-[\w-]*=/, ''));
}

function staysInside(text: string): boolean {
  if (text.startsWith('/') || text.startsWith('~') || /^[a-z]:[\\/]/i.test(text)) return false;
  return !text.split('/').includes('..');
}
