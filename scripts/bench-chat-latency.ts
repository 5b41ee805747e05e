/**
 * `npm run bench:chat-latency`: how long the chat takes to its first token and for a whole short answer, alone and while
 * workers load their model, read a long prompt, write, and unload: with chat priority and without it, turn by turn.
 *
 *   --setup embedded|shared|two   one of the three: everything embedded; one model on a server for the chat and the
 *                                 workers; two models on one server. All three without it
 *   --priority-only, --no-priority   one of the two sides
 *   --quick                       one round of each (90 s where nothing else runs), without the speed of a worker;
 *                                 --minutes N, instead of six, for surer figures
 *   --workers N                   workers at once (1)
 *   --host URL                    an Ollama that has both models, instead of the server in scripts/bench-model-server.ts
 *   --server-slots N              conversations that our own server keeps in memory (8); with 1 a worker's pushes out the chat's
 *   --dist DIR                    another build than dist/
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chatBesideWorkers, type Kind, nextQuestion } from './bench-chat-latency-load.js';
import { type Mode, modes, Report, type Setup, setups } from './bench-chat-latency-report.js';
import { speedContextTokens, workInSilence } from './bench-chat-latency-speed.js';
import { NoiseProbe } from './bench-noise.js';
import { builtProgram, Wilson } from './bench-wilson.js';

const { values } = parseArgs({
  options: {
    setup: { type: 'string' },
    'priority-only': { type: 'boolean', default: false },
    'no-priority': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    workers: { type: 'string', default: '1' },
    host: { type: 'string' },
    'server-slots': { type: 'string', default: '8' },
    dist: { type: 'string' },
  },
});
const dist = builtProgram(values.dist);
const chosenSetups = setups.filter((setup) => values.setup === undefined || setup === values.setup);
if (chosenSetups.length === 0) throw new Error(`--setup is one of ${setups.join(', ')}`);
const chosenModes = modes.filter((mode) => (mode === 'on' ? !values['no-priority'] : !values['priority-only']));
const minutes = values.minutes === undefined ? (values.quick ? 1.5 : 6) : Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes is a number of minutes');
const workers = Number(values.workers);
if (!Number.isInteger(workers) || workers < 1) throw new Error('--workers is a whole number');
const answerTokens = 20;
const turnLimitMs = values.quick ? 8_000 : 30_000;
const contextTokens = 4_096;
/** The measurement of a worker's speed, and the share of the time that the start of two programs takes, come on top. */
const speedShare = values.quick ? 0 : 0.22;
const budgetMs = (minutes * 60_000 * (1 - speedShare)) / chosenSetups.length;
const chatModel = 'qwen2.5-coder:0.5b';
const smallModel = 'smollm2:135m';

const hasPriority = existsSync(join(dist, 'src/supervisor/chat-priority.js'));
if (!hasPriority) console.log('This build knows no chat priority: both sides measure the same.');
const report = new Report(chosenModes);
const noise = new NoiseProbe();
const root = mkdtempSync(join(tmpdir(), 'wilson-bench-'));
console.log(`load of the machine before: ${loadavg()[0]?.toFixed(2)}`);
try {
  for (const setup of chosenSetups) await measureLatency(setup);
  if (chosenSetups.includes('embedded')) await measureSpeed();
} finally {
  rmSync(root, { recursive: true, force: true });
}
report.print({ goals: hasPriority && chosenModes.includes('on') });
console.log(noise.text());
console.log(`load of the machine after: ${loadavg()[0]?.toFixed(2)}`);

