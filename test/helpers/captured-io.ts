import type { CommandIo } from '../../src/cli/command-io.js';

export interface CapturedIo extends CommandIo {
  readonly out: { stdout: string; stderr: string };
}

/** What a command prints, kept apart, on a state folder of its own. */
export function capturedIo(state: string): CapturedIo {
  const out = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      out[name] += text;
    },
  });
  return { out, stdout: sink('stdout'), stderr: sink('stderr'), env: { WILSON_HOME: state }, cwd: state };
}
