import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { packagedConfig, packageFolder } from '../config/source.js';
import { hasRoomFor, type ProfileMemory, suggestProfile } from '../config/suggest-profile.js';
import { toErrorRecord } from '../errors.js';
import { createOllamaProvider } from '../providers/ollama.js';
import { parseOllamaHost } from '../providers/ollama-host.js';
import { fullModelName, isSameModel } from '../providers/ollama-names.js';
import { raceSignal } from '../providers/stream-signal.js';
import { machineMemoryMb } from './machine-memory.js';
import type { Parent } from './parent.js';
import type { CliIo } from './program.js';
import { memoryText } from './views/amounts.js';

/** What the suggestion at the first start goes by. */
export interface FirstRunFacts {
  readonly totalMb: number;
  readonly profile: ProfileMemory;
  /** The models that the profile names, each once. */
  readonly profileModels: readonly string[];
  /** What is in force: the packaged configuration. */
  readonly currentModels: readonly string[];
  readonly currentMaxMemoryMb: number;
  /** The models of the Ollama server; null where none answers. */
  readonly serverModels: readonly string[] | null;
}

const answerWithinMs = 2_000;

/**
 * At the first chat ever, with the packaged configuration, tells which profile is made for this machine. Returns at once;
 * the notice comes when the server has been asked. Only on a terminal: a pipe gets answers and nothing else.
 */
export function suggestAtFirstRun(parent: Parent, io: CliIo): void {
  if (!io.stdin.isTTY || !io.stdout.isTTY || parent.config.file !== packagedConfig()) return;
  suggestion(parent, io).then(
    (text) => {
      if (text !== null) parent.supervisor.notify({ kind: 'info', taskId: null, text });
    },
    (error: unknown) => parent.log.warn({ error: toErrorRecord(error) }, 'no profile could be suggested'),
  );
}

async function suggestion(parent: Parent, io: CliIo): Promise<string | null> {
  const sessions = await parent.store.sessions.all();
  const profile = suggestProfile(machineMemoryMb());
  if (sessions.some(({ id }) => id !== parent.sessionId) || profile === null) return null;
  const path = join(packageFolder(), `config-${profile.name}.yaml`);
  const [wanted, serverModels] = await Promise.all([
    loadConfig({ path, env: {}, cwd: io.cwd }),
    modelsOnOllama(io.env),
  ]);
  return firstRunNotice({
    totalMb: machineMemoryMb(),
    profile,
    profileModels: modelsOf(wanted),
    currentModels: modelsOf(parent.config),
    currentMaxMemoryMb: parent.config.resources.maxMemoryMb,
    serverModels,
  });
}

/** The notice, or null where there is nothing to gain: what is in force has all its models, and no profile is larger. Pure. */
export function firstRunNotice(facts: FirstRunFacts): string | null {
  const { totalMb, profile, profileModels, currentModels, serverModels } = facts;
  const missingOf = (models: readonly string[]): string[] =>
    models.filter((model) => serverModels?.some((there) => isSameModel(there, model)) !== true);
  const isServed = missingOf(currentModels).length === 0 && hasRoomFor(facts.currentMaxMemoryMb, totalMb);
  if (isServed && profile.maxMemoryMb <= facts.currentMaxMemoryMb) return null;
  const machine = `This machine has ${memoryText(totalMb)} of memory`;
  const use = `\`wilson config use ${profile.name}\` sets Wilson up for it`;
  if (serverModels === null) return `${machine}: with Ollama, ${use}. It needs ${profileModels.join(' and ')}.`;
  const missing = missingOf(profileModels);
  if (missing.length === 0) return `${machine}: ${use}.`;
  const pulls = missing.map((model) => `\`wilson models pull ${model}\``).join(' and ');
  return `${machine}: ${use}, and then ${pulls} ${missing.length === 1 ? 'fetches what it lacks' : 'fetch what it lacks'}.`;
}

function modelsOf({ llms }: Config): string[] {
  const used = [llms.chat, llms.code, llms.analysis].filter(({ provider }) => provider === 'ollama');
  return [...new Set(used.map(({ model }) => fullModelName(model)))];
}

async function modelsOnOllama(env: NodeJS.ProcessEnv): Promise<string[] | null> {
  const provider = createOllamaProvider({ baseUrl: parseOllamaHost(env.OLLAMA_HOST) });
  const limit = AbortSignal.timeout(answerWithinMs);
  try {
    return (await raceSignal(provider.list(limit), limit)).map(({ name }) => name);
  } catch {
    // Why it does not answer the chat has said already.
    return null;
  } finally {
    await provider.close();
  }
}
