import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;
/** More than any shell hands over; bigger numbers would make the list of descriptors absurd. */
const highest = 1023;

/**
 * Descriptors from `first` on that a child of this process would inherit without being given them: those that whoever
 * started us left open. A command could write through one whatever its sandbox bars. Empty where the system does not tell.
 */
export function inheritedFiles(first: number): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    // Not Linux.
    return [];
  }
  return names.map(Number).filter((fd) => fd >= first && fd <= highest && !closesOnExec(fd));
}

function closesOnExec(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags === undefined || (Number.parseInt(flags, 8) & closeOnExec) !== 0;
  } catch {
    // The one that listed the folder; it is closed by now.
    return true;
  }
}

/**
 * Gives `start` the entries for a child's `stdio` (from index `first` on) that put an empty file in the place of every
 * inherited descriptor.
 */
export function withoutInherited<T>(first: number, start: (more: readonly (0 | 'ignore')[]) => T): T {
  const inherited = inheritedFiles(first);
  if (inherited.length === 0) return start([]);
  const nothing = openSync('/dev/null', 'r');
  try {
    const more: (0 | 'ignore')[] = [];
    // execa takes any number there; its types know only those of the terminal.
    const entry = nothing as 0;
    for (let fd = first; fd <= Math.max(...inherited); fd += 1) more.push(inherited.includes(fd) ? entry : 'ignore');
    return start(more);
  } finally {
    closeSync(nothing);
  }
}
