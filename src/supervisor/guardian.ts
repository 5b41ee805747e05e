import { type ChildProcess, spawn } from 'node:child_process';
import { ownerVariable } from '../platform/process-tree.js';

/**
 * Waits on a pipe for the end of its parent and then kills everything that carries the parent's owner mark, including
 * what left its group and session; then it becomes the command that gives back what is no process, the models on servers. A
 * shell (1 MB) does it: it must work when the parent was killed with SIGKILL, and
 * cost nothing until then. `bye` on the pipe is an orderly end.
 */
const script = `
read -r line
[ "$line" = bye ] && exit 0
clean=0
rounds=0
while [ $clean -lt 2 ] && [ $rounds -lt 50 ]; do
  pids=$(grep -lsF "$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)
  if [ -z "$pids" ]; then clean=$((clean + 1)); else clean=0; kill -9 $pids 2>/dev/null; fi
  rounds=$((rounds + 1))
  sleep 0.1
done
shift
[ $# -gt 0 ] && exec "$@"
`;

export interface Guardian {
  readonly pid: number | undefined;
  /** Orderly end: nothing is killed. */
  dismiss(): Promise<void>;
}

/** A command for when the parent is dead and its processes are gone. */
export interface GuardianAct {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts the guardian of a session. Linux only: elsewhere, and when it cannot start, workers still end by the closed
 * IPC channel, and the reaper of the next start finds the rest.
 */
export function startGuardian(sessionId: string, lastAct: GuardianAct | null = null): Guardian | null {
  if (process.platform !== 'linux') return null;
  let dismissed = false;
  let restarts = 0;
  let current = spawnGuardian(sessionId, lastAct);
  const watch = (): void => {
    void current.ended.then(() => {
      // Killed alone: then there must be another, but not one for ever where none can live.
      if (dismissed || restarts >= maxRestarts) return;
      restarts += 1;
      current = spawnGuardian(sessionId, lastAct);
      watch();
    });
  };
  watch();
  return {
    get pid() {
      return current.pid;
    },
    dismiss: async () => {
      dismissed = true;
      current.dismiss();
      await current.ended;
    },
  };
}

const maxRestarts = 5;

function spawnGuardian(
  sessionId: string,
  lastAct: GuardianAct | null,
): { pid: number | undefined; ended: Promise<void>; dismiss(): void } {
  const { [ownerVariable]: _, ...env }: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin', ...lastAct?.env };
  const mark = `${ownerVariable}=${sessionId}:`;
  const child: ChildProcess = spawn('/bin/sh', ['-c', script, 'wilson-guardian', mark, ...(lastAct?.command ?? [])], {
    // A session of its own: neither Ctrl-C nor the closing of the terminal reaches it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env,
    cwd: '/',
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  child.unref();
  const pipe = child.stdin;
  // EPIPE when the guardian was killed; then there is nobody to tell.
  pipe?.on('error', () => undefined);
  if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
  return {
    pid: child.pid,
    ended,
    dismiss: () => {
      child.ref();
      if (pipe?.writable === true) pipe.end('bye\n');
    },
  };
}
