/**
 * `npm run bench:delegate`: time until a task id is back, with 10,000 tasks in the store and both workers busy, beside
 * a bare insert of the same row into a table of its own with the same durability, in the same run.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migration0001 } from '../src/store/migrations/0001-tasks.js';
import { figuresLine, figuresOf, goal } from './bench-figures.js';
import { startBenchParent, working } from './bench-parent.js';

const storedTasks = 10_000;
const rounds = 300;
const busyWorker = new URL('../test/fixtures/workers/scripted-worker.mjs', import.meta.url);

const parent = await startBenchParent(busyWorker, 2);
const bare = new Database(join(parent.stateFolder, 'bare.db'));
try {
  for (const _ of [1, 2]) {
    const task = await submit('{"busy":true}');
    await working(parent.supervisor, task);
  }
  fill();
  bare.pragma('journal_mode = WAL');
  bare.pragma('synchronous = FULL');
  bare.exec(migration0001);
  const insert = bare.prepare(
    `INSERT INTO tasks (id, title, description, type, status, priority, folder, agent, created_at)
     VALUES (?, 'bench', '{"busy":true}', 'code', 'ready', 0, ?, 'Code Agent', ?)`,
  );
  const delegateMs: number[] = [];
  const insertMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let started = performance.now();
    await submit('{"busy":true}');
    delegateMs.push(performance.now() - started);
    started = performance.now();
    insert.run(`TASK-${round}`, parent.folder, new Date().toISOString());
    insertMs.push(performance.now() - started);
  }
  const delegated = figuresOf(delegateMs);
  const inserted = figuresOf(insertMs);
  console.log(figuresLine('delegate', delegated));
  console.log(figuresLine('bare insert', inserted));
  goal('p99 of delegate', delegated.p99Ms, 100, 'ms');
  goal('p50 of delegate over p50 of a bare insert', delegated.p50Ms / inserted.p50Ms, 5, 'times');
} finally {
  bare.close();
  await parent.close();
}

async function submit(description: string): Promise<string> {
  const task = await parent.supervisor.submit({ title: 'bench', description, type: 'code', folder: parent.folder });
  return task.id;
}

/** History, written directly: tasks that are over and tasks that wait elsewhere. */
function fill(): void {
  const direct = new Database(join(parent.stateFolder, 'wilson.db'));
  const insert = direct.prepare(
    `INSERT INTO tasks (id, title, description, type, status, folder, agent, created_at)
     VALUES ('TASK-' || ((SELECT seq FROM sqlite_sequence WHERE name = 'tasks') + 1), 'old', 'old', 'code', ?, '/elsewhere',
       'Code Agent', '2026-01-01T00:00:00Z')`,
  );
  direct.transaction(() => {
    for (let i = 0; i < storedTasks; i += 1) insert.run(i % 20 === 0 ? 'ready' : 'done');
  })();
  direct.close();
}
