import { WilsonError } from '../../errors.js';
import type { ChatMessage } from '../../providers/provider.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { wholeText } from '../handover-text.js';
import { countSteps } from '../step-counter.js';
import { askForCode, askForJson } from './ask.js';
import type { Language, ProgramRun } from './language.js';
import { checksFor, failed, finished } from './outcome.js';
import { codePrompt, repairPrompt, systemPrompt } from './prompts.js';
import type { Subject } from './workbench.js';
import type { WorkspaceFiles } from './workspace-files.js';

const programTokens = 900;
/** Answers that are asked for before giving up. */
const attemptLimit = 4;
/** How long a program is watched. */
const watchMs = 10_000;
/** Programs that are meant to run until they are stopped. */
const endless = /\b(server|bot|daemon|game|clock|watch(er|es)?|monitor|listen|loop|until|forever|uhr|spiel)\b/i;

interface Attempt {
  readonly code: string;
  readonly verdict: Verdict;
}

/** What running a program showed. `ok` false asks for a repair; `seen` is what people are told. */
export interface Verdict {
  readonly ok: boolean;
  readonly seen: string;
  readonly stdout: string;
}

/** Writes a program that is run rather than called, and runs it in an empty folder to see that it works. */
export async function writeProgram(
  context: AgentContext,
  files: WorkspaceFiles,
  subject: Subject,
): Promise<AgentResult> {
  const { language, request } = subject;
  const steps = countSteps(context, 4);
  steps.next('choosing a file name');
  const path = subject.modulePath ?? (await nameProgram(context, subject));
  const attempts: Attempt[] = [];
  const prompt = codePrompt({ ...subject, modulePath: path, background: wholeText(context) });
  let messages: readonly ChatMessage[] = prompt;
  steps.next(`writing ${path}`);
  let problem = 'the answer holds no code';
  for (let turn = 0; turn < attemptLimit; turn += 1) {
    if (turn > 0) steps.say(`mending ${path}: ${problem.slice(0, 80)}`);
    const { code, cut } = await askForCode(context, messages, { temperature: turn * 0.25, maxTokens: programTokens });
    const reading = await language.read(code, { functions: [], classes: [], keepStatements: true });
    if (cut || reading.error !== null || reading.clean.trim() === '') {
      problem = cut ? 'the program is too long' : (reading.error ?? 'the answer holds no code');
      context.log('warn', `draft ${turn + 1}: ${problem}`);
      messages = prompt;
      continue;
    }
    const whole =
      subject.existing === null ? reading.clean : await language.merge({ text: subject.existing }, reading.clean);
    const verdict = await tryProgram(files, language, path, whole, reading.outside, request.wish);
    context.log(verdict.ok ? 'info' : 'warn', `draft ${turn + 1}: ${verdict.seen}`);
    attempts.push({ code: whole, verdict });
    if (verdict.ok) break;
    problem = verdict.seen;
    messages = repairPrompt(prompt, language, reading.clean, [verdict.seen]);
  }
  const best = attempts.find((each) => each.verdict.ok) ?? attempts.at(-1);
  if (best === undefined)
    return failed('NO_USABLE_CODE', `The model gave no usable program: ${problem}.`, 'Nothing was written.');
  await files.write(path, best.code);
  steps.next(`checking ${path}`);
  const fault = await language.checkSyntax(path);
  if (fault !== null) return failed('NO_USABLE_CODE', `${path} does not parse: ${fault}`, `${path} was written.`);
  if (!best.verdict.ok) {
    return failed(
      'PROGRAM_FAILS',
      `${path} does not run: ${best.verdict.seen}`,
      `${path} was written, but it fails: ${best.verdict.seen}`,
    );
  }
  const unasked = request.wantsTests ? ' It has no function that tests could call, so there are none.' : '';
  const summary = `${path} was written; ${best.verdict.seen}.${unasked}`;
  if (request.wantsTests) return failed('TESTS_FAILED', `There are no tests.${unasked}`, summary);
  return finished(summary, checksFor([path], []));
}

