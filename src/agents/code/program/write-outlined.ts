import type { AgentContext, AgentResult } from '../../agent.js';
import { countSteps } from '../../step-counter.js';
import type { RunInWorkspace } from '../commands.js';
import type { Language } from '../language.js';
import { checksFor, failed, finished } from '../outcome.js';
import type { WorkspaceFiles } from '../workspace-files.js';
import type { ProgramOutline } from './outline.js';
import { programHead, programTail, withDocstring } from './scaffold.js';
import { tryCommands } from './trial.js';
import { workOut } from './work-out.js';

/**
 * Writes a program that a plan has outlined: the model is asked for one function after the other, each is held against
 * its examples, and storage and command line, which are the same for all such programs, come from a template. In the end
 * every command is tried.
 */
export async function writeOutlined(
  context: AgentContext,
  files: WorkspaceFiles,
  run: RunInWorkspace,
  language: Language,
  outline: ProgramOutline,
): Promise<AgentResult> {
  const { file, functions } = outline;
  const steps = countSteps(context, functions.length + 1);
  const before = await files.read(file);
  let code = programHead(outline);
  const templated: string[] = [];
  for (const each of functions) {
    steps.next(`writing ${each.name}`);
    const findings = context.order.findings.filter((finding) => isAbout(finding, each.name, before));
    const { code: own, problem, by } = await workOut(context, language, outline, each, findings, steps);
    context.log(own === null ? 'warn' : 'info', `${each.name}: ${problem ?? `written by the ${by}`}`);
    // Also code that nothing speaks for: its tests would only say that it does what it does.
    if (own === null || problem !== null) {
      const reason = (problem ?? 'no usable answer').replace(/\.$/, '');
      const message = `The model did not get ${each.name} right: ${reason}.`;
      return failed('NO_USABLE_CODE', message, 'Nothing was written.');
    }
    if (by === 'template') templated.push(each.name);
    code = await language.merge({ text: code }, withDocstring(own, each));
  }
  code = `${code.trimEnd()}\n\n\n${programTail(outline)}`;
  steps.next(`trying ${file}`);
  const trial = await tryCommands(files, run, outline, code);
  await files.write(file, code);
  const fault = trial.fault ?? (await language.checkSyntax(file));
  if (fault !== null)
    return failed('PROGRAM_FAILS', `${file} does not work: ${fault}`, `${file} was written, but ${fault}`);
  const own = functions.map((each) => each.name).filter((name) => !templated.includes(name));
  const framed = [...templated, ...(outline.records === null ? [] : ['storage']), 'command line'];
  const written =
    own.length === 0 ? 'none of its functions is the model’s own' : `${own.join(', ')} were written by the model`;
  const summary = `${file} was written: ${written}; ${framed.join(', ')} come from templates; ${trial.seen}.`;
  return finished(summary, checksFor([file], []));
}

/** Whether a finding is about a function: by its name, or by its line in the file as it was. A vague one is about all. */
function isAbout(finding: string, name: string, before: string | null): boolean {
  const line = Number(/^[\w./-]+:(\d+)/.exec(finding)?.[1] ?? 0);
  if (line > 0 && before !== null) {
    const upTo = before.split('\n').slice(0, line);
    const owner = upTo.reverse().find((text) => /^def \w+/.test(text));
    if (owner !== undefined) return owner.startsWith(`def ${name}(`);
  }
  const named = /\b[a-z]+(?:_[a-z]+)+\b/.exec(finding);
  return named === null || new RegExp(`\\b${name}\\b`).test(finding);
}
