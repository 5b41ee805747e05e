import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';

/** The examples of the plan, as they stand there: they must load unchanged. */
const lifecycle = `llms:
  chat:
    provider: ollama
    model: llama3:latest
    temperature: 0.7
    keep_alive: true  # NEW: Never unload

  code:
    provider: ollama
    model: qwen2.5-coder:14b
    temperature: 0.2
    keep_alive: false  # NEW: Unload after 5min idle
    idle_timeout: 300  # NEW: seconds

  analysis:
    provider: ollama
    model: mixtral
    temperature: 0.3
    keep_alive: false
    idle_timeout: 300
`;

const base = `llms:
  chat:
    provider: ollama
    model: llama3:latest
    temperature: 0.7
    keep_alive: true  # Wilson's model never unloads
    # ~4GB RAM

  code:
    provider: ollama
    model: qwen2.5-coder:14b
    temperature: 0.2
    keep_alive: false  # Kill immediately after task
    idle_timeout: 0  # No idle period - immediate unload
    # ~8GB RAM when active

  analysis:
    provider: ollama
    model: llama3:latest  # Reuse chat model for analysis
    temperature: 0.3
    keep_alive: false
    idle_timeout: 0

workers:
  max_concurrent: 2  # Safe for 16GB (4GB + 2x6GB = 16GB)
  spawn_mode: "on_demand"  # Always on-demand
  kill_after_task: true  # Terminate immediately after completion
  preload_models: false  # No pre-warming - load on first use

resources:
  max_memory_mb: 16384  # 16GB total limit
  warn_threshold_mb: 14336  # Warn at 14GB (87%)
`;

const lowend = `llms:
  chat:
    provider: ollama
    model: llama3:latest  # 4GB
    keep_alive: true

  code:
    provider: ollama
    model: llama3:latest  # Reuse same model (no extra RAM)
    keep_alive: false
    idle_timeout: 0

workers:
  max_concurrent: 1  # Only 1 worker at a time
  kill_after_task: true

resources:
  max_memory_mb: 8192
  warn_threshold_mb: 7168
`;

const highend = `llms:
  chat:
    provider: ollama
    model: llama3:latest  # 4GB
    keep_alive: true

  code:
    provider: ollama
    model: qwen2.5-coder:32b  # High quality, 16GB
    keep_alive: false
    idle_timeout: 0

  analysis:
    provider: ollama
    model: mixtral:8x7b  # 12GB
    keep_alive: false
    idle_timeout: 0

workers:
  max_concurrent: 2  # Can run code + analysis simultaneously
  kill_after_task: true

resources:
  max_memory_mb: 32768
  warn_threshold_mb: 28672
`;

const cloud = `llms:
  chat:
    provider: ollama
    model: llama3:latest
    keep_alive: true

  code:
    provider: ollama
    model: deepseek-coder:33b  # Best quality
    keep_alive: false
    idle_timeout: 0

  analysis:
    provider: ollama
    model: mixtral:8x22b  # Best reasoning
    keep_alive: false
    idle_timeout: 0

workers:
  max_concurrent: 4  # Can run multiple large models
  kill_after_task: true

resources:
  max_memory_mb: 65536
  warn_threshold_mb: 57344
`;

describe('the examples of the plan', () => {
  it('loads the one with idle timeouts and fills in workers and resources', () => {
    const config = parseConfig(lifecycle, '/c.yaml');
    expect(config.llms.code).toMatchObject({ model: 'qwen2.5-coder:14b', keepAlive: false, idleTimeoutS: 300 });
    expect(config.llms.analysis).toMatchObject({ model: 'mixtral', temperature: 0.3, idleTimeoutS: 300 });
    expect(config.workers).toEqual({
      maxConcurrent: 2,
      spawnMode: 'on_demand',
      killAfterTask: true,
      preloadModels: false,
      apply: 'ask',
    });
    expect(config.resources).toEqual({ maxMemoryMb: 16_384, warnThresholdMb: 14_336 });
  });

  it('loads the base configuration', () => {
    expect(parseConfig(base, '/c.yaml')).toEqual({
      file: '/c.yaml',
      llms: {
        chat: purpose({ model: 'llama3:latest', temperature: 0.7, keepAlive: true, idleTimeoutS: 300 }),
        code: purpose({ model: 'qwen2.5-coder:14b', temperature: 0.2 }),
        analysis: purpose({ model: 'llama3:latest', temperature: 0.3 }),
        vision: null,
        embedded: { model: 'qwen2.5-coder:0.5b' },
        fallback: 'allow',
        loadTimeoutS: 30,
      },
      workers: { maxConcurrent: 2, spawnMode: 'on_demand', killAfterTask: true, preloadModels: false, apply: 'ask' },
      resources: { maxMemoryMb: 16_384, warnThresholdMb: 14_336 },
    });
  });

  it('loads the profile for 8 GB, which has no analysis: the chat model does it', () => {
    const config = parseConfig(lowend, '/c.yaml');
    expect(config.llms.analysis).toMatchObject({ provider: 'ollama', model: 'llama3:latest', keepAlive: false });
    expect(config.workers.maxConcurrent).toBe(1);
    expect(config.resources).toEqual({ maxMemoryMb: 8_192, warnThresholdMb: 7_168 });
  });

  it('loads the profile for 32 GB', () => {
    const config = parseConfig(highend, '/c.yaml');
    expect([config.llms.code.model, config.llms.analysis.model]).toEqual(['qwen2.5-coder:32b', 'mixtral:8x7b']);
  });

  it('loads the profile for 64 GB and more', () => {
    const config = parseConfig(cloud, '/c.yaml');
    expect([config.llms.code.model, config.llms.analysis.model]).toEqual(['deepseek-coder:33b', 'mixtral:8x22b']);
    expect(config.workers.maxConcurrent).toBe(4);
  });
});

function purpose(own: Record<string, unknown>): Record<string, unknown> {
  return {
    provider: 'ollama',
    keepAlive: false,
    idleTimeoutS: 0,
    host: null,
    apiKeyEnv: null,
    numCtx: 8_192,
    numThreads: null,
    ...own,
  };
}
