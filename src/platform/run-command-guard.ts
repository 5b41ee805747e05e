import { ownerVariable } from './process-tree.js';

/**
 * Waits until its input ends, which it does when the caller dies by whatever means, and then ends the command whose
 * pid and owner mark it was given, with all that carries the mark, and removes its private folder. /proc is asked
 * first, so that no stranger is hit.
 */
const script = `
read -r line
if [ -d /proc/self ]; then
  if grep -qsaF "${ownerVariable}=$2" "/proc/$1/environ"; then kill -KILL -- "-$1"; fi
  for round in 1 2 3; do
    for file in $(grep -lsaF "${ownerVariable}=$2" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}; kill -KILL "\${pid%/environ}"
    done
  done
else
  kill -KILL -- "-$1"
fi 2>/dev/null
rm -rf -- "$3"
`;

export interface CommandGuard {
  /** Ends the guard when the command is over. */
  dismiss(): Promise<void>;
}

/** For commands that no sandbox takes along when the calling process is killed. Not on Windows. */
export async function startGuard(
  pid: number,
  owner: string,
  environment: Readonly<Record<string, string>>,
  privateFolder: string,
): Promise<CommandGuard> {
  if (process.platform === 'win32') return { dismiss: () => Promise.resolve() };
  const { execa } = await import('execa');
  const guard = execa('sh', ['-c', script, 'sh', String(pid), owner, privateFolder], {
    reject: false,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    detached: true,
    cleanup: false,
    extendEnv: false,
    env: { PATH: environment.PATH ?? '/usr/bin:/bin' },
  });
  return {
    async dismiss() {
      guard.kill('SIGKILL');
      await guard;
    },
  };
}
