import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { nullLog } from '../../src/log.js';
import { ownIdentity } from '../../src/platform/process-identity.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { databaseFileName } from '../../src/store/database.js';
import { openStoreThread, type StoreThread } from '../../src/store/store-thread.js';
import { type AttemptLimits, defaultAttemptLimits } from '../../src/supervisor/attempt-options.js';
import { ChatPriority } from '../../src/supervisor/chat-priority.js';
import type { ModelPort, Notice, VerificationPort, WorkspacePort } from '../../src/supervisor/port.js';
import { Supervisor } from '../../src/supervisor/supervisor.js';
import type { MachineMemory, SupervisorOptions } from '../../src/supervisor/supervisor-options.js';
import { type Artifact, canTransition, type Task, type TaskStatus } from '../../src/task/task.js';
import { endlessMemory, standInModel, standInModels } from './stand-in-model.js';
import { tempFolder } from './temp-folder.js';

export interface RigOptions {
  readonly stateFolder?: string;
  readonly folder?: string;
  readonly worker?: string;
  readonly maxConcurrent?: number;
  readonly maxMemoryMb?: number;
  readonly reserveMb?: number;
  readonly limits?: Partial<AttemptLimits>;
  readonly verification?: VerificationPort;
  readonly models?: Partial<ModelPort>;
  readonly memory?: MachineMemory;
  readonly warnThresholdMb?: number;
  readonly priority?: ChatPriority;
  readonly adopt?: boolean;
  readonly workspaces?: Partial<WorkspacePort>;
  readonly applyDone?: SupervisorOptions['applyDone'];
}

export interface Rig {
  readonly supervisor: Supervisor;
  readonly store: StoreThread;
  readonly sessionId: string;
  readonly stateFolder: string;
  readonly folder: string;
  readonly notices: Notice[];
  /** Models prepared and not given back. */
  heldModels(): number;
  submit(script: unknown, priority?: number): Promise<Task>;
  /** Resolves when the task is over. */
  over(taskId: string): Promise<Task>;
  /** Resolves at the first change after which `condition` holds. */
  until(condition: () => boolean): Promise<void>;
}

/** Believes every worker: what was checked is not the matter of most supervisor tests. */
export const trusting: VerificationPort = {
  verify: () =>
    Promise.resolve({
      checks: [{ check: 'files_changed', passed: true, evidence: { paths: ['a.txt'] } }],
      artifacts: [{ path: 'a.txt', kind: 'added', bytes: 1 }],
    }),
};

/** Notes every change of a task's status in the database; the answer gives those that the life of a task does not have. */
function watchTransitions(stateFolder: string): () => string[] {
  const database = new Database(join(stateFolder, databaseFileName));
  database.exec(`
    CREATE TABLE IF NOT EXISTS test_steps (task TEXT, before TEXT, after TEXT);
    CREATE TRIGGER IF NOT EXISTS test_step AFTER UPDATE OF status ON tasks WHEN old.status <> new.status
      BEGIN INSERT INTO test_steps VALUES (new.id, old.status, new.status); END;`);
  return () => {
    const steps = database
      .prepare<[], { task: string; before: TaskStatus; after: TaskStatus }>('SELECT * FROM test_steps')
      .all();
    database.close();
    return steps
      .filter(({ before, after }) => !canTransition(before, after))
      .map(({ task, before, after }) => `${task}: ${before} → ${after}`);
  };
}

function artifactsBelow(folder: string): Artifact[] {
  return readdirSync(folder).map((name) => ({ path: name, kind: 'added', bytes: statSync(join(folder, name)).size }));
}