async function measureLatency(setup: Setup): Promise<void> {
  const endMs = performance.now() + budgetMs;
  const server = setup === 'embedded' ? null : await startServer();
  const pairs: { mode: Mode; wilson: Wilson }[] = [];
  try {
    for (const mode of chosenModes) {
      pairs.push({ mode, wilson: await startWilson(`${setup}-${mode}`, mode, configOf(setup, server?.url ?? '')) });
    }
    // The opening of the conversation is read once in a session.
    for (const { wilson } of pairs) {
      await wilson.ask('turn', { question: nextQuestion(), maxTokens: answerTokens, limitMs: 60_000 });
    }
    for (let round = 0; round < 1 || performance.now() < endMs; round += 1) {
      const kind: Kind = round % 2 === 0 ? 'generate' : 'prompt';
      for (const { mode, wilson } of pairs) {
        // The side without priority takes several times as long, and needs less to show itself.
        if (mode === 'off' && pairs.length > 1 && round % 4 > 1) continue;
        if (round > 0 && performance.now() > endMs) break;
        noise.sample();
        report.beginRound(setup, mode);
        const record = report.record.bind(report);
        await chatBesideWorkers(wilson, kind, { workers, answerTokens, turnLimitMs, record });
      }
    }
    for (const { mode, wilson } of pairs) report.remark(setup, mode, wilson.remarks);
    if (server?.counts !== undefined) report.remark(setup, 'on', [`server: ${await server.counts()}`]);
  } finally {
    await Promise.all(pairs.map(({ wilson }) => wilson.close()));
    await server?.close();
  }
}

/** What priority costs a worker that nobody disturbs: the same kind of tasks, turn by turn. */
async function measureSpeed(): Promise<void> {
  if (chosenModes.length < 2 || speedShare === 0) return;
  const endMs = performance.now() + minutes * 60_000 * speedShare;
  const pairs: { mode: Mode; wilson: Wilson }[] = [];
  try {
    const config = configOf('embedded', '', speedContextTokens);
    for (const mode of chosenModes) pairs.push({ mode, wilson: await startWilson(`speed-${mode}`, mode, config) });
    for (let round = 0; round < 2 || performance.now() < endMs; round += 1) {
      const kind: Kind = round % 2 === 0 ? 'generate' : 'prompt';
      for (const { mode, wilson } of round % 4 > 1 ? pairs.toReversed() : pairs) {
        const work = await workInSilence(wilson, kind);
        if (work !== null) report.worked(mode, kind, work);
      }
    }
  } finally {
    await Promise.all(pairs.map(({ wilson }) => wilson.close()));
  }
}

async function startWilson(name: string, mode: Mode, config: string): Promise<Wilson> {
  const home = join(root, name);
  mkdirSync(home);
  return Wilson.start({ dist, home, config, env: mode === 'off' ? { WILSON_CHAT_PRIORITY: 'off' } : {} });
}

function configOf(setup: Setup, url: string, numCtx = contextTokens): string {
  const place = setup === 'embedded' ? 'provider: llamacpp' : `provider: ollama\n    host: ${url}`;
  const purpose = (name: string, model: string): string =>
    `  ${name}:\n    ${place}\n    model: ${model}\n    num_ctx: ${numCtx}\n`;
  const worker = setup === 'two' ? smallModel : chatModel;
  return `llms:\n${purpose('chat', chatModel)}${purpose('code', worker)}${purpose('analysis', worker)}  fallback: forbid\nworkers:\n  max_concurrent: ${workers}\n`;
}

/** A server of our own for as long as one set-up is measured, or the one that was named. */
async function startServer(): Promise<{ url: string; counts?: () => Promise<string>; close(): Promise<void> }> {
  if (values.host !== undefined) return { url: values.host, close: () => Promise.resolve() };
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  const env = { PATH, HOME, ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }) };
  const child: ChildProcess = fork(
    new URL('bench-model-server-main.ts', import.meta.url),
    [dist, values['server-slots']],
    {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const exited = once(child, 'exit');
  const [first] = (await Promise.race([once(child, 'message'), exited])) as unknown[];
  if (typeof first !== 'string') throw new Error('The model server did not start.');
  return {
    url: first,
    counts: async () => (await fetch(`${first}/bench`)).text(),
    close: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
