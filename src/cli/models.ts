import { catalog, findCatalogEntry } from '../catalog/catalog.js';
import { locateModel } from '../catalog/model-cache.js';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import { ensureModel } from '../models/download.js';
import { renderProgress } from '../models/download-progress.js';
import { createModelSelector } from '../models/model-selection.js';
import { displayUrl } from '../providers/ollama-host.js';
import type { ModelChoice } from '../supervisor/port.js';
import { type Purpose, purposes } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import type { ModelJson, ModelsJson } from './json-shapes.js';
import { ProgressLine } from './progress-line.js';
import { configuredServers, createProviders, type Providers } from './providers.js';
import { writeJson } from './report.js';
import { viewOptionsOf } from './view-options.js';
import { modelsView } from './views/models-view.js';

export interface ModelsCommand {
  readonly action?: string | undefined;
  readonly name?: string | undefined;
  readonly json: boolean;
  readonly config?: string;
}

const askServerMs = 3_000;

/** `wilson models` and `wilson models pull <name>`. */
export async function models(command: ModelsCommand, io: CommandIo): Promise<number> {
  if (command.action === 'pull') return pull(command, io);
  if (command.action !== undefined) {
    throw new WilsonError('USAGE', `There is no action ${JSON.stringify(command.action)}.`, {
      hint: 'wilson models, or wilson models pull <name>',
    });
  }
  const config = await configOf(command, io);
  const report = await modelsReport(config, io);
  if (command.json) writeJson(report, io);
  else io.stdout.write(modelsView(report, viewOptionsOf(io.stdout, io.env)));
  return 0;
}

function configOf(command: ModelsCommand, io: CommandIo): Promise<Config> {
  return loadConfig({
    env: io.env,
    cwd: io.cwd,
    onNote: (note) => io.stderr.write(`${note}\n`),
    path: command.config,
  });
}

/** What each purpose would use now and why, and every model that is known: on the servers, and in the catalog. */
export async function modelsReport(config: Config, io: CommandIo): Promise<ModelsJson> {
  const providers = createProviders(io.env);
  try {
    const choices = await choicesOf(config, providers, io);
    const onServers = await modelsOnServers(config, providers);
    const embedded = await Promise.all(catalog.map((entry) => catalogModel(entry.name, io)));
    return { purposes: choices, models: [...onServers, ...embedded] };
  } finally {
    await providers.close();
  }
}

/** One choice a purpose; a purpose that has no model now (fallback forbidden) is told with the reason. */
export async function choicesOf(config: Config, providers: Providers, io: CommandIo): Promise<ModelChoice[]> {
  const selector = createModelSelector({
    config,
    env: io.env,
    providers: providers.forPurpose,
    embedded: { name: config.llms.embedded.model },
    clock: systemClock,
  });
  const signal = AbortSignal.timeout(askServerMs * 2);
  const wanted = purposes.filter((purpose) => purpose !== 'vision' || config.llms.vision !== null);
  return Promise.all(
    wanted.map(async (purpose) => {
      try {
        const { provider, model, server, usedFallback, fallbackReason } = await selector.choose(purpose, signal);
        return { purpose, provider, model, server: shownServer(server), usedFallback, fallbackReason };
      } catch (error) {
        return noChoice(config, purpose, toErrorRecord(error));
      }
    }),
  );
}

/** Without the password that an address may hold. */
function shownServer(server: string): string {
  return server.includes('://') ? displayUrl(server) : server;
}

function noChoice(config: Config, purpose: Purpose, error: { message: string; hint: string }): ModelChoice {
  const { provider, model, host } = config.llms[purpose] ?? config.llms.chat;
  const reason = `${error.message} ${error.hint}`.trim();
  return { purpose, provider, model, server: shownServer(host ?? ''), usedFallback: false, fallbackReason: reason };
}

async function modelsOnServers(config: Config, providers: Providers): Promise<ModelJson[]> {
  const lists = await Promise.all(
    configuredServers(config, providers).map(async (provider) => {
      try {
        const signal = AbortSignal.timeout(askServerMs);
        const [known, loaded] = await Promise.all([provider.list(signal), provider.loaded(signal)]);
        const loadedNames = new Set(loaded.map(({ name }) => name));
        return known.map((model) => ({
          name: model.name,
          provider: provider.id,
          server: shownServer(provider.server),
          sizeBytes: model.sizeBytes,
          contextTokens: model.contextLength,
          present: true,
          loaded: loadedNames.has(model.name),
        }));
      } catch {
        // That the server does not answer is said with the purposes that wanted it.
        return [];
      }
    }),
  );
  return lists.flat();
}

async function catalogModel(name: string, io: CommandIo): Promise<ModelJson> {
  const entry = findCatalogEntry(name);
  const onDamaged = (what: string): void => {
    io.stderr.write(`${what}\n`);
  };
  const located = await locateModel(name, io.env, { onDamaged }).catch((error: unknown) => {
    io.stderr.write(`${toErrorRecord(error).message}\n`);
    return null;
  });
  return {
    name,
    provider: 'llamacpp',
    server: 'embedded',
    sizeBytes: entry?.bytes ?? null,
    contextTokens: entry?.contextLength ?? null,
    present: located !== null,
    loaded: false,
  };
}

async function pull(command: ModelsCommand, io: CommandIo): Promise<number> {
  const { name } = command;
  if (name === undefined) {
    throw new WilsonError('USAGE', 'Which model? Name one.', {
      hint: `wilson models pull ${catalog[0]?.name ?? '<name>'}`,
    });
  }
  if (findCatalogEntry(name) === null) {
    throw new WilsonError('MODEL_MISSING', `${name} is not in the catalog of embedded models.`, {
      hint: `The catalog has ${catalog.map((entry) => entry.name).join(', ')}. For a model of Ollama: ollama pull ${name}`,
    });
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const line = new ProgressLine(process.stderr);
  const path = await ensureModel(name, {
    env: io.env,
    signal: stop.signal,
    onProgress: (progress) => line.show(`${name}: ${renderProgress(progress)}`),
  });
  line.clear();
  if (command.json) writeJson({ name, path }, io);
  else io.stdout.write(`${name} is here: ${path}\n`);
  return 0;
}
