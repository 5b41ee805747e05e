/** 128 + SIGHUP: the terminal went away. */
export const hangUpExitCode = 129;

/**
 * Ends this process with an exit code. After a hang-up it ends by that signal, as shells expect, and because Node 20
 * aborts on its way out when the terminal that it wants to reset is gone (assertion in `ResetStdio`).
 */
export function endProcess(exitCode: number): void {
  if (exitCode === hangUpExitCode && process.platform !== 'win32') {
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
    return;
  }
  process.exit(exitCode);
}
