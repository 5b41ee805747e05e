import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BwrapView, bwrapArguments } from './sandbox-bwrap.js';
import { syscallFilter } from './sandbox-syscalls.js';

/** How commands can be isolated on this machine; found out once by trying. */
export type Sandbox =
  | {
      readonly kind: 'bwrap';
      readonly bwrap: string;
      readonly userNamespace: boolean;
      readonly view: BwrapView;
      /** Which system calls are refused; null where the kernel or the processor has no such filter. */
      readonly filter: Buffer | null;
    }
  | { readonly kind: 'none'; readonly reason: string };

const probeTimeoutMs = 5_000;

/**
 * Tries bubblewrap, with a user namespace of its own first, and takes it only when a write inside the workspace arrives
 * and one beside it does not. Never rejects: what fails is the `reason` of `none`.
 */
export async function probeSandbox(bwrap: string | null, view: BwrapView): Promise<Sandbox> {
  if (process.platform !== 'linux') return { kind: 'none', reason: 'bubblewrap runs on Linux only' };
  if (bwrap === null) return { kind: 'none', reason: 'bwrap is not installed' };
  const known = syscallFilter(process.arch);
  let reason = '';
  for (const filter of known === null ? [null] : [known, null]) {
    for (const userNamespace of [true, false]) {
      const failure = await tryBwrap(bwrap, view, userNamespace, filter);
      if (failure === null) return { kind: 'bwrap', bwrap, userNamespace, view, filter };
      reason = failure;
    }
  }
  return { kind: 'none', reason };
}

async function tryBwrap(
  bwrap: string,
  view: BwrapView,
  userNamespace: boolean,
  filter: Buffer | null,
): Promise<string | null> {
  const { execa } = await import('execa');
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'wilson-probe-')));
  try {
    const workspaceRoot = path.join(folder, 'inside');
    await mkdir(workspaceRoot);
    const filterFd = filter === null ? null : 3;
    const cwd = workspaceRoot;
    const argv = bwrapArguments({ bwrap, view, workspaceRoot, cwd, userNamespace, infoFd: null, filterFd });
    // In a subshell: a redirection that fails, as it shall, would end the shell itself.
    const script = ': > inside; (: > ../outside) 2>/dev/null; exit 0';
    const [program = bwrap, ...args] = [...argv, '/bin/sh', '-c', script];
    const result = await execa(program, args, {
      reject: false,
      stdio: ['ignore', 'pipe', 'pipe', ...(filter === null ? [] : [filter])],
      timeout: probeTimeoutMs,
    });
    if (result.exitCode !== 0) return (result.stderr || result.message || 'bwrap failed').slice(0, 300);
    const [inside, outside] = [await readdir(workspaceRoot), await readdir(folder)];
    if (!inside.includes('inside')) return 'bwrap ran, but its command could not write in the workspace';
    if (outside.includes('outside')) return 'bwrap ran, but its command could write outside the workspace';
    return null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
