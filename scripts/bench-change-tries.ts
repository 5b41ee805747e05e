import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createWorkspace } from '../src/workspace/create.js';
import type { Change } from './bench-code-problems.js';
import { type AgentAttempt, type Attempt, judgeResult, runAgent, type Surroundings } from './bench-code-tries.js';

const checkMs = 15_000;
const wholeTokens = 1_500;

/** The model without an agent: shown the files, asked once for the changed ones, each as one code block under its name. */
export async function tryBareChange(problem: Change, around: Surroundings): Promise<Attempt> {
  const { model } = around;
  const before = model.usage().outputTokens;
  const startedMs = performance.now();
  const shown = Object.entries(problem.files).map(([file, text]) => `${file}:\n\`\`\`\n${text.trimEnd()}\n\`\`\``);
  const content = `${shown.join('\n\n')}\n\n${problem.request}\n\nAnswer with the file that changes, whole, as one code block.`;
  const { text } = await model.complete({
    messages: [{ role: 'user', content }],
    maxTokens: wholeTokens,
    temperature: 0,
    stop: [],
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  const outputTokens = model.usage().outputTokens - before;
  const code = /```[^\n`]*\n([\s\S]*?)(?:\n```|$)/.exec(text)?.[1] ?? '';
  const meant = meantFile(problem, code);

  if (meant === null) {
    return { solved: false, fault: 'no file can be told from the answer', seconds, outputTokens };
  }
  return { ...(await check(problem, { ...problem.files, [meant]: `${code}\n` }, around)), seconds, outputTokens };
}

/** The Code Agent on the same project, and the parent's look at what it left there. */
export async function tryAgentChange(problem: Change, around: Surroundings): Promise<AgentAttempt> {
  const place = mkdtempSync(path.join(tmpdir(), 'wilson-bench-change-'));
  try {
    const folder = path.join(place, 'folder');
    write(folder, problem.files);
    const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder: path.join(place, 'state') });
    const before = around.model.usage().outputTokens;
    const startedMs = performance.now();
    const result = await runAgent(problem.request, workspace, around);
    const seconds = (performance.now() - startedMs) / 1_000;
    const outputTokens = around.model.usage().outputTokens - before;
    const { done } = await judgeResult(problem.request, workspace, result, around);
    const hidden = await runCheck(problem, workspace.root, around);
    return {
      ...hidden,
      seconds,
      outputTokens,
      done,
      said: `${result.outcome}: ${result.error?.message ?? result.summary}`,
    };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** The file that shares most of its lines with an answer. */
function meantFile({ files }: Change, code: string): string | null {
  const lines = new Set(
    code
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.length > 3),
  );
  const shared = Object.entries(files).map(([file, text]) => ({
    file,
    count: text.split('\n').filter((line) => lines.has(line.trim())).length,
  }));
  const best = shared.sort((a, b) => b.count - a.count)[0];
  return best === undefined || best.count === 0 ? null : best.file;
}

async function check(problem: Change, files: Readonly<Record<string, string>>, around: Surroundings) {
  const folder = mkdtempSync(path.join(tmpdir(), 'wilson-bench-change-'));
  try {
    write(folder, files);
    return await runCheck(problem, folder, around);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runCheck(
  { check: program, lang }: Change,
  folder: string,
  { commands }: Surroundings,
): Promise<{ solved: boolean; fault: string }> {
  const name = `hidden_check.${lang === 'python' ? 'py' : lang === 'js' ? 'cjs' : 'mjs'}`;
  // Only a run that got past the last line counts: code can end a program with any exit code.
  const mark = `passed ${Math.random().toString(36).slice(2)}`;
  const last = lang === 'python' ? `print(${JSON.stringify(mark)})` : `console.log(${JSON.stringify(mark)});`;
  writeFileSync(path.join(folder, name), `${program}\n${last}\n`);
  const result = await commands.run({
    argv: lang === 'python' ? ['python3', '-B', name] : ['node', name],
    cwd: folder,
    workspaceRoot: folder,
    timeoutMs: checkMs,
    outputLimitBytes: 64 * 1024,
    signal: new AbortController().signal,
    own: true,
  });
  const solved = result.exitCode === 0 && result.stdout.includes(mark);
  const said = /^\w*(?:Error|Exception)\b.*$/m.exec(result.stderr)?.[0] ?? result.stderr.trim().split('\n').at(-1);
  return { solved, fault: solved ? '' : (result.timedOut ? 'took too long' : said || 'it ended early').slice(0, 200) };
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
}
