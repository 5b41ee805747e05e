import type { Config } from '../config/config.js';
import { type ErrorRecord, toErrorRecord } from '../errors.js';
import type { SandboxKind } from '../platform/command.js';
import type { CommandIo } from './command-io.js';
import { modelProcessFindings } from './doctor-model-processes.js';
import { modelFindings } from './doctor-models.js';
import { error, ok, warn } from './findings.js';
import type { DoctorJson, Finding, ModelsJson } from './json-shapes.js';
import type { ModelProcess } from './model-processes.js';
import { writeJson } from './report.js';
import { memoryText, plural, sizeText } from './views/amounts.js';
import { findingsView } from './views/findings-view.js';
import type { ViewOptions } from './views/view.js';

export interface ServerState {
  readonly server: string;
  /** As people know it: `Ollama`, or `OpenAI-compatible server`. */
  readonly kind: string;
  /** Null when it does not answer as it should; `error` then says why. */
  readonly version: string | null;
  readonly error: ErrorRecord | null;
}

export interface EmbeddedModelState {
  readonly name: string;
  readonly present: boolean;
  /** Where it is, or where it would be put. */
  readonly path: string;
  /** What there is to fetch, or what is there; null where the catalog does not say. */
  readonly sizeBytes: number | null;
}

export interface MemoryState {
  readonly totalMb: number;
  readonly availableMb: number;
}

export interface SandboxState {
  readonly kind: SandboxKind;
  /** Programs that a stronger isolation would need, e.g. `bubblewrap`. */
  readonly missing: readonly string[];
}

export interface DatabaseState {
  readonly path: string;
  readonly tasks: number;
  /** What `quick_check` finds; empty when it is sound. */
  readonly damage: string;
}

export interface LeftoverState {
  /** Worker processes that are alive though the wilson that started them is gone. */
  readonly processes: readonly number[];
  /** Workspaces of tasks that are over, as paths. */
  readonly workspaces: readonly string[];
}

/** How the doctor looks at the machine. Each may reject: that becomes a finding, and the others still run. */
export interface DoctorProbes {
  config(): Promise<Config>;
  /** The servers that the configuration names. */
  servers(config: Config): Promise<readonly ServerState[]>;
  /** What each purpose would use now, and every model that is known. */
  models(config: Config): Promise<ModelsJson>;
  embeddedModel(config: Config): Promise<EmbeddedModelState>;
  memory(): Promise<MemoryState>;
  sandbox(): Promise<SandboxState>;
  database(): Promise<DatabaseState>;
  leftovers(): Promise<LeftoverState>;
  /** What runs models without a server of Ollama above it. */
  modelProcesses(): Promise<readonly ModelProcess[]>;
}

/** Longer than any healthy probe takes, short enough to wait for. */
const probeTimeoutMs = 15_000;

/** Looks at everything at once and returns the findings in a fixed order. Never rejects. */
export async function runDoctor(probes: DoctorProbes, timeoutMs = probeTimeoutMs): Promise<Finding[]> {
  const config = bounded(probes.config(), timeoutMs);
  const withConfig = async (name: string, look: (config: Config) => Promise<Finding[]>): Promise<Finding[]> => {
    const loaded = await config.catch(() => null);
    // What is wrong with the configuration is a finding already.
    return loaded ? guarded(name, () => look(loaded), timeoutMs) : [];
  };
  const groups = await Promise.all([
    guarded('The configuration', async () => [ok(`Configuration: ${(await config).file}`)], timeoutMs),
    withConfig('The model servers', async (loaded) => (await probes.servers(loaded)).map(serverFinding)),
    withConfig('The models', async (loaded) => {
      // That the memory cannot be read is a finding of its own.
      const machine = probes.memory().catch(() => null);
      const report = await probes.models(loaded).catch((thrown: unknown) => {
        // An address that is none: the servers' finding says so.
        if (toErrorRecord(thrown).code === 'CONFIG_INVALID') return null;
        throw thrown;
      });
      const totalMb = (await machine)?.totalMb ?? Number.POSITIVE_INFINITY;
      return report === null ? [] : modelFindings(report, loaded, totalMb);
    }),
    withConfig('The embedded model', async (loaded) => [embeddedFinding(await probes.embeddedModel(loaded))]),
    withConfig('The memory', async (loaded) => memoryFindings(await probes.memory(), loaded)),
    guarded('The sandbox', async () => [sandboxFinding(await probes.sandbox())], timeoutMs),
    guarded('The database', async () => [databaseFinding(await probes.database())], timeoutMs),
    guarded('What was left over', async () => leftoverFindings(await probes.leftovers()), timeoutMs),
    guarded(
      'The model processes',
      async () => modelProcessFindings(await probes.modelProcesses(), await config.catch(() => null)),
      timeoutMs,
    ),
  ]);
  return groups.flat();
}

