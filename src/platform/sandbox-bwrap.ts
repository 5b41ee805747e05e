import { existsSync, lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { listeningSockets } from './unix-sockets.js';

/** What a private /tmp and /dev/shm of a command may hold; they live in memory. */
const temporaryLimitBytes = 512 * 1024 * 1024;

/** Home inside the sandbox; empty at the start of every command. */
export const sandboxHome = '/tmp/home';

/** Places below the home folder that hold keys, tokens, histories or sessions. */
const secretsOfHome = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.config',
  '.docker',
  '.kube',
  '.claude',
  '.codex',
  '.mozilla',
  '.thunderbird',
  '.password-store',
  '.local/share/keyrings',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.pgpass',
  '.git-credentials',
  '.terraformrc',
  '.terraform.d',
  '.cargo/credentials.toml',
  '.cargo/credentials',
  '.bash_history',
  '.zsh_history',
  '.python_history',
  '.node_repl_history',
] as const;

/** Sockets of services (a container engine, the desktop bus, databases) live here; a read-only mount would not bar them. */
const socketFolders = ['/run', '/var/run'] as const;

/**
 * Parts of /proc through which root, even without any capability, changes the machine as their owner: bubblewrap 0.8
 * leaves them writable there (seen: a sandboxed `echo` changed /proc/sys/kernel/core_pattern of the host).
 */
const kernelSettings = ['acpi', 'bus', 'fs', 'irq', 'mtrr', 'pressure', 'scsi', 'sys', 'sysrq-trigger'].map(
  (name) => `/proc/${name}`,
);

export interface BwrapView {
  /** Existing folders that appear empty. */
  readonly emptyFolders: readonly string[];
  /** Existing files that appear empty. */
  readonly emptyFiles: readonly string[];
  /** Parts of `emptyFolders` that stay visible, read-only: programs that live there. */
  readonly visible: readonly string[];
}

/**
 * Sorts out what of this machine a sandboxed command must not see: secrets of the home folder, sockets, and `hide`
 * (the state folder). Programs on `searchPath` that live in such a place stay visible with their installation.
 */
export function bwrapView(home: string, hide: readonly string[], searchPath: readonly string[]): BwrapView {
  const emptyFolders: string[] = [];
  const emptyFiles: string[] = [];
  for (const place of [...secretsOfHome.map((name) => path.join(home, name)), ...socketFolders, ...hide]) {
    if (!existsSync(place)) continue;
    // A mount over a symlink would follow it: hide what it leads to.
    const real = realpathSync(place);
    const list = lstatSync(real).isDirectory() ? emptyFolders : emptyFiles;
    if (!list.includes(real) && real !== '/') list.push(real);
  }
  const visible: string[] = [];
  for (const folder of searchPath) {
    if (!existsSync(folder)) continue;
    const real = realpathSync(folder);
    const hidden = emptyFolders.find((place) => real.startsWith(`${place}/`));
    if (hidden === undefined) continue;
    const installation = path.dirname(real);
    visible.push(installation.startsWith(`${hidden}/`) ? installation : real);
  }
  return { emptyFolders, emptyFiles, visible };
}

/** Sockets of the user's programs that a command would see: the read-only mount does not bar them. */
export function visibleSockets(view: BwrapView, workspaceRoot: string): string[] {
  const unseen = [...view.emptyFolders, '/tmp', '/dev', workspaceRoot];
  return listeningSockets().filter((socket) => !unseen.some((folder) => socket.startsWith(`${folder}/`)));
}

export interface BwrapOptions {
  readonly bwrap: string;
  readonly view: BwrapView;
  readonly workspaceRoot: string;
  readonly cwd: string;
  /** A user namespace of its own in which no further one can be made; not every machine allows it. */
  readonly userNamespace: boolean;
  /** File descriptor on which bwrap tells the pid of the sandbox's first process. */
  readonly infoFd: number | null;
  /** What is seen elsewhere too, e.g. in the workspace, without being writable there. */
  readonly readOnly?: readonly { readonly from: string; readonly to: string }[];
  /** Folders of those that appear empty, writable. */
  readonly temporary?: readonly string[];
  /** File descriptor from which bwrap reads the filter of system calls. */
  readonly filterFd?: number | null;
  /** Further files that appear empty: sockets that are there at this moment. */
  readonly emptyFiles?: readonly string[];
}

/**
 * The command line that runs what follows it without network, without sight of other processes, and with only the
 * workspace and a private /tmp writable. It dies with its parent, and everything in it with it: the first process
 * of a pid namespace takes all others along.
 */
export function bwrapArguments(options: BwrapOptions): string[] {
  const { view } = options;
  return [
    options.bwrap,
    ...(options.userNamespace ? ['--unshare-user', '--disable-userns'] : []),
    '--unshare-net',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--die-with-parent',
    '--new-session',
    // As root the sandbox would otherwise keep the right to undo its mounts.
    '--cap-drop',
    'ALL',
    ...(options.infoFd === null ? [] : ['--info-fd', String(options.infoFd)]),
    ...(options.filterFd == null ? [] : ['--seccomp', String(options.filterFd)]),
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    ...kernelSettings.flatMap((place) => ['--ro-bind-try', place, place]),
    '--dev',
    '/dev',
    ...limitedTmpfs('/dev/shm'),
    ...limitedTmpfs('/tmp'),
    '--dir',
    sandboxHome,
    ...view.emptyFolders.flatMap((folder) => ['--tmpfs', folder]),
    ...[...view.emptyFiles, ...(options.emptyFiles ?? [])].flatMap((file) => ['--ro-bind', '/dev/null', file]),
    ...view.visible.flatMap((folder) => ['--ro-bind', folder, folder]),
    '--bind',
    options.workspaceRoot,
    options.workspaceRoot,
    ...(options.readOnly ?? []).flatMap(({ from, to }) => ['--ro-bind', from, to]),
    ...(options.temporary ?? []).flatMap(limitedTmpfs),
    // They live in memory as well: nothing can be written there, now that all that lies in them is mounted.
    ...[...view.emptyFolders, '/dev'].flatMap((folder) => ['--remount-ro', folder]),
    '--chdir',
    options.cwd,
    '--',
  ];
}

function limitedTmpfs(folder: string): string[] {
  return ['--size', String(temporaryLimitBytes), '--tmpfs', folder];
}
