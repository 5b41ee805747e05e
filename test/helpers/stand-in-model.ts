import type { ModelPort, PreparedModel, TaskNeed } from '../../src/supervisor/port.js';
import type { MachineMemory } from '../../src/supervisor/supervisor-options.js';

/** A model that nobody asks and nobody loads, for workers that follow a script. */
export function standInModel(name: string, release: () => void = () => undefined): PreparedModel {
  return {
    ref: {
      provider: 'ollama',
      model: name,
      server: 'http://127.0.0.1:1',
      apiKeyEnv: null,
      modelPath: null,
      temperature: 0,
      numCtx: 2_048,
      numThreads: 1,
    },
    record: { model: name, provider: 'ollama', usedFallback: false, fallbackReason: null },
    serverMemoryMb: null,
    notePeak: () => Promise.resolve(),
    release: async () => release(),
  };
}

/** A model port whose models cost nothing, beyond what `processMb` says of each worker. */
export function standInModels(prepare: () => PreparedModel, processMb = 0): ModelPort {
  return {
    need: () => Promise.resolve(needOf(processMb)),
    wouldFit: () => Promise.resolve(''),
    makeRoom: () => Promise.resolve(0),
    prepare: () => Promise.resolve(prepare()),
  };
}

/** A need without a model on a server. */
export function needOf(processMb: number): TaskNeed {
  return { processMb, model: null, parts: `worker ${processMb.toLocaleString('en-US')} MB`, basis: 'metadata' };
}

/** A machine on which only Wilson's own ceiling counts. */
export const endlessMemory: MachineMemory = {
  chat: () => ({ chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 }),
  availableMb: () => null,
  totalMb: Number.MAX_SAFE_INTEGER,
};