/** `wilson doctor [--json]`; resolves with the exit code: 1 on an error. */
export async function doctorCommand(
  options: { readonly json: boolean; readonly view: ViewOptions },
  io: CommandIo,
  probes: DoctorProbes,
): Promise<number> {
  const findings = await runDoctor(probes);
  if (options.json) writeJson({ findings } satisfies DoctorJson, io);
  else io.stdout.write(findingsView(findings, options.view));
  return findings.some(({ level }) => level === 'error') ? 1 : 0;
}

function serverFinding({ kind, server, version, error }: ServerState): Finding {
  if (version !== null) return ok(`${kind} ${version} answers at ${server}.`);
  return warn(
    `${kind} at ${server}: ${error?.message ?? 'it does not answer.'}`,
    error?.hint || 'Start it, or correct the address in the configuration. Until then the embedded model is used.',
  );
}

function embeddedFinding({ name, present, path, sizeBytes }: EmbeddedModelState): Finding {
  if (present) return ok(`Embedded model ${name}: ${path} (${sizeText(sizeBytes)}).`);
  const size = sizeBytes === null ? '' : ` (${sizeText(sizeBytes)})`;
  return warn(
    `Embedded model ${name} is not here yet.`,
    `It is fetched at its first use${size}; now: wilson models pull ${name}`,
  );
}

function memoryFindings({ totalMb, availableMb }: MemoryState, config: Config): Finding[] {
  const { maxMemoryMb, warnThresholdMb } = config.resources;
  const there = `Memory: ${memoryText(availableMb)} of ${memoryText(totalMb)} available, Wilson may take ${memoryText(maxMemoryMb)}.`;
  if (maxMemoryMb > totalMb) {
    return [
      warn(
        there,
        `resources.max_memory_mb is more than this machine has: set it to at most ${Math.floor(totalMb)}, or take a smaller profile with: wilson config use lowend`,
      ),
    ];
  }
  if (availableMb < Math.min(1_024, warnThresholdMb)) {
    return [warn(there, 'Little is left: close other programs, or tasks will wait for memory.')];
  }
  return [ok(there)];
}

function sandboxFinding({ kind, missing }: SandboxState): Finding {
  const install = missing.length === 0 ? '' : ` Install ${missing.join(', ')} for it.`;
  if (kind === 'none') {
    return warn(
      'Commands of agents cannot be isolated here: what is not on the allow list is asked for or refused.',
      install.trim() || 'This machine allows neither bubblewrap nor Seatbelt; nothing to install would change it.',
    );
  }
  if (kind === 'bwrap' && missing.length > 0) {
    return ok(`Commands of agents run in bubblewrap: no network, only the workspace is writable.${install}`);
  }
  return ok(`Commands of agents are isolated (${kind}): no network, only the workspace is writable.`);
}

function databaseFinding({ path, tasks, damage }: DatabaseState): Finding {
  if (damage === '') return ok(`Database: ${path}, ${plural(tasks, 'task')}.`);
  return error(
    `The database ${path} is damaged: ${damage}`,
    `Move it away; Wilson then starts with an empty one: mv ${path} ${path}.damaged`,
  );
}

function leftoverFindings({ processes, workspaces }: LeftoverState): Finding[] {
  const findings: Finding[] = [];
  if (processes.length > 0) {
    findings.push(
      error(
        `${plural(processes.length, 'worker')} without a wilson: process ${processes.join(', ')}.`,
        'Start wilson once: it ends them. Or end them with: wilson kill --all',
      ),
    );
  }
  if (workspaces.length > 0) {
    findings.push(
      warn(
        `${plural(workspaces.length, 'workspace')} of tasks that are over take space: ${shortList(workspaces)}.`,
        'Take what is in them with wilson apply <task>, or drop it with wilson discard <task>.',
      ),
    );
  }
  return findings.length > 0 ? findings : [ok('No process and no workspace is left over.')];
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** The findings of one probe; what it rejects with, or that it takes too long, is an error of its own. */
async function guarded(name: string, look: () => Promise<Finding[]>, timeoutMs: number): Promise<Finding[]> {
  try {
    return await bounded(look(), timeoutMs);
  } catch (thrown) {
    const { message, hint } = toErrorRecord(thrown);
    return [error(`${name}: ${message}`, hint || 'The log in the state folder says more.')];
  }
}

function bounded<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s.`)), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
