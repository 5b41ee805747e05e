import path from 'node:path';
import { WilsonError } from '../../../errors.js';
import type { CommandResult } from '../../../platform/command.js';
import type { RunInWorkspace } from '../commands.js';
import type { CodeReading, Language, TestRun } from '../language.js';
import { lastLine, parseJson, readJudgement } from '../read-judgement.js';
import { judgeProgram } from './judge-program.js';
import { mergeProgram } from './merge-program.js';
import { probeProgram } from './probe-program.js';
import { readProgram } from './read-program.js';
import { renderUnittest } from './render-unittest.js';
import { repairProgram } from './repair-program.js';
import { syntaxProgram } from './syntax-program.js';

/** Longest a single test case of a candidate may take. */
const caseTimeoutS = 2;
/** Longest that one call may take whose result is only compared. */
const observeTimeoutS = 0.5;
/** Longest that one case of a small change may take, and the search for one. */
const repairTimeoutS = 0.25;
const repairTotalS = 12;
/** Longest a whole judgement may take. */
const judgeTimeoutMs = 20_000;
/** Starts the judge's own lines; a candidate cannot write to the same stream by accident. */
const mark = '@wilson ';

/** Python 3, read and run by the interpreter that is installed; tests are unittest, run as `python3 -m unittest`. */
export function createPython(run: RunInWorkspace): Language {
  const own = async (program: string, input: unknown, timeoutMs: number): Promise<CommandResult> =>
    run(['python3', '-B', '-c', program, JSON.stringify(input)], { timeoutMs, own: true });

  return {
    id: 'python',
    name: 'Python',
    fence: 'python',
    extensions: ['.py'],
    assertionExample: (call) => `assert ${call} == ...`,
    defaultModulePath: (name) => `${snakeCase(name)}.py`,
    defaultTestPath(modulePath) {
      const { dir, name } = path.posix.parse(modulePath);
      return path.posix.join(dir, `test_${name}.py`);
    },

    async read(code, options) {
      const input = {
        code,
        names: [...options.functions, ...options.classes],
        classes: options.classes,
        lines: options.lines ?? [],
        keepMain: options.keepStatements ?? false,
      };
      const result = await own(readProgram, input, judgeTimeoutMs);
      const parsed = parseJson<CodeReading>(result.stdout);
      if (parsed !== null) return parsed;
      const error = lastLine(result.stderr) || 'it could not be read';
      return { error, clean: '', functions: [], classes: [], cases: [], outside: [], readsInput: false };
    },

    async judge(code, cases) {
      const input = { code, cases: cases.map((each) => each.steps), mark, caseTimeoutS };
      return readJudgement(await own(judgeProgram, input, judgeTimeoutMs), cases.length, mark);
    },

    async probes(code, name, calls, limit) {
      const result = await own(probeProgram, { code, name, calls, limit }, judgeTimeoutMs);
      return parseJson<string[]>(result.stdout) ?? [];
    },

    async observe(code, calls) {
      const input = { code, cases: calls, mark, caseTimeoutS: observeTimeoutS, observe: true };
      const { results } = readJudgement(await own(judgeProgram, input, judgeTimeoutMs), calls.length, mark);
      return results.map(([seen]) => (seen?.startsWith('=') ? seen.slice(1) : null));
    },

    async repairs(codes, name, cases, limit) {
      const steps = cases.map((each) => each.steps);
      const input = { codes, name, cases: steps, mark, caseTimeoutS: repairTimeoutS, totalS: repairTotalS, limit };
      const { stdout } = await own(repairProgram, input, judgeTimeoutMs);
      const records = stdout.split('\n').filter((line) => line.startsWith(mark));
      return records.flatMap((line) => parseJson<{ found: string }>(line.slice(mark.length))?.found ?? []);
    },

    async merge(base, code) {
      const input = 'path' in base ? { basePath: base.path, code } : { base: base.text, code };
      const result = await own(mergeProgram, input, judgeTimeoutMs);
      const parsed = parseJson<{ error: string | null; merged?: string }>(result.stdout);
      if (parsed?.merged !== undefined) return parsed.merged;
      const reason = parsed?.error ?? lastLine(result.stderr);
      throw new WilsonError('MERGE_REFUSED', `The new code was not put into the existing file: ${reason}.`, {
        hint: 'Mend the existing file first, or ask for a new file.',
      });
    },

    finish: (code) => code,
    renderTests: renderUnittest,

    async checkSyntax(file) {
      const result = await run(['python3', '-B', '-c', syntaxProgram, file], { own: true });
      return result.exitCode === 0 ? null : lastLine(result.stderr);
    },

    async runTests(paths) {
      const command = ['python3', '-m', 'unittest', '-v', ...paths];
      return readUnittest(await run(command, {}), command);
    },

    async runProgram(name, options) {
      const command = ['python3', '-B', name];
      return { ...(await run(command, options)), command };
    },
  };
}

/** Counts from the report that unittest prints; a run without that report ran nothing. */
export function readUnittest(result: CommandResult, command: readonly string[]): TestRun {
  const report = `${result.stdout}\n${result.stderr}`;
  const total = /^Ran (\d+) tests?\b/m.exec(report);
  const skipped = Number(/^(?:OK|FAILED) \(.*?skipped=(\d+)/m.exec(report)?.[1] ?? 0);
  const broken = /^FAILED \((.*)\)/m.exec(report)?.[1] ?? '';
  const failed = [...broken.matchAll(/(?:failures|errors|unexpected successes)=(\d+)/g)].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );
  const ran = Math.max(0, Number(total?.[1] ?? 0) - skipped);
  const complete = result.exitCode === 0 || failed > 0;
  return { ran, failed: complete ? failed : Math.max(1, failed), output: report.trim().slice(-2_000), command };
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_');
}
