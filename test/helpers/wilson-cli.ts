import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { TaskJson } from '../../src/cli/json-shapes.js';
import type { PsJson } from '../../src/cli/ps-json.js';
import { systemClock } from '../../src/clock.js';
import { type ProcessIdentity, processIdentity } from '../../src/platform/process-identity.js';
import { descendants, ownedProcesses } from '../../src/platform/process-tree.js';
import { Store } from '../../src/store/store.js';
import { type OllamaDouble, startOllamaDouble } from './ollama-double.js';
import { tempFolder } from './temp-folder.js';

const builtMain = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

export interface CliRun {
  readonly child: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the exit code, or the name of the signal. */
  readonly exited: Promise<number | string>;
  /** Resolves when stdout and stderr together match. */
  saw(pattern: RegExp): Promise<void>;
}

/** The built program on a machine of its own: state folder, project folder, configuration, model server. */
export interface Machine {
  readonly home: string;
  readonly project: string;
  readonly double: OllamaDouble;
  /** The entry of the program, and its environment, for a test that starts it in its own way. */
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  start(args: readonly string[], options?: { input?: string; env?: Record<string, string>; cwd?: string }): CliRun;
  /** Runs to the end. */
  run(
    args: readonly string[],
    options?: { input?: string; env?: Record<string, string>; cwd?: string },
  ): Promise<{ code: number | string; stdout: string; stderr: string }>;
  /** Another configuration file; returns its path. */
  writeConfig(text: string): string;
  ps(): Promise<PsJson>;
  task(id: string): Promise<TaskJson>;
  /** Everything alive that a session of this machine started. */
  processes(): ProcessIdentity[];
}

/**
 * A machine whose models are on a double of Ollama. When the test ends, what is still running is ended by its identity,
 * and it is an error when anything that Wilson started outlived the parents.
 */
export async function startMachine(options: { config?: string; main?: string } = {}): Promise<Machine> {
  const main = options.main ?? builtMain;
  if (!existsSync(main)) throw new Error('The program is not built: npm run build');
  const home = tempFolder();
  const project = join(home, 'project');
  mkdirSync(project);
  const double = await startOllamaDouble({});
  const config = join(home, 'config.yaml');
  writeFileSync(config, options.config ?? configFor(double.url));
  const ownEnv = { WILSON_HOME: join(home, 'state'), WILSON_CONFIG: config };
  const started: CliRun[] = [];

  const processes = (): ProcessIdentity[] => {
    let store: Store | null;
    try {
      store = Store.openExisting(join(home, 'state'), systemClock);
    } catch {
      // A test of a database that cannot be opened: nothing can have been started from it.
      return [];
    }
    if (store === null) return [];
    try {
      return store.sessions.all().flatMap((session) => ownedProcesses(`${session.id}:`));
    } finally {
      store.close();
    }
  };
  const start: Machine['start'] = (args, { input, env, cwd } = {}) => {
    const run = startCli([main, ...args], cwd ?? project, { ...ownEnv, ...env }, input);
    started.push(run);
    return run;
  };
  const machine: Machine = {
    home: join(home, 'state'),
    project,
    double,
    main,
    env: ownEnv,
    start,
    run: async (args, runOptions) => {
      const run = start(args, runOptions);
      const code = await run.exited;
      return { code, stdout: run.stdout, stderr: run.stderr };
    },
    writeConfig: (text) => {
      const path = join(home, 'other-config.yaml');
      writeFileSync(path, text);
      return path;
    },
    ps: async () => JSON.parse((await machine.run(['ps', '--json'])).stdout) as PsJson,
    task: async (id) => JSON.parse((await machine.run(['show', id, '--json'])).stdout) as TaskJson,
    processes,
  };
  onTestFinished(async () => {
    for (const run of started) {
      if (run.child.exitCode !== null || run.child.signalCode !== null) continue;
      run.child.kill('SIGCONT');
      run.child.kill('SIGTERM');
      await run.exited;
    }
    await double.close();
    expect(processes()).toEqual([]);
  });
  return machine;
}

export function configFor(url: string, maxConcurrent = 2): string {
  return `llms:
  chat: { provider: ollama, model: "smollm2:135m", keep_alive: true, host: "${url}", num_ctx: 2048 }
  code: { provider: ollama, model: "qwen2.5-coder:0.5b", temperature: 0.2, host: "${url}", num_ctx: 2048 }
  analysis: { provider: ollama, model: "smollm2:135m", host: "${url}", num_ctx: 2048 }
workers: { max_concurrent: ${maxConcurrent} }
resources: { max_memory_mb: 16384, warn_threshold_mb: 14336 }
`;
}

function startCli(
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  input: string | undefined,
): CliRun {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
      for (const watcher of watchers) watcher();
    });
  });
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    for (const watcher of watchers) watcher();
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    for (const watcher of watchers) watcher();
  });
  // The program may end before it has read all that it is given.
  child.stdin?.on('error', () => undefined);
  if (input !== undefined) child.stdin?.end(input);
  return {
    child,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    exited,
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stdout + stderr)) {
            watchers.delete(look);
            resolve();
          } else if (child.exitCode !== null) {
            watchers.delete(look);
            reject(new Error(`ended with ${child.exitCode} before ${pattern}:\n${stdout}\n${stderr}`));
          }
        };
        watchers.add(look);
        look();
      }),
  };
}

/** The identity of a live process and of all below it. */
export async function treeOf(pid: number): Promise<ProcessIdentity[]> {
  const root = processIdentity(pid);
  return root === null ? [] : [root, ...(await descendants(pid))];
}

/** Resolves when `condition` holds; rejects after `limitMs`. For what happens in other processes, where no event is ours. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  what: string,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
