import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { homedir, release, tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { type Borrowed, type BorrowedFolder, borrow } from './borrowed-folders.js';
import type { CommandRequest, CommandResult, CommandRunner, SandboxKind } from './command.js';
import { isAllowedUnsandboxed } from './run-command-allow.js';
import { commandEnvironment, findProgram, searchPath } from './run-command-environment.js';
import { filterFd, type Launch, runLaunched } from './run-command-process.js';
import { probeSandbox, type Sandbox } from './sandbox.js';
import { bwrapArguments, bwrapView, sandboxHome, visibleSockets } from './sandbox-bwrap.js';

/** Largest single file that a command may write. */
const fileLimitBytes = 1024 * 1024 * 1024;
/** Processes that one command may have at a time; a test run of a big project stays far below. */
const processLimit = 512;
/** And threads, over all its processes. */
const threadLimit = 4_096;
/** What a workspace may take on the disk while a command runs in it; its copy of the user's folder has at most 2 GB. */
const defaultDiskLimitBytes = 4 * 1024 * 1024 * 1024;
/** Added to the priority of the caller, so that the chat stays quick beside a command. */
const niceness = 10;

export interface CommandRunnerOptions {
  /** Value of WILSON_OWNER in everything that is started, so that a sweeper finds it. */
  readonly ownerToken: string;
  /** The caller's environment: PATH, HOME and the language are read from it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  /** Takes this kind without asking whether a stronger one works. */
  readonly force?: SandboxKind;
  /** Decides about commands where nothing isolates them; the built-in list without it. */
  readonly allow?: (argv: readonly string[]) => boolean | Promise<boolean>;
  /** Folders that a sandboxed command must not see, such as the state folder; a workspace inside stays visible. */
  readonly hide?: readonly string[];
  /** Installed packages of the user's folder; sandboxed commands see them in the workspace, read-only. */
  readonly dependencies?: readonly BorrowedFolder[];
  /** What a workspace may take on the disk while a command runs in it; 4 GB without it. */
  readonly diskLimitBytes?: number;
}

/** A {@link CommandRunner} that also says why nothing stronger isolates; null when the sandbox works. */
export interface ProbedCommandRunner extends CommandRunner {
  readonly sandboxProblem: string | null;
}

/**
 * Finds out once how commands can be isolated here (about 20 ms) and returns the runner.
 *
 * Bubblewrap is used directly: it gives what @anthropic-ai/sandbox-runtime would (no network, only the workspace
 * writable) at 16 ms a command instead of 50, without socat and ripgrep, and its pid namespace ends every descendant
 * for certain. That package's seccomp step would bar all Unix sockets, which tests of servers need; here those on which
 * somebody outside listens are hidden, and a filter of ours bars the kinds that no namespace does. Never rejects for want of a sandbox; `force` of a kind that does not work rejects with
 * `SANDBOX_UNAVAILABLE`.
 */
export async function createCommandRunner(options: CommandRunnerOptions): Promise<ProbedCommandRunner> {
  const sandbox = await chooseSandbox(options);
  const clock = options.clock ?? systemClock;
  const tools = {
    nice: await findProgram('nice', options.env, '/'),
    prlimit: await findProgram('prlimit', options.env, '/'),
    setpriv: await findProgram('setpriv', options.env, '/'),
  };
  let started = 0;

  return {
    sandbox: sandbox.kind,
    sandboxProblem: sandbox.kind === 'none' ? sandbox.reason : null,
    async run(request) {
      if (request.signal.aborted) throw aborted(request);
      started += 1;
      const owner = `${options.ownerToken}:command-${process.pid}-${started}`;
      const { cwd, workspaceRoot } = await resolveFolders(request);
      const borrowed = borrowedFor(request, options, sandbox, workspaceRoot);
      const program = (await borrowed?.program(request.argv[0], cwd)) ?? (await resolveProgram(request, options, cwd));
      const command = [program, ...request.argv.slice(1)];
      const limited = (namespace: boolean): string[] =>
        tools.prlimit === null
          ? command
          : [
              tools.prlimit,
              '--core=0',
              `--fsize=${fileLimitBytes}`,
              // Counts all processes of the user, except in a namespace of our own.
              ...(namespace && countsByNamespace() ? [`--nproc=${processLimit}`] : []),
              '--',
              ...command,
            ];
      const nice = tools.nice === null ? [] : [tools.nice, '-n', String(niceness)];
      const diskLimitBytes = options.diskLimitBytes ?? defaultDiskLimitBytes;
      const limits = { processLimit, threadLimit, diskLimitBytes, writable: workspaceRoot };
      const base = { owner, cwd, clock, request, ...limits };

      if (sandbox.kind === 'bwrap') {
        const { bwrap, view, userNamespace, filter } = sandbox;
        const launch = (): Promise<CommandResult> => {
          const emptyFiles = visibleSockets(view, workspaceRoot);
          const readOnly = borrowed?.mounts ?? [];
          const temporary = borrowed?.temporary ?? [];
          const given = { readOnly, temporary, infoFd: 3, filterFd: filter === null ? null : filterFd, emptyFiles };
          const wrapped = bwrapArguments({ bwrap, view, workspaceRoot, cwd, userNamespace, ...given });
          return runLaunched({
            ...base,
            kind: 'bwrap',
            privateFolder: '',
            filter,
            argv: [...nice, ...wrapped, ...limited(userNamespace)],
            env: environment(options, request, owner, sandboxHome, '/tmp', borrowed?.env),
          });
        };
        const result = await launch();
        // A socket that was to be hidden went away in the meantime: the command has not run yet.
        const isBwraps = result.exitCode === 1 && result.stdout === '' && result.stderr.startsWith("bwrap: Can't");
        return isBwraps ? launch() : result;
      }

      const allow = options.allow ?? isAllowedUnsandboxed;
      if (request.own !== true && !(await allow(request.argv))) throw refused(request, sandbox.reason);
      return withPrivateFolder((folder) =>
        runLaunched({
          ...base,
          kind: 'none',
          privateFolder: folder,
          filter: null,
          argv: [
            ...nice,
            ...(tools.setpriv === null ? [] : [tools.setpriv, '--pdeathsig', 'KILL', '--']),
            ...limited(false),
          ],
          env: environment(options, request, owner, folder, folder),
        } satisfies Launch),
      );
    },
  };
}

/** Since Linux 5.14 the limit on processes is counted for each user namespace; before, a busy desktop would reach it. */
function countsByNamespace(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 14);
}

