import type { Clock } from '../clock.js';
import type { Config, PurposeConfig } from '../config/config.js';
import { WilsonError } from '../errors.js';
import { fullModelName, isSameModel } from '../providers/ollama-names.js';
import type { LoadOptions, ModelProvider } from '../providers/provider.js';
import { raceSignal } from '../providers/stream-signal.js';
import type { ModelChoice } from '../supervisor/port.js';
import type { Purpose } from '../task/task.js';
import { visionNotConfigured, visionUnavailable } from '../task/vision-errors.js';
import { fallbackReasonFor } from './fallback-reason.js';
import { createServerProbes, type ProbeResult } from './server-probe.js';

/** A choice with all that is needed to use it. */
export interface Chosen extends ModelChoice {
  readonly load: LoadOptions;
  readonly temperature: number;
  readonly apiKeyEnv: string | null;
  /** Pinned on its server for as long as Wilson runs; absent means that it is not. */
  readonly keepAlive?: boolean;
  /** Seconds that it stays loaded after its last holder; absent means none. */
  readonly idleTimeoutS?: number;
}

export interface ModelSelector {
  /**
   * The model for a purpose: the configured one, else the chat's, else the embedded one. A server is asked for at most
   * 2 s, and what it said counts for a few seconds more.
   *
   * Rejects with `MODEL_UNAVAILABLE` when nothing is left or `llms.fallback` is `forbid`, and with `ABORTED`. For `vision`
   * nothing stands in: `VISION_NOT_CONFIGURED`, or `VISION_UNAVAILABLE` when the model is not to be had or does not see.
   */
  choose(purpose: Purpose, signal: AbortSignal, without?: Without): Promise<Chosen>;
  /**
   * The embedded model in place of one that was chosen and could not be used after all; `reason` says why. Rejects nothing:
   * whether a fallback is allowed is for the caller to know.
   */
  standIn(purpose: Purpose, reason: string): Chosen;
  /** Forgets what servers said, e.g. after a model was fetched. */
  forget(): void;
}

/** A model that was chosen and could not be used after all. */
export interface FailedChoice {
  readonly provider: Chosen['provider'];
  readonly server: string;
  readonly model: string;
  /** In whole sentences, for people. */
  readonly reason: string;
}

/** A server that cannot hold another model beside the one that a chat has there. */
export interface CrowdedServer {
  readonly server: string;
  /** The model that stays. */
  readonly keeps: string;
  readonly reason: string;
}

/** What is not to be chosen, and why. */
export interface Without {
  readonly failed?: readonly FailedChoice[];
  readonly crowded?: readonly CrowdedServer[];
}

