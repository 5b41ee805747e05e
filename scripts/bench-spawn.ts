/**
 * `npm run bench:spawn`: from the claim of a task to `ready` of its worker (the built one), beside a bare `fork` of an
 * empty script until its first message, turn by turn in the same run.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figuresLine, figuresOf, goal } from './bench-figures.js';
import { startBenchParent } from './bench-parent.js';

const rounds = 40;
const worker = new URL('../dist/workers/task-worker.js', import.meta.url);
if (!existsSync(worker)) throw new Error('Build first: npm run build');

const folder = mkdtempSync(join(tmpdir(), 'wilson-bench-'));
const empty = join(folder, 'empty.mjs');
writeFileSync(empty, "process.send('hello'); process.on('disconnect', () => process.exit());\n");

const parent = await startBenchParent(worker, 1);
try {
  const readyMs: number[] = [];
  const forkMs: number[] = [];
  for (let round = -3; round < rounds; round += 1) {
    const bare = await bareFork();
    const ready = await claimToReady();
    // The first rounds warm the caches of the disk and of both programs.
    if (round < 0) continue;
    forkMs.push(bare);
    readyMs.push(ready);
  }
  const ready = figuresOf(readyMs);
  const bare = figuresOf(forkMs);
  console.log(figuresLine('claim to ready', ready));
  console.log(figuresLine('bare fork', bare));
  goal('p50 of claim to ready over p50 of a bare fork', ready.p50Ms / bare.p50Ms, 1.5, 'times');
} finally {
  await parent.close();
  rmSync(folder, { recursive: true, force: true });
}

async function bareFork(): Promise<number> {
  const started = performance.now();
  const child = fork(empty, { stdio: 'ignore', execArgv: [], env: { PATH: process.env.PATH } });
  await once(child, 'message');
  const elapsed = performance.now() - started;
  child.disconnect();
  await once(child, 'exit');
  return elapsed;
}

async function claimToReady(): Promise<number> {
  const { supervisor } = parent;
  let claimedAt = 0;
  const ready = new Promise<number>((resolve) => {
    const stop = supervisor.onChange(() => {
      const active = supervisor.active()[0];
      if (active === undefined) return;
      if (claimedAt === 0) claimedAt = performance.now();
      if (active.phase === 'starting') return;
      stop();
      resolve(performance.now() - claimedAt);
    });
  });
  const task = await supervisor.submit({ title: 'bench', description: 'x', type: 'code', folder: parent.folder });
  const elapsed = await ready;
  await supervisor.cancel(task.id);
  return elapsed;
}