async function chooseSandbox(options: CommandRunnerOptions): Promise<Sandbox> {
  if (options.force === 'none') return { kind: 'none', reason: 'isolation was switched off' };
  const home = options.env.HOME ?? homedir();
  const view = bwrapView(home, options.hide ?? [], searchPath(options.env));
  const sandbox = await probeSandbox(await findProgram('bwrap', options.env, '/'), view);
  if (options.force !== undefined && options.force !== sandbox.kind) {
    const reason = sandbox.kind === 'none' ? sandbox.reason : 'it is not supported';
    throw new WilsonError('SANDBOX_UNAVAILABLE', `The sandbox ${options.force} does not work here: ${reason}`, {
      hint: 'Install bubblewrap, or leave the choice to Wilson.',
    });
  }
  return sandbox;
}

/** Real paths, so that a symlink cannot make another folder writable. */
async function resolveFolders(request: CommandRequest): Promise<{ cwd: string; workspaceRoot: string }> {
  const workspaceRoot = await realpath(request.workspaceRoot);
  const cwd = await realpath(path.resolve(workspaceRoot, request.cwd));
  if (cwd !== workspaceRoot && !cwd.startsWith(workspaceRoot + path.sep)) {
    throw new WilsonError('PATH_OUTSIDE_WORKSPACE', `The command would run outside the workspace: ${request.cwd}`);
  }
  return { cwd, workspaceRoot };
}

async function resolveProgram(request: CommandRequest, options: CommandRunnerOptions, cwd: string): Promise<string> {
  const name = request.argv[0];
  const program = name.includes('\0') ? null : await findProgram(name, options.env, cwd);
  if (program !== null) return program;
  throw new WilsonError('COMMAND_NOT_FOUND', `There is no program ${JSON.stringify(name)} on this machine`, {
    hint: `Install ${name}, or use another program.`,
  });
}

function environment(
  options: CommandRunnerOptions,
  request: CommandRequest,
  owner: string,
  home: string,
  temporary: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return commandEnvironment({ from: options.env, home, temporary, owner, extra: { ...more, ...request.env } });
}

/** Null where nothing isolates: what is not mounted could be written. */
function borrowedFor(
  request: CommandRequest,
  options: CommandRunnerOptions,
  sandbox: Sandbox,
  workspaceRoot: string,
): Borrowed | null {
  if (sandbox.kind !== 'bwrap' || options.dependencies === undefined) return null;
  const projectRoot = path.resolve(workspaceRoot, request.projectRoot ?? '');
  const given = { projectRoot, view: sandbox.view, searchPath: searchPath(options.env), own: request.own === true };
  return borrow(options.dependencies, given);
}

async function withPrivateFolder(run: (folder: string) => Promise<CommandResult>): Promise<CommandResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'wilson-command-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refused(request: CommandRequest, reason: string): WilsonError {
  return new WilsonError('COMMAND_REFUSED', `Not run, since nothing isolates it here: ${request.argv.join(' ')}`, {
    hint: `Only syntax checks and test runs are allowed without a sandbox (${reason}). Install bubblewrap to run others.`,
  });
}

function aborted(request: CommandRequest): WilsonError {
  return new WilsonError('ABORTED', `Stopped before it ran: ${request.argv.join(' ')}`, {
    cause: request.signal.reason,
  });
}
