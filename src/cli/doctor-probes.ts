import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findCatalogEntry } from '../catalog/catalog.js';
import { locateModel, modelCacheFolder } from '../catalog/model-cache.js';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { ensureStateFolder, stateFolder } from '../config/paths.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import { isAlive } from '../platform/process-identity.js';
import { createCommandRunner } from '../platform/run-command.js';
import { displayUrl } from '../providers/ollama-host.js';
import { Store } from '../store/store.js';
import { isOver } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import {
  type DatabaseState,
  type DoctorProbes,
  doctorCommand,
  type EmbeddedModelState,
  type LeftoverState,
  type ServerState,
} from './doctor.js';
import { availableMemoryMb, machineMemoryMb } from './machine-memory.js';
import { modelProcessesWithoutServer } from './model-processes.js';
import { modelsReport } from './models-report.js';
import { configuredServers, createProviders } from './providers.js';
import { viewOptionsOf } from './view-options.js';

const askServerMs = 3_000;

/** `wilson doctor`, with probes of the real machine. */
export function doctor(options: { readonly json: boolean; readonly config?: string }, io: CommandIo): Promise<number> {
  const view = viewOptionsOf(io.stdout, io.env);
  return doctorCommand({ json: options.json, view }, io, realProbes(options.config, io));
}

function realProbes(configPath: string | undefined, io: CommandIo): DoctorProbes {
  const state = stateFolder(io.env);
  let looked: Promise<EmbeddedModelState> | null = null;
  const embeddedModel = (config: Config): Promise<EmbeddedModelState> => {
    looked ??= embeddedModelState(config, io);
    return looked;
  };
  return {
    config: () =>
      loadConfig({
        env: io.env,
        cwd: io.cwd,
        onNote: (note) => io.stderr.write(`${note}\n`),
        path: configPath,
      }),
    servers: (config) => serverStates(config, io),
    models: async (config) => {
      // Whoever looks at a damaged file first sets it aside, and it is the other probe that tells of it.
      await embeddedModel(config).catch(() => undefined);
      return modelsReport(config, io);
    },
    embeddedModel,
    memory: () =>
      Promise.resolve({
        totalMb: machineMemoryMb(),
        availableMb: availableMemoryMb(),
      }),
    sandbox: async () => {
      const runner = await createCommandRunner({ ownerToken: '', env: io.env });
      const missing = runner.sandbox === 'none' && process.platform === 'linux' ? ['bubblewrap'] : [];
      return { kind: runner.sandbox, missing };
    },
    database: () => Promise.resolve(databaseState(state)),
    leftovers: () => leftovers(state),
    modelProcesses: modelProcessesWithoutServer,
  };
}

async function embeddedModelState(config: Config, io: CommandIo): Promise<EmbeddedModelState> {
  const { model: name } = config.llms.embedded;
  let damage = '';
  const onDamaged = (what: string): void => {
    damage = what;
  };
  const located = await locateModel(name, io.env, { onDamaged });
  if (damage !== '') {
    throw new WilsonError('MODEL_DAMAGED', damage, {
      hint: `It is fetched again at its next use; now: wilson models pull ${name}`,
    });
  }
  const entry = findCatalogEntry(name);
  const path = located?.path ?? join(modelCacheFolder(io.env), entry?.fileName ?? name);
  return { name, present: located !== null, path, sizeBytes: entry?.bytes ?? null };
}

async function serverStates(config: Config, io: CommandIo): Promise<ServerState[]> {
  const providers = createProviders(io.env);
  try {
    return await Promise.all(
      configuredServers(config, providers).map(async (provider): Promise<ServerState> => {
        const kind = provider.id === 'ollama' ? 'Ollama' : 'OpenAI-compatible server';
        try {
          const { version } = await provider.health(AbortSignal.timeout(askServerMs));
          return { server: displayUrl(provider.server), kind, version, error: null };
        } catch (error) {
          return { server: displayUrl(provider.server), kind, version: null, error: toErrorRecord(error) };
        }
      }),
    );
  } finally {
    await providers.close();
  }
}

function databaseState(state: string): DatabaseState {
  ensureStateFolder(state);
  const store = Store.openExisting(state, systemClock);
  if (store === null) return { path: join(state, 'wilson.db'), tasks: 0, damage: '' };
  try {
    let damage = '';
    try {
      store.check();
    } catch (error) {
      damage = toErrorRecord(error).message;
    }
    return { path: store.file, tasks: damage === '' ? store.tasks.count() : 0, damage };
  } finally {
    store.close();
  }
}

async function leftovers(state: string): Promise<LeftoverState> {
  const store = Store.openExisting(state, systemClock);
  if (store === null) return { processes: [], workspaces: [] };
  try {
    const open = new Map(store.sessions.open().map((session) => [session.id, session]));
    const processes: number[] = [];
    for (const slot of store.workers.list()) {
      const session = open.get(slot.sessionId);
      const ownerLives = session !== undefined && isAlive(session.identity);
      if (!ownerLives && slot.identity !== null && isAlive(slot.identity)) processes.push(slot.identity.pid);
    }
    const folders = await readdir(join(state, 'workspaces')).catch(() => []);
    const workspaces = folders.filter((name) => {
      const task = store.tasks.get(name);
      return task === null || (isOver(task.status) && task.status !== 'done');
    });
    return { processes, workspaces: workspaces.map((name) => join(state, 'workspaces', name)) };
  } finally {
    store.close();
  }
}
