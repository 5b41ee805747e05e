/**
 * `npm run bench:memory`: a day of 200 short tasks, one after the other, beside a chat with its embedded model. RAM of
 * all that belongs to the Wilson (parent with its store thread, chat engine, guardian) at the end against the start,
 * and for each task the time from its model's last token until the memory is back: the worker's process gone and, for a
 * model on a server, the model off the server's list.
 *
 *   --tasks N      200; every fifth of them loads a real embedded model (smollm2:135m), the others use a server's double
 *   --diagnose     collects garbage before each sample, to tell what is kept from what is not collected yet
 *   --dist DIR     another build than dist/
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isAlive, processIdentity } from '../src/platform/process-identity.js';
import { descendants } from '../src/platform/process-tree.js';
import { type OllamaDouble, startOllamaDouble } from '../test/helpers/ollama-double.js';
import { figuresLine, figuresOf, goal } from './bench-figures.js';
import { NoiseProbe } from './bench-noise.js';
import { builtProgram, Wilson } from './bench-wilson.js';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '200' },
    diagnose: { type: 'boolean', default: false },
    dist: { type: 'string' },
  },
});
const tasks = Number(values.tasks);
if (!Number.isInteger(tasks) || tasks < 10) throw new Error('--tasks is a whole number of 10 or more');
if (!existsSync('/proc/self/smaps_rollup')) throw new Error('This measures PSS, which only Linux tells.');
const dist = builtProgram(values.dist);
const warmUpTasks = 10;
const turnEvery = 10;
const sampleEvery = Math.max(10, Math.round(tasks / 10));
const embeddedEvery = 5;
const growthLimit = 2;
const settleMs = 3_000;
const pollMs = 2;
const megabyte = 1_048_576;
const smallModel = 'smollm2:135m';

/**
 * Memory in MB. `pss` divides a mapped file among all processes of the machine that map it: where a stranger starts or ends
 * another Node, or another engine with the same model, it changes without us. `whole` counts mapped files in full.
 */
interface Memory {
  readonly pss: number;
  readonly own: number;
  readonly whole: number;
}

interface Sample {
  readonly parent: Memory;
  readonly engine: Memory;
  readonly all: Memory;
  readonly heapMb: number;
}

const root = mkdtempSync(join(tmpdir(), 'wilson-bench-'));
const double = await startOllamaDouble({ models: [smallModel] });
double.script({ times: 0, when: { model: smallModel }, answer: ['```sh\n', 'echo hello\n', '```\n'] });
const noise = new NoiseProbe();
const embeddedMs: number[] = [];
const processMs: number[] = [];
const serverMs: number[] = [];
let failed = 0;

const wilson = await Wilson.start({ dist, home: root, config: configOf(double.url) });
try {
  console.log(`load of the machine: ${loadavg()[0]?.toFixed(2)}`);
  for (let count = 0; count < warmUpTasks; count += 1) {
    await runTask(count);
    await chatTurn(count);
  }
  for (const list of [embeddedMs, processMs, serverMs]) list.length = 0;
  failed = 0;
  const availableBefore = availableMb();
  const before = await settled();
  print(`after a warm-up of ${warmUpTasks} tasks and ${warmUpTasks} chat turns`, before);
  for (let count = 1; count <= tasks; count += 1) {
    noise.sample();
    await runTask(count);
    if (count % turnEvery === 0) await chatTurn(count);
    if (count % sampleEvery === 0 && count < tasks) print(`after ${count} tasks`, await sample());
  }
  const after = await settled();
  print(`after ${tasks} tasks`, after);
  console.log(`available memory: ${availableBefore} MB before, ${availableMb()} MB after`);
  await wilson.ask('heap', { collect: true, snapshot: null });
  print('and with all garbage collected', await sample());
  if (failed > 0) console.log(`${failed} of ${tasks} tasks failed (a model this small writes too little at times)`);
  console.log(figuresLine('embedded: last token to worker gone', figuresOf(embeddedMs)));
  console.log(figuresLine('server: last token to worker gone', figuresOf(processMs)));
  console.log(figuresLine('server: last token to model unloaded', figuresOf(serverMs)));
  console.log(noise.text());
  const growth = (of: keyof Memory): number => 100 * (after.all[of] / before.all[of] - 1);
  console.log(
    `after ${tasks} tasks over before: own memory ${growth('own').toFixed(2)} %, PSS ${growth('pss').toFixed(2)} % (moves with strangers that map the same files)`,
  );
  goal(`RAM after ${tasks} tasks over RAM before, mapped files in full`, growth('whole'), growthLimit, '%');
  for (const remark of new Set(wilson.remarks.slice(0, 5))) console.log(`note: ${remark}`);
} finally {
  await wilson.close();
  await double.close();
  rmSync(root, { recursive: true, force: true });
}

