/**
 * Every default of `config.yaml`, in the units of its keys. They fit a machine with 16 GB of memory, and the comments
 * of the packaged `config.yaml` name the same figures (a test compares them).
 */
export const defaults = {
  chat: {
    provider: 'ollama',
    model: 'llama3:latest',
    temperature: 0.7,
    keepAlive: true,
    /** Only counts with `keep_alive: false`; unloading after each turn would make every answer wait for a load. */
    idleTimeoutS: 300,
  },
  code: { temperature: 0.2 },
  analysis: { temperature: 0.3 },
  vision: { temperature: 0.3 },
  /** Purposes other than `chat`. */
  worker: { keepAlive: false, idleTimeoutS: 0 },
  numCtx: 8192,
  embeddedModel: 'qwen2.5-coder:0.5b',
  fallback: 'allow',
  loadTimeoutS: 30,
  workers: { maxConcurrent: 2, spawnMode: 'on_demand', killAfterTask: true, preloadModels: false, apply: 'ask' },
  maxMemoryMb: 16_384,
  /** `warn_threshold_mb` as a share of `max_memory_mb` where only the latter is set (14,336 of 16,384). */
  warnShare: 0.875,
} as const;
