/**
 * What the Code Agent adds to its model: problems in the form of HumanEval, or changes of small projects, each given to the
 * agent and, beside it, to the same model without an agent; both answers meet the problem's hidden test.
 *
 *   npm run bench:code -- FILE [--model GGUF] [--limit N] [--only ID,…] [--json] [--verbose] [--cache FOLDER]
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../src/clock.js';
import { createCommandRunner } from '../src/platform/run-command.js';
import type { ModelRef } from '../src/protocol/messages.js';
import { bindModel } from '../workers/bound-model.js';
import { HoldGate } from '../workers/hold-gate.js';
import { tryAgentChange, tryBareChange } from './bench-change-tries.js';
import { cachedModel } from './bench-code-cache.js';
import { BadProblems, isChange, type Problem, readProblems } from './bench-code-problems.js';
import { type Row, rowLine, totalLines, totalsOf } from './bench-code-report.js';
import { tryAgent, tryBare } from './bench-code-tries.js';

const help = `npm run bench:code -- FILE

FILE holds one problem a line: {"task_id", "prompt", "entry_point", "test"} (the form of HumanEval), or a
change of existing code: {"task_id", "request", "files": {path: text}, "check", "lang": "python"|"js"|"mjs"}.
Each is given to the Code Agent and, without an agent, to the same model; the hidden test decides.

  --model GGUF     the embedded model, by path or name (default: qwen2.5-coder:0.5b)
  --limit N        only the first N problems
  --only ID,…      only these problems; "7" means the one whose task_id is 7 or ends in /7
  --json           one JSON object instead of lines
  --verbose        what the agent logs, on stderr
  --cache FOLDER   keep the model's answers there and reuse them: quick reruns, whose seconds mean nothing
  --help           this text

Exit code: 0 when the agent loses none of the bare model's problems, 1 when it does, 2 for a bad FILE or option.
`;

const deadlineMs = 10 * 60_000;
const numCtx = 8_192;

interface Options {
  readonly problems: readonly Problem[];
  readonly model: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly cache: string | null;
}

function readOptions(): Options | 'help' {
  const { values, positionals } = parseArgs({
    options: {
      model: { type: 'string' },
      limit: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'boolean' },
      verbose: { type: 'boolean' },
      cache: { type: 'string' },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.help) return 'help';
  const [file, second] = positionals;
  if (file === undefined || second !== undefined) throw new BadProblems('Name one file with problems; see --help.');
  let problems = readProblems(file);
  if (values.only !== undefined) problems = select(problems, values.only.split(','));
  if (values.limit !== undefined) {
    if (!/^[1-9]\d*$/.test(values.limit)) throw new BadProblems(`--limit must be a positive number: ${values.limit}`);
    problems = problems.slice(0, Number(values.limit));
  }
  return {
    problems,
    model: values.model ?? 'qwen2.5-coder:0.5b',
    json: values.json ?? false,
    verbose: values.verbose ?? false,
    cache: values.cache ?? null,
  };
}

function select(problems: readonly Problem[], wanted: readonly string[]): Problem[] {
  const matches = (problem: Problem, id: string): boolean =>
    problem.task_id === id || problem.task_id.endsWith(`/${id}`);
  const unknown = wanted.find((id) => !problems.some((problem) => matches(problem, id)));
  if (unknown !== undefined) throw new BadProblems(`There is no problem ${unknown} in the file.`);
  return problems.filter((problem) => wanted.some((id) => matches(problem, id)));
}

async function measure(options: Options): Promise<void> {
  const { problems, json, verbose } = options;
  const isPath = options.model.includes('/') || options.model.endsWith('.gguf');
  const ref: ModelRef = {
    provider: 'llamacpp',
    model: options.model,
    server: null,
    apiKeyEnv: null,
    modelPath: isPath ? options.model : null,
    temperature: 0.2,
    numCtx,
    numThreads: null,
  };
  const note = (text: string): void => {
    if (verbose) process.stderr.write(`  ${text}\n`);
  };
  const bound = await bindModel(ref, {
    signal: new AbortController().signal,
    gate: new HoldGate(systemClock),
    onLoaded: () => undefined,
    onStatus: () => undefined,
    log: (level, text) => note(`${level}: ${text}`),
  });
  const model = options.cache === null ? bound : cachedModel(bound, options.cache);
  const commands = await createCommandRunner({ ownerToken: `bench-code-${process.pid}`, env: process.env });
  const rows: Row[] = [];
  for (const problem of problems) {
    note(problem.task_id);
    const around = { model, ref, commands, deadlineMs, log: note };
    // The bare model first: what it has read of the prompt is there for the agent's first question, which is the same, so
    // that both get the same answer. Read anew, in other pieces, it may round otherwise.
    const bare = isChange(problem) ? await tryBareChange(problem, around) : await tryBare(problem, around);
    const agent = isChange(problem) ? await tryAgentChange(problem, around) : await tryAgent(problem, around);
    note(agent.said);
    const row = { id: problem.task_id, bare, agent };
    rows.push(row);
    if (!json) process.stdout.write(`${rowLine(row)}\n`);
  }
  const totals = totalsOf(rows);
  const report = json ? JSON.stringify({ model: options.model, totals, problems: rows }, null, 2) : null;
  process.stdout.write(`${report ?? totalLines(totals).join('\n')}\n`);
  process.exitCode = totals.lost.length > 0 ? 1 : 0;
}

try {
  const options = readOptions();
  if (options === 'help') process.stdout.write(help);
  else await measure(options);
} catch (error) {
  const usage = error instanceof BadProblems || (error instanceof TypeError && 'code' in error);
  process.stderr.write(`bench:code: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = usage ? 2 : 3;
}
// The native library keeps the process alive.
process.exit();
