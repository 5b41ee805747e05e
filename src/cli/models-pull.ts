import { catalog, findCatalogEntry } from '../catalog/catalog.js';
import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import { ensureModel } from '../models/download.js';
import { renderProgress } from '../models/download-progress.js';
import { createOllamaProvider } from '../providers/ollama.js';
import { displayUrl, parseOllamaHost } from '../providers/ollama-host.js';
import { fullModelName, isSameModel } from '../providers/ollama-names.js';
import { pullOllamaModel } from '../providers/ollama-pull.js';
import { raceSignal } from '../providers/stream-signal.js';
import { purposes } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import type { PulledJson } from './json-shapes.js';
import type { ModelsCommand } from './models.js';
import { ProgressLine } from './progress-line.js';
import { PullMeter } from './pull-progress.js';
import { catalogHint, checkedName, pullTarget } from './pull-target.js';
import { reportError, writeJson } from './report.js';
import { sizeText } from './views/amounts.js';

/** As a shell counts a program that a signal ended. */
const stoppedExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
const answerWithinMs = 3_000;

/**
 * `wilson models pull <name>`: to this machine for the embedded engine, or to an Ollama server, with a bar on stderr.
 * Resolves with the exit code; a stop by Ctrl-C keeps what has arrived and is 130. Rejects with what is wrong otherwise.
 */
export async function pullModel(command: ModelsCommand, io: CommandIo): Promise<number> {
  if (command.name === undefined) {
    throw new WilsonError('USAGE', 'Which model? Name one.', {
      hint: `wilson models pull ${catalog[0]?.name ?? '<name>'}`,
    });
  }
  const name = checkedName(command.name);
  const stop = new AbortController();
  let exitCode = 1;
  const stopOn = (signal: keyof typeof stoppedExitCodes): void => {
    exitCode = stoppedExitCodes[signal];
    stop.abort();
  };
  // Once: whoever asks a second time does not want to wait for an orderly end.
  process.once('SIGINT', stopOn).once('SIGTERM', stopOn);
  const line = new ProgressLine(process.stderr);
  try {
    const pulled = await fetchModel(name, command, { io, signal: stop.signal, line });
    line.clear();
    if (command.json) writeJson(pulled, io);
    else io.stdout.write(doneText(pulled));
    return 0;
  } catch (error) {
    line.clear();
    if (!stop.signal.aborted) throw error;
    const stopped = new WilsonError('ABORTED', `Fetching ${name} was stopped.`, {
      hint: `What has arrived is kept: wilson models pull ${name} goes on from there.`,
      cause: error,
    });
    return reportError(stopped, { json: command.json, exitCode }, io);
  } finally {
    process.removeListener('SIGINT', stopOn).removeListener('SIGTERM', stopOn);
  }
}

interface Fetch {
  readonly io: CommandIo;
  readonly signal: AbortSignal;
  readonly line: ProgressLine;
}

async function fetchModel(name: string, command: ModelsCommand, fetch: Fetch): Promise<PulledJson> {
  const config = await loadConfig({
    env: fetch.io.env,
    cwd: fetch.io.cwd,
    onNote: (note) => fetch.io.stderr.write(`${note}\n`),
    path: command.config,
  });
  const target = pullTarget(name, config, command.target);
  if (target.kind === 'embedded') return fetchEmbedded(name, fetch);
  const baseUrl = parseOllamaHost(target.host ?? fetch.io.env.OLLAMA_HOST);
  const obstacle = await obstacleAt(baseUrl, fetch.signal);
  if (obstacle === null) return fetchToServer(name, baseUrl, fetch);
  if (target.kind === 'ollama-if-it-answers') return fetchEmbedded(name, fetch);
  throw noServer(name, obstacle, config);
}

async function fetchEmbedded(name: string, { io, signal, line }: Fetch): Promise<PulledJson> {
  const path = await ensureModel(name, {
    env: io.env,
    signal,
    onProgress: (progress) => line.show(`${name}: ${renderProgress(progress)}`),
  });
  const sizeBytes = findCatalogEntry(name)?.bytes ?? null;
  return { name, provider: 'llamacpp', server: 'embedded', path, sizeBytes };
}

async function fetchToServer(name: string, baseUrl: string, { signal, line }: Fetch): Promise<PulledJson> {
  const server = displayUrl(baseUrl);
  const meter = new PullMeter(`Ollama at ${server}`, systemClock);
  await pullOllamaModel({
    baseUrl,
    model: name,
    signal,
    onProgress: (progress) => line.show(`${name}: ${renderProgress(meter.next(progress))}`),
  });
  const model = fullModelName(name);
  return { name: model, provider: 'ollama', server, path: null, sizeBytes: await sizeOnServer(model, baseUrl) };
}

/** Null when an Ollama answers there, otherwise why not. */
async function obstacleAt(baseUrl: string, signal: AbortSignal): Promise<WilsonError | null> {
  const provider = createOllamaProvider({ baseUrl });
  const limit = AbortSignal.timeout(answerWithinMs);
  try {
    await raceSignal(provider.health(signal), limit);
    return null;
  } catch (error) {
    if (signal.aborted || !(error instanceof WilsonError)) throw error;
    if (!limit.aborted) return error;
    const where = displayUrl(baseUrl);
    return new WilsonError('TIMED_OUT', `Ollama at ${where} gave no answer within ${answerWithinMs / 1_000} s.`, {
      hint: 'Look whether it hangs, and start it again.',
    });
  } finally {
    await provider.close();
  }
}

/** What the server now lists; null where it does not say. The model is there either way: it reported success. */
async function sizeOnServer(model: string, baseUrl: string): Promise<number | null> {
  const provider = createOllamaProvider({ baseUrl });
  try {
    const models = await provider.list(AbortSignal.timeout(answerWithinMs));
    return models.find((each) => isSameModel(each.name, model))?.sizeBytes ?? null;
  } catch {
    return null;
  } finally {
    await provider.close();
  }
}

/** The catalog helps only those who did not name a server's model on purpose. */
function noServer(name: string, obstacle: WilsonError, config: Config): WilsonError {
  const { message, hint } = toErrorRecord(obstacle);
  const configured = purposes.some((purpose) => {
    const settings = config.llms[purpose];
    return settings?.provider === 'ollama' && isSameModel(settings.model, name);
  });
  const why = configured ? `${name} is to come from an Ollama server. ` : `${name} is not an embedded model, and `;
  return new WilsonError(obstacle.code, `${why}${message}`, {
    hint: `${hint} ${catalogHint()}`.trim(),
    cause: obstacle,
  });
}

function doneText({ name, path, server, sizeBytes }: PulledJson): string {
  if (path !== null) return `${name} is here: ${path}\n`;
  return `${name} is on the Ollama server at ${server}${sizeBytes === null ? '' : ` (${sizeText(sizeBytes)})`}.\n`;
}