export interface ModelSelectorOptions {
  readonly config: Config;
  /** The provider for a purpose that is not embedded. May throw for an address that is none. */
  readonly providers: (purpose: PurposeConfig) => ModelProvider;
  readonly embedded: {
    readonly name: string;
    /** Whether an embedded model is here or can be fetched; without it that is taken for granted. */
    readonly available?: (model: string) => boolean | Promise<boolean>;
  };
  /** For the words of a reason: whether the address came from `OLLAMA_HOST`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** One link of the chain, in the order of preference. */
interface Candidate {
  readonly settings: PurposeConfig;
  readonly model: string;
}

/**
 * Context of an embedded model that stands in for another: what was set for a large model on a server is more than a small
 * one can use and would only cost memory.
 */
const standInContextTokens = 8_192;

export function createModelSelector(options: ModelSelectorOptions): ModelSelector {
  const { config, embedded } = options;
  const probes = createServerProbes(options.clock);

  /** Null when the candidate can be used, otherwise why not. */
  async function obstacle(candidate: Candidate, signal: AbortSignal, without: Without): Promise<string | null> {
    const { settings, model } = candidate;
    const excluded = exclusionOf(candidate, serverOf(settings), without);
    if (excluded !== null) return excluded;
    if (settings.provider === 'llamacpp') {
      if ((await raceSignal(Promise.resolve(embedded.available?.(model) ?? true), signal)) === true) return null;
      return `The embedded model ${model} is not on this machine: fetch it with \`wilson models pull ${model}\`.`;
    }
    const provider = providerOf(settings);
    const result = await raceSignal(
      provider instanceof WilsonError ? failed(provider) : probes.probe(provider),
      signal,
    );
    const server = provider instanceof WilsonError ? (settings.host ?? '') : provider.server;
    const fromEnv = settings.provider === 'ollama' && settings.host === null && Boolean(options.env?.OLLAMA_HOST);
    return fallbackReasonFor(result, { provider: settings.provider, server, model, fromEnv });
  }

  /** The configured vision model and no other: what cannot see would make up what is in a picture. */
  async function chooseForVision(signal: AbortSignal, without: Without): Promise<Chosen> {
    const settings = config.llms.vision;
    if (settings === null) throw visionNotConfigured(null);
    const model = modelName(settings);
    if (settings.provider === 'llamacpp') {
      throw visionUnavailable(`${model} is set for vision with provider llamacpp, but embedded models cannot see.`, {
        hint: 'Set llms.vision to a vision model of Ollama or another server, e.g. llava:7b.',
      });
    }
    const candidate = { settings, model };
    const reason = await obstacle(candidate, signal, without);
    if (reason !== null) throw visionUnavailable(reason);
    const { vision } = await options.providers(settings).capabilities(model, signal);
    if (vision) return toChosen('vision', candidate, []);
    throw visionUnavailable(`${model} is set for vision, but its server says that it cannot see pictures.`, {
      hint: 'Set llms.vision to a model that can, e.g. llava:7b. An old Ollama does not tell: update it.',
    });
  }

  function serverOf(settings: PurposeConfig): string {
    if (settings.provider === 'llamacpp') return 'embedded';
    const provider = providerOf(settings);
    return provider instanceof WilsonError ? (settings.host ?? '') : provider.server;
  }

  function providerOf(settings: PurposeConfig): ModelProvider | WilsonError {
    try {
      return options.providers(settings);
    } catch (thrown) {
      if (thrown instanceof WilsonError) return thrown;
      throw thrown;
    }
  }

  function toChosen(purpose: Purpose, candidate: Candidate, reasons: readonly string[]): Chosen {
    const { settings, model } = candidate;
    const wanted = config.llms[purpose] ?? config.llms.chat;
    const standsIn = reasons.length > 0 && settings.provider === 'llamacpp';
    const load = loadOptionsFor(config, settings);
    return {
      purpose,
      provider: settings.provider,
      model,
      server: settings.provider === 'llamacpp' ? 'embedded' : options.providers(settings).server,
      usedFallback: reasons.length > 0,
      fallbackReason: reasons.length === 0 ? null : [...new Set(reasons)].join(' '),
      load: standsIn ? { numCtx: Math.min(load.numCtx, standInContextTokens), numThreads: null } : load,
      // The kind of work decides how freely a model writes, whichever model does it.
      temperature: wanted.temperature,
      apiKeyEnv: settings.provider === 'openai' ? settings.apiKeyEnv : null,
      keepAlive: settings.keepAlive,
      idleTimeoutS: settings.idleTimeoutS,
    };
  }

  return {
    async choose(purpose, signal, without = {}) {
      if (purpose === 'vision') return chooseForVision(signal, without);
      const reasons: string[] = [];
      if (config.llms[purpose] === null) {
        reasons.push(`No model is configured for ${purpose}: set \`llms.${purpose}\` in config.yaml.`);
        if (config.llms.fallback === 'forbid') throw unavailable(purpose, reasons, true);
      }
      for (const candidate of candidatesFor(config, purpose, embedded.name)) {
        const reason = await obstacle(candidate, signal, without);
        if (reason === null) return toChosen(purpose, candidate, reasons);
        reasons.push(reason);
        if (config.llms.fallback === 'forbid') throw unavailable(purpose, reasons, true);
      }
      throw unavailable(purpose, reasons, false);
    },
    standIn: (purpose, reason) => toChosen(purpose, embeddedCandidate(config, purpose, embedded.name), [reason]),
    forget: () => probes.forget(),
  };
}

/** Why a candidate is not to be chosen though its server has it; null when it may be. Pure. */
function exclusionOf({ settings, model }: Candidate, server: string, without: Without): string | null {
  const failure = without.failed?.find(
    (each) => each.provider === settings.provider && each.server === server && each.model === model,
  );
  if (failure !== undefined) return failure.reason;
  const crowd = without.crowded?.find((each) => each.server === server && !isSameModel(each.keeps, model));
  return settings.provider === 'llamacpp' ? null : (crowd?.reason ?? null);
}

/** The last link of every chain. */
function embeddedCandidate(config: Config, purpose: Purpose, embeddedModel: string): Candidate {
  const wanted = config.llms[purpose] ?? config.llms.chat;
  return { settings: { ...wanted, provider: 'llamacpp', model: embeddedModel, host: null }, model: embeddedModel };
}

/** The chain of a purpose without repetitions: its own model, the chat's, the embedded one. Pure. */
export function candidatesFor(config: Config, purpose: Purpose, embeddedModel: string): Candidate[] {
  const own = config.llms[purpose];
  const { chat } = config.llms;
  const chain = [...(own === null ? [] : [own]), chat, embeddedCandidate(config, purpose, embeddedModel).settings];
  return chain
    .filter((settings, index) => chain.findIndex((each) => isSameUse(each, settings)) === index)
    .map((settings) => ({ settings, model: modelName(settings) }));
}

/**
 * The one set of load options of a model, whichever purpose asks: the largest context and the first number of threads that
 * a purpose with the same model on the same server has. Two sets would make the server load it anew at every change. Pure.
 */
export function loadOptionsFor(config: Config, settings: PurposeConfig): LoadOptions {
  const { chat, code, analysis, vision } = config.llms;
  const sharing = [chat, code, analysis, vision].filter(
    (each): each is PurposeConfig => each !== null && isSameUse(each, settings),
  );
  return {
    numCtx: Math.max(settings.numCtx, ...sharing.map((each) => each.numCtx)),
    numThreads: sharing.find((each) => each.numThreads !== null)?.numThreads ?? settings.numThreads,
  };
}

function modelName(settings: PurposeConfig): string {
  return settings.provider === 'ollama' ? fullModelName(settings.model) : settings.model;
}

function isSameUse(a: PurposeConfig, b: PurposeConfig): boolean {
  return a.provider === b.provider && a.host === b.host && isSameModel(modelName(a), modelName(b));
}

function failed(error: WilsonError): Promise<ProbeResult> {
  return Promise.resolve({ ok: false, error });
}

function unavailable(purpose: Purpose, reasons: readonly string[], forbidden: boolean): WilsonError {
  const why = [...new Set(reasons)].join(' ');
  return new WilsonError('MODEL_UNAVAILABLE', `There is no model for ${purpose}. ${why}`, {
    hint: forbidden
      ? 'Or allow another model in its place: `llms.fallback: allow` in config.yaml.'
      : '`wilson doctor` shows more.',
  });
}
