/** Runs one program for an agent or a check, isolated as far as this machine can. */
export interface CommandRequest {
  /** Program and arguments; no shell is involved. */
  readonly argv: readonly [string, ...string[]];
  /** Working directory, inside `workspaceRoot`. */
  readonly cwd: string;
  /** The only place that may be written (besides a private /tmp). */
  readonly workspaceRoot: string;
  /** Where in it the project lies, whose installed packages are lent to the command; `workspaceRoot` without it. */
  readonly projectRoot?: string;
  readonly timeoutMs: number;
  /** Bytes kept of stdout and of stderr each: the first half and the last half; the rest is counted and dropped. */
  readonly outputLimitBytes: number;
  readonly signal: AbortSignal;
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The command line is Wilson's own (a syntax check, its test runner): it may run where nothing isolates. */
  readonly own?: boolean;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly droppedBytes: number;
  readonly durationMs: number;
}

export type SandboxKind = 'sandbox-runtime' | 'bwrap' | 'none';

/**
 * A runner of commands. `run` never rejects for what the command does (exit codes, signals and time-outs are results);
 * it rejects with `COMMAND_NOT_FOUND`, `COMMAND_REFUSED` (not on the allow list where nothing isolates) or `ABORTED`.
 * Whatever way a command ends, its whole process tree is gone when the promise settles.
 */
export interface CommandRunner {
  readonly sandbox: SandboxKind;
  run(request: CommandRequest): Promise<CommandResult>;
}
