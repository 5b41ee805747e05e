import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { processIdentity, readProcStat } from '../platform/process-identity.js';
import { readPss } from '../platform/process-memory.js';

/** A process that runs models for Ollama, or one that looks like it, without an `ollama serve` above it. */
export interface ModelProcess {
  readonly pid: number;
  /** `llama-server`, or `ollama runner`. */
  readonly name: string;
  readonly memoryMb: number | null;
  readonly memoryKind: 'pss' | 'rss' | null;
  /** The program that has it as a child; null where the one that started it is gone. */
  readonly parent: { readonly pid: number; readonly name: string } | null;
  /** What it was called with after its name. */
  readonly args: readonly string[];
}

const megabyte = 1_048_576;
/** What adopts the children of dead parents besides process 1. */
const adopters = /^(systemd|init|tini|dumb-init|docker-init|catatonit|s6-svscan|runsvdir|launchd|containerd-shim.*)$/;

/** Looks for them in /proc; empty where there is none. Looks only: nothing is signalled. */
export async function modelProcessesWithoutServer(): Promise<ModelProcess[]> {
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => look(Number(name))));
  return found.filter((process) => process !== null).sort((a, b) => a.pid - b.pid);
}

async function look(pid: number): Promise<ModelProcess | null> {
  const words = await commandOf(pid);
  const name = words === null ? null : modelProcessName(words);
  if (words === null || name === null || processIdentity(pid) === null) return null;
  const parentPid = readProcStat(pid)?.parentPid;
  if (parentPid === undefined) return null;
  const parentWords = await commandOf(parentPid);
  const parentName = parentWords?.[0] === undefined ? '' : basename(parentWords[0]);
  if (parentName === 'ollama') return null;
  const orphaned = parentPid <= 1 || parentName === '' || adopters.test(parentName);
  const memory = await memoryOf(pid);
  return {
    pid,
    name,
    ...memory,
    parent: orphaned ? null : { pid: parentPid, name: parentName },
    args: words.slice(1),
  };
}

/** What a command line runs models as; null for any other program. Pure. */
export function modelProcessName([program = '', ...args]: readonly string[]): string | null {
  const name = basename(program);
  if (name === 'llama-server') return name;
  return name === 'ollama' && args.includes('runner') ? 'ollama runner' : null;
}

/** The command line of a process, split; null when it is gone. A kernel thread or zombie has none: `[]`. */
async function commandOf(pid: number): Promise<string[] | null> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return text === '' ? [] : text.replace(/\0$/, '').split('\0');
  } catch {
    // It ended while we looked.
    return null;
  }
}

/** PSS, or, of another user's process, RSS: that one everybody may read. */
async function memoryOf(pid: number): Promise<Pick<ModelProcess, 'memoryMb' | 'memoryKind'>> {
  const pss = await readPss(pid);
  if (pss !== null) return { memoryMb: Math.round(pss / megabyte), memoryKind: 'pss' };
  try {
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (kb !== undefined) return { memoryMb: Math.round(Number(kb) / 1_024), memoryKind: 'rss' };
  } catch {
    // It ended while we looked.
  }
  return { memoryMb: null, memoryKind: null };
}
