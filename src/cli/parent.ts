import { randomBytes } from 'node:crypto';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { ensureStateFolder, stateFolder } from '../config/paths.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import { createLog, type Log } from '../log.js';
import { ownIdentity } from '../platform/process-identity.js';
import { createCommandRunner } from '../platform/run-command.js';
import { keepYoungSpaceSmall } from '../platform/young-space.js';
import { setDatabaseAside } from '../store/database.js';
import { openStoreThread, type StoreThread } from '../store/store-thread.js';
import { defaultAttemptLimits } from '../supervisor/attempt-options.js';
import { ChatPriority, isPriorityOff } from '../supervisor/chat-priority.js';
import { checkImages } from '../supervisor/check-images.js';
import { controlPath, listenForControl } from '../supervisor/control-socket.js';
import { startGuardian } from '../supervisor/guardian.js';
import { NeighbourHolds } from '../supervisor/neighbour-holds.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { workerEntry } from '../supervisor/worker-process.js';
import { recoverApplies } from '../workspace/apply.js';
import type { CommandIo } from './command-io.js';
import { giveBackCommand } from './give-back-command.js';
import { availableMemoryMb, machineMemoryMb } from './machine-memory.js';
import { composeModels, type Models } from './parent-models.js';
import { createAutoApply, createVerification, imageCheckFor } from './parent-ports.js';
import { createWorkspaces } from './parent-workspaces.js';

export interface ParentOptions {
  readonly kind: 'chat' | 'run' | 'detached';
  readonly folder: string;
  readonly configPath: string | undefined;
  /** Take over the queued and interrupted tasks of this folder whose parent is gone. */
  readonly adopt: boolean;
}

/** Everything that runs tasks: what the chat, `run` and a detached parent have in common. */
export interface Parent {
  readonly config: Config;
  readonly sessionId: string;
  readonly stateFolder: string;
  readonly log: Log;
  readonly store: StoreThread;
  readonly models: Models;
  readonly supervisor: Supervisor;
  /** What people must know before anything else: notes on the configuration, a database set aside. */
  readonly notes: readonly string[];
  /** Ends the workers, gives everything back, and closes the store; safe to call twice. */
  close(): Promise<void>;
}

/** Composes a parent: config, log, store, models, supervisor, control socket. Rejects with what is wrong, closed again. */
export async function startParent(options: ParentOptions, io: CommandIo): Promise<Parent> {
  // It may run for days.
  keepYoungSpaceSmall();
  const notes: string[] = [];
  const config = await loadConfig({
    env: io.env,
    cwd: options.folder,
    onNote: (note) => notes.push(note),
    path: options.configPath,
  });
  const state = stateFolder(io.env);
  ensureStateFolder(state);
  const log = await createLog({ stateFolder: state, name: 'wilson', level: 'info' });
  const store = await openStore(state, notes);
  const closers: (() => Promise<void>)[] = [() => store.close()];
  const closeAll = async (): Promise<void> => {
    let failure: unknown = null;
    // One that fails must not keep the others open.
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== null) throw failure;
  };
  try {
    const sessionId = randomBytes(8).toString('hex');
    const notTakenBack = (taskId: string, error: unknown): void => {
      notes.push(`An apply of ${taskId} that was cut off could not be taken back: ${toErrorRecord(error).message}`);
    };
    for (const taskId of recoverApplies(state, notTakenBack))
      notes.push(`An apply of ${taskId} that was cut off has been taken back.`);
    const guardian = startGuardian(sessionId, { command: giveBackCommand(), env: io.env });
    closers.push(async () => guardian?.dismiss());
    const neighbours = new NeighbourHolds({
      sessionId,
      clock: systemClock,
      log,
      sessions: () => store.sessions.open(),
    });
    closers.push(async () => neighbours.close());
    const priority = new ChatPriority({
      clock: systemClock,
      off: isPriorityOff(io.env),
      onTurns: (place) => neighbours.turn(place),
    });
    const models = composeModels({ config, env: io.env, store, sessionId, log, priority });
    closers.push(() => models.close());
    const sandbox = (await createCommandRunner({ ownerToken: `${sessionId}:probe`, env: io.env })).sandbox;
    let supervisor: Supervisor | null = null;
    const control = await listenForControl(controlPath(state, sessionId), async (request) => {
      if (request.op === 'hold') priority.holdFor(request.from, request.place, request.ttlMs);
      if (request.op === 'continue') priority.releaseFor(request.from);
      if (request.op !== 'kill' || supervisor === null) return 'pong';
      return (await supervisor.cancel(request.taskId)).result;
    });
    closers.push(() => control.close());
    supervisor = await Supervisor.start({
      session: {
        id: sessionId,
        kind: options.kind,
        folder: options.folder,
        identity: ownIdentity(),
        limits: {
          maxConcurrent: config.workers.maxConcurrent,
          maxMemoryMb: config.resources.maxMemoryMb,
          warnThresholdMb: config.resources.warnThresholdMb,
        },
      },
      socket: control.path,
      store,
      clock: systemClock,
      log,
      models: models.workers,
      workspaces: createWorkspaces(state, store, systemClock),
      priority,
      verification: createVerification({ sessionId, stateFolder: state, env: io.env, sandbox }),
      workerEntry: workerEntry(),
      workerEnv: { ...io.env },
      limits: defaultAttemptLimits,
      sandboxed: sandbox !== 'none',
      memory: {
        chat: () => models.chatMemory(),
        availableMb: availableMemoryMb,
        totalMb: machineMemoryMb(),
      },
      applyDone: config.workers.apply === 'auto' ? createAutoApply(store) : null,
      prepareRequest: (request) => checkImages(request, imageCheckFor(config)),
      adopt: options.adopt,
    });
    const started = supervisor;
    closers.push(() => started.shutdown());
    models.startSweeping();
    log.info({ session: sessionId, kind: options.kind, folder: options.folder }, 'started');
    return { config, sessionId, stateFolder: state, log, store, models, supervisor: started, notes, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Opens the store; a damaged file is set aside, never overwritten, and people are told where it is. */
async function openStore(state: string, notes: string[]): Promise<StoreThread> {
  try {
    return await openStoreThread(state);
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code !== 'STORE_DAMAGED') throw error;
    const aside = setDatabaseAside(state, new Date());
    notes.push(`${error.message} It was set aside as ${aside}; Wilson goes on with a new one.`);
    return openStoreThread(state);
  }
}