/** One task from its request to its end, timed from its model's last token. */
async function runTask(count: number): Promise<void> {
  const embedded = count % embeddedEvery === 0;
  const lastToken = embedded ? null : answered(double);
  const taskId = await wilson.ask('submit', {
    title: `task ${count}`,
    description: embedded
      ? `Describe in ten full sentences what a harbour looks like at ${count} minutes past noon.`
      : `Write a bash script hello${count}.sh that prints hello.`,
    type: embedded ? 'analysis' : 'code',
  });
  const working = await wilson.sees(taskId, ({ pid, phase }) => pid !== null && phase === 'working');
  const identity = processIdentity(working?.task.pid ?? -1);
  if (identity === null) throw new Error(`The worker of task ${count} was gone before it was seen.`);
  let fromMs: number;
  if (embedded) {
    const written = await wilson.sees(taskId, ({ message }) => message.endsWith('is written'));
    fromMs = written?.atMs ?? Number.NaN;
  } else fromMs = (await lastToken) ?? Number.NaN;
  let goneMs = Number.NaN;
  let unloadedMs = embedded ? 0 : Number.NaN;
  while (Number.isNaN(goneMs) || Number.isNaN(unloadedMs)) {
    if (Number.isNaN(goneMs) && !isAlive(identity)) goneMs = monotonicMs();
    if (Number.isNaN(unloadedMs) && !double.isLoaded(smallModel)) unloadedMs = monotonicMs();
    await pause(pollMs);
  }
  await wilson.over(taskId);
  if ((await wilson.ask('task', { taskId }))?.status !== 'done') failed += 1;
  if (Number.isNaN(fromMs)) return;
  (embedded ? embeddedMs : processMs).push(goneMs - fromMs);
  if (!embedded) serverMs.push(unloadedMs - fromMs);
}

/** When the server has sent the last token of the next answer; loads and unloads have no messages. */
async function answered(server: OllamaDouble): Promise<number> {
  for (;;) {
    const { body, closed } = await server.nextRequest('/api/chat');
    if (!Array.isArray(body.messages) || body.messages.length === 0) continue;
    await closed;
    return monotonicMs();
  }
}

async function chatTurn(count: number): Promise<void> {
  const question = `Name something that comes in a pack of ${count + 2}.`;
  await wilson.ask('turn', { question, maxTokens: 16, limitMs: 60_000 });
}

/** After a moment in which timers and the last writes come to rest. */
async function settled(): Promise<Sample> {
  await pause(settleMs);
  return sample();
}

async function sample(): Promise<Sample> {
  const { heapUsed } = await wilson.ask('heap', { collect: values.diagnose, snapshot: null });
  const parts = await wilson.ask('parts', null);
  const parent = parts.parent[0] ?? -1;
  const pids = new Set([...parts.all, ...(await descendants(parent)).map(({ pid }) => pid)]);
  return {
    parent: sum(parts.parent),
    engine: sum(parts['chat engine']),
    all: sum(pids),
    heapMb: heapUsed / megabyte,
  };
}

function sum(pids: Iterable<number>): Memory {
  const total = { pss: 0, own: 0, whole: 0 };
  for (const pid of pids) {
    const text = readRollup(pid);
    const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1_024;
    const own = mb('Pss_Anon');
    total.pss += mb('Pss');
    total.own += own;
    total.whole += own + mb('Rss') - mb('Anonymous');
  }
  return total;
}

/** Empty when the process is gone. */
function readRollup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  } catch {
    return '';
  }
}

function print(when: string, { parent, engine, all, heapMb }: Sample): void {
  const mb = (value: number): string => value.toFixed(1);
  const one = ({ pss, own, whole }: Memory): string => `${mb(pss)} (own ${mb(own)}, with mapped files ${mb(whole)})`;
  console.log(
    `${when}, MB of PSS: all ${one(all)}; parent ${one(parent)}, its main heap ${mb(heapMb)}; chat engine ${one(engine)}`,
  );
}

function configOf(url: string): string {
  return [
    'llms:',
    '  chat: {provider: llamacpp, model: "qwen2.5-coder:0.5b", num_ctx: 4096}',
    `  analysis: {provider: llamacpp, model: "${smallModel}", num_ctx: 512}`,
    `  code: {provider: ollama, host: "${url}", model: "${smallModel}", num_ctx: 2048}`,
    '  fallback: forbid',
    '',
  ].join('\n');
}

function availableMb(): number {
  return Math.round(Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 1_024);
}

/** The clock of all processes, as the parent's own messages carry it. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
