import { totalmem } from 'node:os';
import { catalog } from '../catalog/catalog.js';
import type { Config } from '../config/config.js';
import { displayUrl, parseOllamaHost } from '../providers/ollama-host.js';
import type { ModelProvider } from '../providers/provider.js';
import { megabytes } from '../task/memory-amount.js';
import type { Purpose } from '../task/task.js';
import { embeddedNeedMb, estimateMb, workerShareMb } from './model-needs.js';

export interface WouldFitOptions {
  readonly config: Config;
  /** The local servers that the configuration names. */
  readonly servers: () => readonly ModelProvider[];
  /** Whether an embedded model is on this machine. */
  readonly isHere: (name: string) => Promise<boolean>;
  readonly totalMb?: number;
  readonly env: NodeJS.ProcessEnv;
}

/** A sentence on what would fit into `limitMb` for a purpose; never rejects. */
export type WouldFit = (purpose: Purpose, limitMb: number, signal: AbortSignal) => Promise<string>;

interface Fitting {
  readonly name: string;
  readonly where: string;
  readonly needMb: number;
  /** What llms.<purpose> must say besides the model. */
  readonly setting: string;
}

const megabyte = 1_048_576;
/** Models of a server that are looked at: the largest that may fit come first. */
const mostAsked = 4;
const askMs = 8_000;

/**
 * Looks for the largest model that is there already and fits, on the local servers and among the embedded ones, and says how
 * the configuration would have to change.
 */
export function createWouldFit({ config, servers, isHere, totalMb, env }: WouldFitOptions): WouldFit {
  async function onServer(provider: ModelProvider, limitMb: number, signal: AbortSignal): Promise<Fitting[]> {
    const known = await provider.list(signal);
    const bySize = known
      .filter(({ sizeBytes }) => sizeBytes > 0 && sizeBytes / megabyte < limitMb)
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, mostAsked);
    const load = { numCtx: config.llms.chat.numCtx, numThreads: null };
    const needs = await Promise.all(
      bySize.map(async ({ name }) => ({
        name,
        where: displayUrl(provider.server),
        setting: settingOf(provider),
        needMb: workerShareMb + (await estimateMb(provider, { model: name, load }, signal)),
      })),
    );
    return needs.filter(({ needMb }) => needMb <= limitMb);
  }

  async function embedded(limitMb: number): Promise<Fitting[]> {
    const fitting: Fitting[] = [];
    for (const { name } of catalog) {
      if (!(await isHere(name))) continue;
      const load = { numCtx: config.llms.code.numCtx, numThreads: null };
      const needMb = await embeddedNeedMb({ model: name, load }, 1, env);
      if (needMb <= limitMb) fitting.push({ name, where: 'embedded', needMb, setting: 'provider: llamacpp, ' });
    }
    return fitting;
  }

  function settingOf({ id, server }: ModelProvider): string {
    const host = `host: "${displayUrl(server)}", `;
    if (id === 'openai') return `provider: openai, ${host}`;
    return server === parseOllamaHost(env.OLLAMA_HOST) ? '' : host;
  }

  async function onServers(limitMb: number, signal: AbortSignal): Promise<Fitting[]> {
    const found = await Promise.all(servers().map((provider) => onServer(provider, limitMb, signal).catch(() => [])));
    return found.flat();
  }

  return async (purpose, limitMb, signal) => {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(askMs)]);
    // What does not answer, or has an address that is none, is not a place for the task.
    const found = await Promise.all([onServers(limitMb, bound).catch(() => []), embedded(limitMb).catch(() => [])]);
    const [best] = found.flat().sort((a, b) => b.needMb - a.needMb);
    const machineMb = totalMb ?? Math.round(totalmem() / megabyte);
    const { maxMemoryMb } = config.resources;
    const raise =
      machineMb > maxMemoryMb * 1.25
        ? `or raise resources.max_memory_mb, now ${megabytes(maxMemoryMb)} of the machine's ${megabytes(machineMb)}`
        : 'or take a profile for a smaller machine with `wilson config use lowend`';
    if (best === undefined) return `Choose a smaller model for llms.${purpose}, ${raise}.`;
    return `${best.name} (${best.where}) is here and would fit with ${megabytes(best.needMb)}: set llms.${purpose} to { ${best.setting}model: "${best.name}" }, ${raise}.`;
  };
}
