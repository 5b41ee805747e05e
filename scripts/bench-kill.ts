/**
 * `npm run bench:kill`: from the command `wilson kill` (the built program, its start included) to "process gone and its
 * memory back", for a busy worker that holds 200 MB.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isAlive, processIdentity } from '../src/platform/process-identity.js';
import { treeMemory } from '../src/platform/process-memory.js';
import { figuresLine, figuresOf, goal } from './bench-figures.js';
import { startBenchParent, working } from './bench-parent.js';

const rounds = 30;
const giveUpMs = 3_000;
const main = new URL('../dist/src/main.js', import.meta.url);
if (!existsSync(main)) throw new Error('Build first: npm run build');
const worker = new URL('../test/fixtures/workers/scripted-worker.mjs', import.meta.url);

const parent = await startBenchParent(worker, 1);
try {
  const goneMs: number[] = [];
  const commandMs: number[] = [];
  let unseen = 0;
  let heldMb = 0;
  let backMb = 0;
  for (let round = -2; round < rounds; round += 1) {
    const task = await parent.supervisor.submit({
      title: 'bench',
      description: JSON.stringify({ allocateMb: 200, busy: true }),
      type: 'code',
      folder: parent.folder,
    });
    const pid = await working(parent.supervisor, task.id);
    const identity = processIdentity(pid);
    if (identity === null) throw new Error('the worker is gone before its time');
    await until(async () => ((await treeMemory(pid))?.bytes ?? 0) > 200 * 1_048_576);
    const heldBefore = availableMb();
    const started = performance.now();
    const command = spawn(process.execPath, [fileURLToPath(main), 'kill', task.id], {
      env: { ...process.env, WILSON_HOME: parent.stateFolder },
      stdio: 'ignore',
    });
    const exited = once(command, 'exit');
    await until(() => Promise.resolve(!isAlive(identity)));
    // Half of what it held must show in the memory of the machine; other programs move that figure as well.
    const back = await untilOr(giveUpMs, () => availableMb() - heldBefore > 100);
    const gone = performance.now() - started;
    if (!back) unseen += 1;
    await exited;
    if (round < 0) continue;
    goneMs.push(gone);
    commandMs.push(performance.now() - started);
    heldMb = heldBefore;
    backMb = availableMb();
  }
  const gone = figuresOf(goneMs);
  console.log(figuresLine('command to gone and memory back', gone));
  console.log(figuresLine('command to its own exit', figuresOf(commandMs)));
  console.log(`last round: available memory ${heldMb} MB while it ran, ${backMb} MB after`);
  if (unseen > 0)
    console.log(`memory not seen to come back within ${giveUpMs} ms: ${unseen} of ${rounds} (other programs took it)`);
  goal('p95 of command to gone', gone.p95Ms, 500, 'ms');
} finally {
  await parent.close();
}

function availableMb(): number {
  return Math.round(Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0) / 1_024);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function untilOr(limitMs: number, condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
}
