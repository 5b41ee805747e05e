import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.js';
import { nullLog } from '../src/log.js';
import { ownIdentity } from '../src/platform/process-identity.js';
import { openStoreThread, type StoreThread } from '../src/store/store-thread.js';
import { defaultAttemptLimits } from '../src/supervisor/attempt-options.js';
import { ChatPriority } from '../src/supervisor/chat-priority.js';
import { controlPath, listenForControl } from '../src/supervisor/control-socket.js';
import { Supervisor } from '../src/supervisor/supervisor.js';
import { endlessMemory, standInModel, standInModels } from '../test/helpers/stand-in-model.js';

export interface BenchParent {
  readonly supervisor: Supervisor;
  readonly store: StoreThread;
  readonly stateFolder: string;
  readonly folder: string;
  close(): Promise<void>;
}

/** A real supervisor over a real store in a temporary folder, with workers that `worker` names. */
export async function startBenchParent(worker: URL, maxConcurrent: number): Promise<BenchParent> {
  const stateFolder = mkdtempSync(join(tmpdir(), 'wilson-bench-'));
  const folder = join(stateFolder, 'project');
  mkdirSync(folder);
  const store = await openStoreThread(stateFolder);
  const sessionId = randomBytes(8).toString('hex');
  const supervisor = await Supervisor.start({
    session: {
      id: sessionId,
      kind: 'chat',
      folder,
      identity: ownIdentity(),
      limits: { maxConcurrent, maxMemoryMb: 16_384, warnThresholdMb: 14_336 },
    },
    socket: null,
    applyDone: null,
    store,
    clock: systemClock,
    log: nullLog,
    models: standInModels(() => standInModel('none')),
    workspaces: {
      prepare: (task) =>
        Promise.resolve({
          taskId: task.id,
          kind: 'snapshot',
          root: folder,
          folder,
          metaDir: folder,
          branch: null,
          baseCommit: null,
        }),
      patch: () => Promise.resolve({ patch: '', files: [] }),
      merge: () => Promise.resolve([]),
      discard: () => Promise.resolve(),
    },
    priority: new ChatPriority({ clock: systemClock }),
    verification: { verify: () => Promise.resolve({ checks: [], artifacts: [] }) },
    workerEntry: worker,
    workerEnv: { PATH: process.env.PATH },
    limits: defaultAttemptLimits,
    sandboxed: true,
    memory: endlessMemory,
    adopt: true,
  });
  const control = await listenForControl(controlPath(stateFolder, sessionId), async (request) =>
    request.op === 'kill' ? (await supervisor.cancel(request.taskId)).result : 'pong',
  );
  await store.sessions.setSocket(sessionId, control.path);
  return {
    supervisor,
    store,
    stateFolder,
    folder,
    close: async () => {
      await control.close();
      await supervisor.shutdown();
      await store.close();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}

/** Resolves when a task has begun to work. */
export function working(supervisor: Supervisor, taskId: string): Promise<number> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const active = supervisor.active().find((one) => one.task.id === taskId);
      if (active?.phase !== 'working' || active.pid === null) return false;
      resolve(active.pid);
      return true;
    };
    if (look()) return;
    const stop = supervisor.onChange(() => {
      if (look()) stop();
    });
  });
}
