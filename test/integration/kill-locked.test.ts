import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { kill } from '../../src/cli/kill.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { databaseFileName } from '../../src/store/database.js';
import type { Task } from '../../src/task/task.js';
import { capturedIo } from '../helpers/captured-io.js';
import { type Rig, startRig } from '../helpers/supervisor-rig.js';
import { eventually } from '../helpers/wilson-cli.js';

/*
 * A process that is stopped in the middle of a write, by SIGSTOP or Ctrl-Z, keeps the lock of the database for as long as it
 * stands still. What is killed meanwhile ends all the same.
 */

const plain = { all: false, json: false };
const works = { child: 'setsid', progress: 'at it', never: true };

/** Holds the lock as a process does that was stopped while it wrote; returns the way to let go. */
function lock({ stateFolder }: Rig): () => void {
  const database = new Database(join(stateFolder, databaseFileName));
  database.exec('BEGIN IMMEDIATE');
  onTestFinished(() => void database.close());
  return () => database.exec('COMMIT');
}

function working(rig: Rig, count: number): Promise<void> {
  return rig.until(
    () => rig.supervisor.active().filter(({ task }) => task.progress.message === 'at it').length === count,
  );
}

async function family(rig: Rig): Promise<Task> {
  const step = (key: string) => ({ key, title: key, type: 'code', dependsOn: [], checks: [] });
  const steps = ['one', 'two'].map((key) => ({ ...step(key), description: JSON.stringify(works) }));
  const description = JSON.stringify({ plan: { steps } });
  return rig.supervisor.submit({ title: 'planned', description, type: 'code', folder: rig.folder, planned: true });
}

const subjects = [
  ['a task', 1, (rig: Rig) => rig.submit(works)],
  ['a parent with its subtasks', 2, family],
] as const;

describe('while the database is locked', () => {
  it.each(subjects)(
    '`wilson kill` of %s ends what runs, says what waits, and writes it down',
    async (_name, count, submit) => {
      const rig = await startRig();
      const { id } = await submit(rig);
      await working(rig, count);
      expect(ownedProcesses(`${rig.sessionId}:`).length).toBeGreaterThanOrEqual(2 * count);
      const unlock = lock(rig);
      const io = capturedIo(rig.stateFolder);
      const killing = kill([id], plain, io);
      await eventually(() => ownedProcesses(`${rig.sessionId}:`).length === 0, 6_000, 'every process is gone');
      await eventually(() => io.out.stderr !== '', 6_000, 'people are told what waits');
      expect(io.out.stderr).toMatch(/^Nothing runs for TASK-001 any more, but that cannot be written down: /);
      expect(io.out.stderr.match(/Nothing runs/g)).toHaveLength(1);
      expect(io.out.stdout).toBe('');
      unlock();
      expect(await killing).toBe(0);
      expect(io.out.stdout).toContain(`${id} is cancelled.\n`);
      await rig.supervisor.whenIdle();
      const ended = [id, ...(await rig.supervisor.subtasks(id)).map((task) => task.id)];
      for (const each of ended) expect(await rig.supervisor.task(each)).toMatchObject({ status: 'cancelled' });
      expect(ownedProcesses(`${rig.sessionId}:`)).toEqual([]);
    },
  );

  it.each(subjects)('the parent itself ends %s at once, and writes it down later', async (_name, count, submit) => {
    const rig = await startRig();
    const { id } = await submit(rig);
    await working(rig, count);
    const unlock = lock(rig);
    const cancelled = rig.supervisor.cancel(id);
    await eventually(() => ownedProcesses(`${rig.sessionId}:`).length === 0, 6_000, 'every process is gone');
    unlock();
    expect((await cancelled).result).toBe('cancelled');
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'cancelled' });
  });
});
