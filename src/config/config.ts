import type { ProviderId } from '../task/task.js';

/** One purpose of `llms` with every default filled in. */
export interface PurposeConfig {
  readonly provider: ProviderId;
  readonly model: string;
  readonly temperature: number;
  readonly keepAlive: boolean;
  /** Seconds a model stays loaded after its last holder; 0 unloads at once. */
  readonly idleTimeoutS: number;
  /** Base URL; null means the provider's default (`OLLAMA_HOST` for Ollama). */
  readonly host: string | null;
  readonly apiKeyEnv: string | null;
  readonly numCtx: number;
  readonly numThreads: number | null;
}

/** `config.yaml` after validation; keys in camelCase, units in names. */
export interface Config {
  /** The file it was read from. */
  readonly file: string;
  readonly llms: {
    readonly chat: PurposeConfig;
    readonly code: PurposeConfig;
    readonly analysis: PurposeConfig;
    /** Null where no vision model is configured. */
    readonly vision: PurposeConfig | null;
    readonly embedded: { readonly model: string };
    readonly fallback: 'allow' | 'forbid';
    /** Seconds that a model on a server may take to load before the next one of the chain is taken. */
    readonly loadTimeoutS: number;
  };
  readonly workers: {
    readonly maxConcurrent: number;
    readonly spawnMode: 'on_demand';
    readonly killAfterTask: boolean;
    readonly preloadModels: boolean;
    readonly apply: 'ask' | 'auto';
  };
  readonly resources: {
    readonly maxMemoryMb: number;
    readonly warnThresholdMb: number;
  };
}
