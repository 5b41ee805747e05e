import type { Config, PurposeConfig } from '../config/config.js';
import { configTarget, loadConfig, locateConfig } from '../config/load.js';
import { nearest } from '../config/problem.js';
import { useProfile } from '../config/profiles.js';
import type { ConfigSearch } from '../config/source.js';
import { WilsonError } from '../errors.js';
import type { CommandIo } from './command-io.js';
import { reportError, writeJson } from './report.js';

export interface ConfigCommand {
  readonly action: 'path' | 'show' | 'use';
  /** For `use`. */
  readonly profile: string | null;
  readonly json: boolean;
  /** From `--config`. */
  readonly path: string | null;
}

const actions = ['path', 'show', 'use'] as const;

/** `wilson config path | show | use <profile>`, without the first word. Resolves with the exit code: 0, or 2 when invalid. */
export async function configCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const json = args.includes('--json');
  try {
    return await runConfigCommand(parseConfigArgs(args), io, new Date());
  } catch (error) {
    return reportError(error, { json, exitCode: 2 }, io);
  }
}

/** Throws `USAGE`. */
export function parseConfigArgs(args: readonly string[]): ConfigCommand {
  const words: string[] = [];
  let json = false;
  let path: string | null = null;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--json') json = true;
    else if (arg === '--config') path = rest.shift() ?? usage('--config needs the path of a file.');
    else if (arg.startsWith('--config=')) path = arg.slice('--config='.length);
    else if (arg.startsWith('-')) usage(`Unknown option ${arg}.`);
    else words.push(arg);
  }
  const [word, profile, ...more] = words;
  const action = actions.find((name) => name === word);
  if (!action) {
    const near = word === undefined ? null : nearest(word, actions);
    usage(
      `${word === undefined ? 'An action is missing.' : `Unknown action ${word}.`}${near ? ` Did you mean ${near}?` : ''}`,
    );
  }
  if (action === 'use' && profile === undefined) usage('The name of a profile is missing.');
  if (action !== 'use' && profile !== undefined) usage(`config ${action} takes no further words.`);
  if (more.length > 0) usage(`Too many words: ${more.join(' ')}.`);
  return { action, profile: profile ?? null, json, path };
}

/** Does what was asked; throws what {@link loadConfig} and {@link useProfile} throw. `now` names the backup. */
export async function runConfigCommand(command: ConfigCommand, io: CommandIo, now: Date): Promise<number> {
  const onNote = (note: string): void => {
    io.stderr.write(`${note}\n`);
  };
  const search = { path: command.path ?? undefined, env: io.env, cwd: io.cwd, onNote };
  if (command.action === 'path') {
    const { file, origin } = await locateConfig(search);
    if (command.json) writeJson({ file, origin }, io);
    else io.stdout.write(`${file}\n`);
    return 0;
  }
  if (command.action === 'show') {
    const config = await loadConfig(search);
    if (command.json) writeJson(config, io);
    else io.stdout.write(await configText(config));
    return 0;
  }
  return use(command, search, io, now);
}

async function use(command: ConfigCommand, search: ConfigSearch, io: CommandIo, now: Date): Promise<number> {
  const result = useProfile(command.profile ?? '', await configTarget(search), now);
  // Read back: a profile that does not load is better found out here than at the next start.
  await loadConfig({ path: command.path ?? undefined, env: io.env, cwd: io.cwd });
  if (command.json) {
    writeJson({ profile: command.profile, ...result }, io);
    return 0;
  }
  const { file, backup, changed } = result;
  io.stdout.write(changed ? `${file} now holds the profile ${command.profile}.\n` : `${file} holds it already.\n`);
  if (backup !== null) io.stdout.write(`What it held before is in ${backup}\n`);
  return 0;
}

/** `config.yaml` with every default filled in. */
async function configText(config: Config): Promise<string> {
  const { stringify } = await import('yaml');
  const { llms, workers, resources } = config;
  const values = {
    llms: {
      chat: purposeKeys(llms.chat),
      code: purposeKeys(llms.code),
      analysis: purposeKeys(llms.analysis),
      ...(llms.vision && { vision: purposeKeys(llms.vision) }),
      embedded: { model: llms.embedded.model },
      fallback: llms.fallback,
      load_timeout: llms.loadTimeoutS,
    },
    workers: {
      max_concurrent: workers.maxConcurrent,
      spawn_mode: workers.spawnMode,
      kill_after_task: workers.killAfterTask,
      preload_models: workers.preloadModels,
      apply: workers.apply,
    },
    resources: { max_memory_mb: resources.maxMemoryMb, warn_threshold_mb: resources.warnThresholdMb },
  };
  return `# From ${config.file}, with every default filled in.\n${stringify(values)}`;
}

function purposeKeys(purpose: PurposeConfig): Record<string, unknown> {
  return {
    provider: purpose.provider,
    model: purpose.model,
    temperature: purpose.temperature,
    keep_alive: purpose.keepAlive,
    idle_timeout: purpose.idleTimeoutS,
    host: purpose.host,
    api_key_env: purpose.apiKeyEnv,
    num_ctx: purpose.numCtx,
    num_threads: purpose.numThreads,
  };
}

function usage(message: string): never {
  throw new WilsonError('USAGE', message, {
    hint: 'wilson config path | show | use <profile>, each with --json and --config FILE',
  });
}
