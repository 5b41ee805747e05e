import { stripVTControlCharacters } from 'node:util';

export interface TestCounts {
  /** Executed tests; skipped ones do not count. */
  readonly ran: number;
  readonly failed: number;
}

const namesLimit = 5;

/**
 * The counts that a test runner printed at its end: unittest, pytest, node, jest, vitest, mocha, go, cargo, maven, rspec,
 * minitest, phpunit, dotnet. Of several the last one counts, since a test may print what it likes before. Null where the
 * output says none; then nothing is known but the exit code. Pure.
 */
export function readTestCounts(output: string): TestCounts | null {
  const text = stripVTControlCharacters(output);
  for (const read of readers) {
    const counts = read(text);
    if (counts !== null) return counts;
  }
  return null;
}

const readers: readonly ((text: string) => TestCounts | null)[] = [
  ...[unittest, pytest, tap, jest, vitest, mocha, cargo, go],
  ...[surefire, rspec, minitest, phpunit, dotnet],
];

function unittest(text: string): TestCounts | null {
  const total = last(text, /^Ran (\d+) tests? in\b/gm);
  if (total === null) return null;
  const tail = [...text.matchAll(/^(?:OK|FAILED)(?: \((.*)\))?$/gm)].at(-1)?.[1] ?? '';
  const count = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(tail)?.[1] ?? 0);
  return { ran: total - count('skipped'), failed: count('failures') + count('errors') + count('unexpected successes') };
}

function pytest(text: string): TestCounts | null {
  const lines =
    text.match(/^=+ .*\b(?:passed|failed|errors?|no tests ran)\b.* in [\d.]+s.*$/gm) ??
    text.match(/^\d+ (?:passed|failed).* in [\d.]+s.*$/gm);
  const line = lines?.at(-1);
  if (line === undefined) return null;
  const count = (name: string): number => Number(new RegExp(`(\\d+) ${name}`).exec(line)?.[1] ?? 0);
  const failed = count('failed') + count('error');
  return { ran: count('passed') + failed, failed };
}

/** node's own runner, in both of its forms. */
function tap(text: string): TestCounts | null {
  const count = (name: string): number | null => last(text, new RegExp(`^(?:#|ℹ) ${name} (\\d+)$`, 'gm'));
  const [tests, pass, fail] = [count('tests'), count('pass'), count('fail')];
  if (tests === null || pass === null || fail === null) return null;
  const cancelled = count('cancelled') ?? 0;
  // A file in which no test is counts there as one that passed.
  const files = (text.match(/^(?:ok \d+ - |✔ )\S+\.[cm]?[jt]sx?(?: \([\d.]+ ?ms\))?$/gm) ?? []).length;
  return { ran: Math.max(0, pass - files) + fail + cancelled, failed: fail + cancelled };
}

function jest(text: string): TestCounts | null {
  return summaryLine(text, /^Tests:\s+(.*\d+ total.*)$/gm);
}

function vitest(text: string): TestCounts | null {
  return summaryLine(text, /^\s*Tests\s+(.*\(\d+\).*)$/gm);
}

/** Counts out of the last line like `2 failed, 5 passed`. */
function summaryLine(text: string, pattern: RegExp): TestCounts | null {
  const line = [...text.matchAll(pattern)].at(-1)?.[1];
  if (line === undefined) return null;
  const count = (name: string): number => Number(new RegExp(`(\\d+) ${name}`).exec(line)?.[1] ?? 0);
  return { ran: count('passed') + count('failed'), failed: count('failed') };
}

function mocha(text: string): TestCounts | null {
  const passing = last(text, /^\s*(\d+) passing\b/gm);
  if (passing === null) return null;
  const failed = last(text, /^\s*(\d+) failing\b/gm) ?? 0;
  return { ran: passing + failed, failed };
}

function cargo(text: string): TestCounts | null {
  const runs = [...text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
  if (runs.length === 0) return null;
  const sum = (group: number): number => runs.reduce((total, match) => total + Number(match[group]), 0);
  return { ran: sum(1) + sum(2), failed: sum(2) };
}

/** Only with -v does go name each test; without, nothing is counted. */
function go(text: string): TestCounts | null {
  const passed = (text.match(/^\s*--- PASS: /gm) ?? []).length;
  const failed = (text.match(/^\s*--- FAIL: /gm) ?? []).length;
  return passed + failed === 0 ? null : { ran: passed + failed, failed };
}

function surefire(text: string): TestCounts | null {
  // The sum over all classes comes last, without a time.
  const found = [
    ...text.matchAll(/Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)(?!.*Time elapsed)/g),
  ].at(-1);
  if (found === undefined) return null;
  const [total = 0, failures = 0, errors = 0, skipped = 0] = found.slice(1).map(Number);
  return { ran: total - skipped, failed: failures + errors };
}

function rspec(text: string): TestCounts | null {
  const found = [...text.matchAll(/^(\d+) examples?, (\d+) failures?(?:, (\d+) pending)?/gm)].at(-1);
  if (found === undefined) return null;
  return { ran: Number(found[1]) - Number(found[3] ?? 0), failed: Number(found[2]) };
}

function minitest(text: string): TestCounts | null {
  const pattern = /^(\d+) (?:runs|tests), \d+ assertions, (\d+) failures, (\d+) errors(?:, (\d+) skips)?/gm;
  const found = [...text.matchAll(pattern)].at(-1);
  if (found === undefined) return null;
  return { ran: Number(found[1]) - Number(found[4] ?? 0), failed: Number(found[2]) + Number(found[3]) };
}

function phpunit(text: string): TestCounts | null {
  const passed = last(text, /^OK \((\d+) tests?, \d+ assertions?\)$/gm);
  if (passed !== null) return { ran: passed, failed: 0 };
  const line = [...text.matchAll(/^Tests: \d+, Assertions: \d+.*$/gm)].at(-1)?.[0];
  if (line === undefined) return null;
  const count = (name: string): number => Number(new RegExp(`\\b${name}: (\\d+)`).exec(line)?.[1] ?? 0);
  return { ran: count('Tests') - count('Skipped'), failed: count('Failures') + count('Errors') };
}

function dotnet(text: string): TestCounts | null {
  const runs = [...text.matchAll(/(?:Passed|Failed)!\s+-\s+Failed:\s+(\d+), Passed:\s+(\d+)/g)];
  if (runs.length === 0) return null;
  const sum = (group: number): number => runs.reduce((total, match) => total + Number(match[group]), 0);
  return { ran: sum(1) + sum(2), failed: sum(1) };
}

function last(text: string, pattern: RegExp): number | null {
  const match = [...text.matchAll(pattern)].at(-1);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/** The first few names of tests that failed, as the runner wrote them. Pure. */
export function failedNames(output: string): string[] {
  const text = stripVTControlCharacters(output);
  const patterns = [
    /^(?:FAIL|ERROR): (\S+)/gm,
    /^FAILED ([^(\s]\S*)/gm,
    /^\s*--- FAIL: (\S+)/gm,
    /^\s*not ok \d+ - (.+?)(?: #.*)?$/gm,
    /^\s*[✖✕×●] (.+?)(?: \([\d.]+ ?ms\))?$/gm,
    /^test (\S+) \.\.\. FAILED/gm,
  ];
  const names = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => (match[1] ?? '').trim()));
  return [...new Set(names)].filter((name) => name !== '' && !/^failing tests:?$/i.test(name)).slice(0, namesLimit);
}
