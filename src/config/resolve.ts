import type { ProviderId, Purpose } from '../task/task.js';
import type { Config, PurposeConfig } from './config.js';
import { defaults } from './defaults.js';
import type { Problem } from './problem.js';
import { normalHost, type RawConfig, type RawPurpose } from './schema.js';

/**
 * Fills in every default and checks what no single key can show: `warn_threshold_mb` against `max_memory_mb`, one set
 * of load options for one model, and that a server which has no usual address is named.
 *
 * A purpose that is not there is served by the chat's model. One that is there, on the chat's provider, takes the
 * chat's host, and the name of its key only together with that host, so that no key reaches another server.
 */
export function resolveConfig(raw: RawConfig, file: string): { config: Config; problems: Problem[] } {
  const problems: Problem[] = [];
  const llms = raw.llms ?? {};
  const embeddedModel = llms.embedded?.model ?? defaults.embeddedModel;

  const chat = resolvePurpose('chat', llms.chat ?? {}, null, embeddedModel, problems);
  const other = (purpose: Purpose, section: RawPurpose | null | undefined): PurposeConfig =>
    resolvePurpose(purpose, section ?? {}, chat, embeddedModel, problems);
  const code = other('code', llms.code);
  const analysis = other('analysis', llms.analysis);
  const vision = llms.vision ? other('vision', llms.vision) : null;
  const used = { chat, code, analysis, ...(vision && { vision }) };
  const shared = shareLoadOptions(used, llms, problems);

  const workers = raw.workers ?? {};
  const maxMemoryMb = raw.resources?.max_memory_mb ?? defaults.maxMemoryMb;
  const warnThresholdMb = raw.resources?.warn_threshold_mb ?? Math.floor(maxMemoryMb * defaults.warnShare);
  if (warnThresholdMb > maxMemoryMb) {
    problems.push({
      path: ['resources', 'warn_threshold_mb'],
      text: `found ${warnThresholdMb}; allowed: at most max_memory_mb, which is ${maxMemoryMb}`,
    });
  }

  const config: Config = {
    file,
    llms: {
      chat: shared.chat ?? chat,
      code: shared.code ?? code,
      analysis: shared.analysis ?? analysis,
      vision: shared.vision ?? vision,
      embedded: { model: embeddedModel },
      fallback: llms.fallback ?? defaults.fallback,
      loadTimeoutS: llms.load_timeout ?? defaults.loadTimeoutS,
    },
    workers: {
      maxConcurrent: workers.max_concurrent ?? defaults.workers.maxConcurrent,
      spawnMode: workers.spawn_mode ?? defaults.workers.spawnMode,
      killAfterTask: workers.kill_after_task ?? defaults.workers.killAfterTask,
      preloadModels: workers.preload_models ?? defaults.workers.preloadModels,
      apply: workers.apply ?? defaults.workers.apply,
    },
    resources: { maxMemoryMb, warnThresholdMb },
  };
  return { config, problems };
}

function resolvePurpose(
  purpose: Purpose,
  raw: RawPurpose,
  chat: PurposeConfig | null,
  embeddedModel: string,
  problems: Problem[],
): PurposeConfig {
  const provider = providerOf(raw.provider) ?? chat?.provider ?? defaults.chat.provider;
  const like = chat?.provider === provider ? chat : null;
  const model = raw.model ?? like?.model ?? usualModel(provider, embeddedModel);
  // What is missing for the chat is said once, not again for each purpose that is like it.
  if (model === null) {
    problems.push({
      path: ['llms', purpose],
      text: `no model; with provider ${provider} it has to be named`,
      aboutKey: true,
    });
  }
  const host = raw.host ? normalHost(raw.host) : (like?.host ?? null);
  if (provider === 'openai' && host === null && like === null) {
    problems.push({
      path: ['llms', purpose],
      text: 'no host; with provider openai the address of the server has to be named, e.g. http://localhost:8080/v1',
      aboutKey: true,
    });
  }
  if (provider === 'llamacpp' && raw.host) {
    problems.push({
      path: ['llms', purpose, 'host'],
      text: `found "${raw.host}"; allowed: nothing, an embedded model has no server`,
    });
  }
  const usual = purpose === 'chat' ? defaults.chat : { ...defaults.worker, ...defaults[purpose] };
  return {
    provider,
    model: model ?? '',
    temperature: raw.temperature ?? usual.temperature,
    keepAlive: raw.keep_alive ?? usual.keepAlive,
    idleTimeoutS: raw.idle_timeout ?? usual.idleTimeoutS,
    host,
    apiKeyEnv: raw.api_key_env ?? (like !== null && like.host === host ? like.apiKeyEnv : null),
    numCtx: raw.num_ctx ?? defaults.numCtx,
    numThreads: raw.num_threads ?? null,
  };
}

function providerOf(name: RawPurpose['provider']): ProviderId | undefined {
  return name === 'embedded' ? 'llamacpp' : name;
}

/** The model of a provider where none is named; an OpenAI-compatible server has no usual one. */
function usualModel(provider: ProviderId, embeddedModel: string): string | null {
  if (provider === 'llamacpp') return embeddedModel;
  return provider === 'ollama' ? defaults.chat.model : null;
}

/**
 * One model on one server has one context length and one number of threads, or the server would load it anew at every
 * change. What one purpose sets counts for all that share its model; two that differ are a problem.
 */
function shareLoadOptions(
  used: Partial<Record<Purpose, PurposeConfig>>,
  llms: NonNullable<RawConfig['llms']>,
  problems: Problem[],
): Partial<Record<Purpose, PurposeConfig>> {
  const set = new Map<string, { purpose: Purpose; numCtx?: number; numThreads?: number }>();
  const names = (['chat', 'code', 'analysis', 'vision'] as const).filter((name) => used[name]);
  for (const name of names) {
    const purpose = used[name];
    if (!purpose) continue;
    const raw = llms[name] ?? {};
    const entry = set.get(modelKey(purpose)) ?? { purpose: name };
    for (const [key, field] of [
      ['num_ctx', 'numCtx'],
      ['num_threads', 'numThreads'],
    ] as const) {
      const value = raw[key];
      if (value === undefined || value === null) continue;
      const before = entry[field];
      if (before !== undefined && before !== value) {
        problems.push({
          path: ['llms', name, key],
          text: `found ${value}; allowed: ${before}, as llms.${entry.purpose} has it for the same model (it would be loaded anew at every change)`,
        });
      }
      entry[field] ??= value;
    }
    set.set(modelKey(purpose), entry);
  }
  return Object.fromEntries(
    names.flatMap((name) => {
      const purpose = used[name];
      if (!purpose) return [];
      const entry = set.get(modelKey(purpose));
      return [
        [name, { ...purpose, numCtx: entry?.numCtx ?? purpose.numCtx, numThreads: entry?.numThreads ?? null }] as const,
      ];
    }),
  );
}

function modelKey(purpose: PurposeConfig): string {
  return JSON.stringify([purpose.provider, purpose.host, purpose.model]);
}
