import { setMaxListeners } from 'node:events';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import { isLocalServer } from '../models/local-server.js';
import { type Chosen, createModelSelector } from '../models/model-selection.js';
import { displayUrl } from '../providers/ollama-host.js';
import { raceSignal } from '../providers/stream-signal.js';
import type { ModelLeaseRecord } from '../store/session-store.js';
import { type Purpose, purposes } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import { embeddedFigure, embeddedModels, isSameEmbedded } from './embedded-models.js';
import { heldByLiveSessions } from './held-models.js';
import type { ModelJson, ModelsJson, PurposeJson } from './json-shapes.js';
import { createProviders, type Providers } from './providers.js';
import { isSame, readServerModels, type ServerModels } from './server-models.js';

/** For everything that is asked of servers; what they have not said by then counts as not said. */
const askServersMs = 2_300;

/** What each purpose would use now and why, and every model that is known: on the servers, and in the catalog. */
export async function modelsReport(config: Config, io: CommandIo): Promise<ModelsJson> {
  const providers = createProviders(io.env);
  const deadline = AbortSignal.timeout(askServersMs);
  // Every question listens to it, however many there are.
  setMaxListeners(0, deadline);
  try {
    const [choices, servers, { held, embedded }] = await Promise.all([
      choicesOf(config, providers, io, deadline),
      readServerModels(config, providers, deadline),
      modelsHere(config, io),
    ]);
    const surroundings = { config, providers, servers, held, io };
    const rows = await Promise.all(purposes.map((purpose) => purposeRow(purpose, choices.get(purpose), surroundings)));
    const { maxMemoryMb } = config.resources;
    return { purposes: rows, models: [...serverRows(servers, maxMemoryMb), ...embedded], maxMemoryMb };
  } finally {
    await providers.close();
  }
}

/** What this machine knows by itself, read while the servers are asked. */
async function modelsHere(
  config: Config,
  io: CommandIo,
): Promise<{ held: readonly ModelLeaseRecord[]; embedded: readonly ModelJson[] }> {
  const held = await heldByLiveSessions(io);
  return { held, embedded: await embeddedModels(config, held, io) };
}

/** What was chosen for a purpose, or why nothing could be. */
type Choice = { readonly chosen: Chosen } | { readonly problem: string };

/** One choice for each purpose that has a model configured. */
async function choicesOf(
  config: Config,
  providers: Providers,
  io: CommandIo,
  deadline: AbortSignal,
): Promise<Map<Purpose, Choice>> {
  const selector = createModelSelector({
    config,
    env: io.env,
    providers: providers.forPurpose,
    embedded: { name: config.llms.embedded.model },
    clock: systemClock,
  });
  const configured = purposes.filter((purpose) => config.llms[purpose] !== null);
  const choices = configured.map(async (purpose): Promise<[Purpose, Choice]> => {
    try {
      return [purpose, { chosen: await raceSignal(selector.choose(purpose, deadline), deadline) }];
    } catch (error) {
      const { message, hint } = toErrorRecord(error);
      const problem = deadline.aborted ? 'The servers gave no answer in time.' : `${message} ${hint}`.trim();
      return [purpose, { problem }];
    }
  });
  return new Map(await Promise.all(choices));
}

interface Surroundings {
  readonly config: Config;
  readonly providers: Providers;
  readonly servers: readonly ServerModels[];
  readonly held: readonly ModelLeaseRecord[];
  readonly io: CommandIo;
}

async function purposeRow(
  purpose: Purpose,
  choice: Choice | undefined,
  { config, providers, servers, held, io }: Surroundings,
): Promise<PurposeJson> {
  if (choice === undefined) return noModel(purpose);
  if ('problem' in choice) return unavailable(purpose, choice.problem, config, providers);
  const { chosen } = choice;
  const { provider, model, usedFallback, fallbackReason } = chosen;
  const facts = provider === 'llamacpp' ? await embeddedFacts(chosen, held, io) : serverFacts(chosen, servers);
  return {
    purpose,
    provider,
    model,
    server: shownServer(chosen.server),
    usedFallback,
    fallbackReason,
    reason: usedFallback
      ? (fallbackReason ?? 'The configured model is not to be had.')
      : `configured in ${config.file}`,
    ...facts,
  };
}

type Facts = Pick<PurposeJson, 'memoryMb' | 'memoryBasis' | 'loaded' | 'contextTokens'>;

function serverFacts({ provider, model, server, load }: Chosen, servers: readonly ServerModels[]): Facts {
  const list = servers.find((each) => each.provider.id === provider && each.provider.server === server)?.models ?? null;
  const found = list?.find(({ info }) => isSame({ id: provider }, info.name, model));
  // A server with OpenAI's interface does not tell what is loaded.
  const loaded = provider === 'openai' || list === null ? null : (found?.loaded ?? null) !== null;
  return {
    memoryMb: found?.memoryMb ?? null,
    memoryBasis: found?.memoryBasis ?? null,
    loaded,
    contextTokens: found?.loaded?.contextTokens ?? Math.min(load.numCtx, found?.info.contextLength ?? load.numCtx),
  };
}

/** An embedded model lives in the process that holds it, so it is loaded for one purpose and not for another. */
async function embeddedFacts(
  { purpose, model, load }: Chosen,
  held: readonly ModelLeaseRecord[],
  io: CommandIo,
): Promise<Facts> {
  const leases = held.filter(
    (lease) => lease.provider === 'llamacpp' && lease.purpose === purpose && isSameEmbedded(lease.model, model),
  );
  const measuredMb = Math.max(0, ...leases.map((lease) => lease.memoryMb ?? 0));
  const figure =
    measuredMb > 0
      ? { memoryMb: measuredMb, memoryBasis: 'measured' as const }
      : await embeddedFigure(purpose, model, load, io);
  return { ...figure, loaded: leases.length > 0, contextTokens: leases[0]?.contextTokens ?? load.numCtx };
}

/** Only `vision` may have no model. */
function noModel(purpose: Purpose): PurposeJson {
  return {
    purpose,
    provider: null,
    model: null,
    server: null,
    usedFallback: false,
    fallbackReason: null,
    reason: `none configured: set llms.${purpose} in config.yaml`,
    memoryMb: null,
    memoryBasis: null,
    loaded: null,
    contextTokens: null,
  };
}

function unavailable(purpose: Purpose, reason: string, config: Config, providers: Providers): PurposeJson {
  const settings = config.llms[purpose] ?? config.llms.chat;
  const { provider, model, numCtx } = settings;
  return {
    purpose,
    provider,
    model,
    server: provider === 'llamacpp' ? 'embedded' : shownServer(providers.forPurpose(settings).server),
    usedFallback: false,
    fallbackReason: reason,
    reason,
    memoryMb: null,
    memoryBasis: null,
    loaded: false,
    contextTokens: numCtx,
  };
}

function serverRows(servers: readonly ServerModels[], maxMemoryMb: number): ModelJson[] {
  return servers.flatMap(({ provider, models }) =>
    (models ?? []).map(({ info, loaded, memoryMb, memoryBasis }) => ({
      name: info.name,
      provider: provider.id,
      server: shownServer(provider.server),
      sizeBytes: info.sizeBytes,
      contextTokens: info.contextLength,
      present: true,
      loaded: loaded !== null,
      memoryMb,
      memoryBasis,
      // A model on another machine takes nothing of this one's.
      fits: memoryMb === null || !isLocalServer(provider.server) ? null : memoryMb <= maxMemoryMb,
    })),
  );
}

/** Without the password that an address may hold. */
function shownServer(server: string): string {
  return server.includes('://') ? displayUrl(server) : server;
}
