import type { PreparedModel } from '../../src/supervisor/port.js';

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
    release: async () => release(),
  };
}