/**
 * A real supervisor over a real SQLite file with real worker processes; models and workspaces are stand-ins. At the end
 * of the test it is shut down, and nothing that it started may be left: no process, no slot, no model.
 */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const stateFolder = options.stateFolder ?? tempFolder();
  const folder = options.folder ?? join(stateFolder, 'project');
  mkdirSync(folder, { recursive: true });
  const store = await openStoreThread(stateFolder);
  const steps = watchTransitions(stateFolder);
  const sessionId = randomBytes(8).toString('hex');
  let held = 0;
  /** As the real one does: what a subtask has written goes into its parent's workspace. */
  const merge = (taskId: string): string[] => {
    const from = join(stateFolder, 'work', taskId);
    const to = parents.get(taskId);
    if (to === undefined) return [];
    const files = artifactsBelow(from).map(({ path }) => path);
    for (const file of files) copyFileSync(join(from, file), join(stateFolder, 'work', to, file));
    return files;
  };
  const parents = new Map<string, string>();
  const notices: Notice[] = [];
  const supervisor = await Supervisor.start({
    session: {
      id: sessionId,
      kind: 'chat',
      folder,
      identity: ownIdentity(),
      limits: {
        maxConcurrent: options.maxConcurrent ?? 2,
        maxMemoryMb: options.maxMemoryMb ?? 4_096,
        warnThresholdMb: options.warnThresholdMb ?? 4_000,
      },
    },
    socket: null,
    applyDone: options.applyDone ?? null,
    store,
    clock: systemClock,
    log: nullLog,
    models: {
      ...standInModels(() => {
        held += 1;
        return standInModel('test:latest', () => {
          held -= 1;
        });
      }, options.reserveMb ?? 100),
      ...options.models,
    },
    workspaces: {
      prepare: (task) => {
        const root = join(stateFolder, 'work', task.id);
        if (task.parentId !== null) parents.set(task.id, task.parentId);
        mkdirSync(root, { recursive: true });
        return Promise.resolve({
          taskId: task.id,
          kind: 'snapshot',
          root,
          folder,
          metaDir: root,
          branch: null,
          baseCommit: null,
        });
      },
      patch: (taskId) =>
        Promise.resolve({ patch: `changes of ${taskId}`, files: artifactsBelow(join(stateFolder, 'work', taskId)) }),
      merge: (workspace) => Promise.resolve(merge(workspace.taskId)),
      discard: () => Promise.resolve(),
      ...options.workspaces,
    },
    verification: options.verification ?? trusting,
    priority: options.priority ?? new ChatPriority({ clock: systemClock }),
    workerEntry: new URL(`../fixtures/workers/${options.worker ?? 'scripted-worker.mjs'}`, import.meta.url),
    workerEnv: { PATH: process.env.PATH },
    limits: { ...defaultAttemptLimits, sampleEveryMs: 100, ...options.limits },
    sandboxed: true,
    memory: options.memory ?? endlessMemory,
    adopt: options.adopt ?? true,
    pollMs: 50,
  });
  supervisor.onNotice((notice) => {
    notices.push(notice);
    notice.shown?.();
  });
  onTestFinished(async () => {
    await supervisor.shutdown();
    expect(ownedProcesses(`${sessionId}:`)).toEqual([]);
    expect(held).toBe(0);
    expect((await store.workers.list()).filter((slot) => slot.sessionId === sessionId)).toEqual([]);
    await store.close();
    expect(steps()).toEqual([]);
  });
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      if (condition()) return resolve();
      const check = (): void => {
        if (!condition()) return;
        stopNotices();
        stopChanges();
        resolve();
      };
      const stopNotices = supervisor.onNotice(check);
      const stopChanges = supervisor.onChange(check);
    });
  return {
    supervisor,
    store,
    sessionId,
    stateFolder,
    folder,
    notices,
    heldModels: () => held,
    submit: (script, priority = 0) =>
      supervisor.submit({ title: 'scripted', description: JSON.stringify(script), type: 'code', folder, priority }),
    until,
    over: async (taskId) => {
      const ends = ['done', 'failed', 'cancelled'];
      await until(() => notices.some((notice) => notice.taskId === taskId && ends.includes(notice.kind)));
      const task = await store.tasks.get(taskId);
      if (task === null) throw new Error(`${taskId} is gone`);
      return task;
    },
  };
}
