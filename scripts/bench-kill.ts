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
const main = new URL('../dist/src/main.js', import.meta.url);
if (!existsSync(main)) throw new Error('Build first: npm run build');
const worker = new URL('../test/fixtures/workers/scripted-worker.mjs', import.meta.url);

const parent = await startBenchParent(worker, 1);
try {
  const goneMs: number[] = [];
  const commandMs: number[] = [];
  const beforeMb = availableMb();
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
    const started = performance.now();
    const command = spawn(process.execPath, [fileURLToPath(main), 'kill', task.id], {
      env: { ...process.env, WILSON_HOME: parent.stateFolder },
      stdio: 'ignore',
    });
    const exited = once(command, 'exit');
    // The kernel takes a process's memory back before it lets the process count as gone.
    await until(async () => !isAlive(identity) && (await treeMemory(pid)) === null);
    const gone = performance.now() - started;
    await exited;
    if (round < 0) continue;
    goneMs.push(gone);
    commandMs.push(performance.now() - started);
  }
  const gone = figuresOf(goneMs);
  console.log(figuresLine('command to gone, its memory taken back', gone));
  console.log(figuresLine('command to its own exit', figuresOf(commandMs)));
  // Linux 6.7 and later keep freed pages in lists of each CPU, so that one round moves this figure late or not at all.
  console.log(`available memory: ${beforeMb} MB before, ${availableMb()} MB after ${rounds} workers of 200 MB each`);
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