/** Runs the program in a folder of its own, so that it meets none of the user's files, and leaves nothing of it. */
async function tryProgram(
  files: WorkspaceFiles,
  language: Language,
  path: string,
  code: string,
  outside: readonly string[],
  wish: string,
): Promise<Verdict> {
  const folder = '.wilson-trial';
  const name = path.split('/').at(-1) ?? path;
  const placeholder = /["'`](?:[A-Za-z]:)?[\\/]*path[\\/]to[\\/][^"'`]*/.exec(code)?.[0].slice(1);
  if (placeholder !== undefined) {
    return {
      ok: false,
      seen: `it holds the placeholder ${placeholder}; take the current folder or an argument`,
      stdout: '',
    };
  }
  try {
    await files.write(`${folder}/${name}`, code);
    const run = await language.runProgram(name, { cwd: await files.absolute(folder), timeoutMs: watchMs });
    return judgeRun(run, outside, wish);
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code !== 'COMMAND_REFUSED') throw error;
    return { ok: true, seen: 'it was not run, since nothing isolates commands on this machine', stdout: '' };
  } finally {
    await files.remove(folder);
  }
}

/** Reads a run: a program that asks for input, arguments or a missing package did not fail for its own fault. Pure. */
export function judgeRun(run: ProgramRun, outside: readonly string[], wish: string): Verdict {
  const { stdout, stderr } = run;
  const last = stderr.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  if (run.timedOut) {
    const ok = endless.test(wish);
    const seen = ok
      ? 'it ran until it was stopped, as such a program does'
      : `it did not end within ${watchMs / 1000} s`;
    return { ok, seen, stdout };
  }
  if (run.exitCode === 0) {
    const lines = stdout.trim().split('\n');
    const wantsOutput = /\b(prints?|outputs?|shows?|displays?|ausgibt|ausgeben)\b/i.test(wish);
    if (stdout.trim() === '' && wantsOutput) {
      return { ok: false, seen: 'it printed nothing: the end of the program must call what does the work', stdout };
    }
    const shown =
      stdout.trim() === '' ? 'printed nothing' : `printed ${lines.length} lines, the first: ${lines[0]?.slice(0, 80)}`;
    return { ok: true, seen: `it ran in an empty folder, exited with 0 and ${shown}`, stdout };
  }
  if (/EOFError|EOF when reading/.test(stderr))
    return { ok: true, seen: 'it started and waits for input, which it got none of', stdout };
  const missing = /No module named '([\w.]+)'|Cannot find module '([^']+)'/.exec(stderr);
  const module = (missing?.[1] ?? missing?.[2])?.split('.')[0];
  if (module !== undefined && outside.includes(module)) {
    return {
      ok: false,
      seen: `it needs the package ${module}, which is not installed; use the standard library only`,
      stdout,
    };
  }
  if (run.exitCode !== null && /^usage:/im.test(stderr + stdout) && !/Traceback/.test(stderr)) {
    return { ok: true, seen: 'it started and asks for its arguments', stdout };
  }
  return { ok: false, seen: last === '' ? `it exited with ${run.exitCode ?? run.signal}` : last, stdout };
}

async function nameProgram(context: AgentContext, { language, request }: Subject): Promise<string> {
  const schema = {
    type: 'object',
    properties: { file: { type: 'string', maxLength: 30 } },
    required: ['file'],
    additionalProperties: false,
  };
  const content = `Give a short file name in snake_case, with its ending, for this ${language.name} program: ${request.wish.slice(0, 300)}`;
  const answer = await askForJson<{ file?: unknown }>(
    context,
    [systemPrompt(language), { role: 'user', content }],
    schema,
    40,
  );
  const named = typeof answer?.file === 'string' ? answer.file.toLowerCase().replace(/\.\w+$/, '') : '';
  const plain = named
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 30);
  return language.defaultModulePath(/^[a-z]/.test(plain) ? plain : 'main');
}
