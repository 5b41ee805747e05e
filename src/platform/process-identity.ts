import { readFileSync } from 'node:fs';

/**
 * What tells a process from a later one with the same pid: nothing is ever signalled on a pid alone (scenario 6).
 * `startTime` is field 22 of /proc/PID/stat (clock ticks since boot) on Linux and the start date from `ps` elsewhere.
 */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pid: number;
  readonly startTime: string;
}

let cachedBootId: string | undefined;

/** Names this boot of the machine; pids and start times of another boot mean nothing. */
export function bootId(): string {
  if (cachedBootId === undefined) {
    try {
      cachedBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      // Not Linux: the start time below is a full date there, which no reboot repeats.
      cachedBootId = 'no-boot-id';
    }
  }
  return cachedBootId;
}

interface ProcStat {
  readonly state: string;
  readonly parentPid: number;
  readonly startTime: string;
}

/** Reads /proc/PID/stat; null when there is no such process. The command name may hold spaces and brackets. */
export function readProcStat(pid: number): ProcStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // Gone, or never there: both mean "no such process" to the caller.
    return null;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, startTime] = [fields[0], fields[1], fields[19]];
  if (state === undefined || parentPid === undefined || startTime === undefined) return null;
  return { state, parentPid: Number(parentPid), startTime };
}

function startTimeOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const stat = readProcStat(pid);
    // A zombie has given everything back and only waits to be noticed: it counts as gone.
    return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat.startTime;
  }
  try {
    // Only where there is no /proc; the import would cost every start of `wilson ps` 2 ms.
    const { execFileSync } = process.getBuiltinModule('node:child_process');
    const out = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim();
    return out === '' ? null : out;
  } catch {
    // `ps` exits 1 when there is no such process.
    return null;
  }
}

/** The identity of a live process, or null when there is none with that pid. */
export function processIdentity(pid: number): ProcessIdentity | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { bootId: bootId(), pid, startTime };
}

/** The identity of this very process. */
export function ownIdentity(): ProcessIdentity {
  return processIdentity(process.pid) ?? { bootId: bootId(), pid: process.pid, startTime: 'unknown' };
}

/** Whether exactly that process is still alive; a stranger with its pid is not. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  return startTimeOf(identity.pid) === identity.startTime;
}

/**
 * Signals exactly that process, or its group with `group: true`. Returns false when it is gone.
 * Throws only what the system says beyond "no such process" (`EPERM`).
 */
export function signalProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  options: { group?: boolean } = {},
): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(options.group === true ? -identity.pid : identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
