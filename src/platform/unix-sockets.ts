import { lstatSync, readFileSync, realpathSync } from 'node:fs';

/**
 * Paths of the Unix sockets on which something listens now, as the kernel lists them for this network namespace: a
 * read-only mount does not keep anybody from connecting to one. Empty where the system does not tell.
 */
export function listeningSockets(): string[] {
  let table: string;
  try {
    table = readFileSync('/proc/net/unix', 'utf8');
  } catch {
    // Not Linux, or /proc is not there.
    return [];
  }
  const found = new Set<string>();
  for (const line of table.split('\n').slice(1)) {
    // Num RefCount Protocol Flags Type St Inode Path; sockets without a name, or with an abstract one, have no slash.
    const at = line.indexOf(' /');
    if (at < 0) continue;
    const real = socketAt(line.slice(at + 1));
    if (real !== null) found.add(real);
  }
  return [...found];
}

/** The real path of a socket; null when it is gone, or belongs to a file system that is not ours. */
function socketAt(file: string): string | null {
  try {
    return lstatSync(file).isSocket() ? realpathSync(file) : null;
  } catch {
    return null;
  }
}
