import { sleep, systemClock } from '../clock.js';
import { loadConfigQuick } from '../config/load.js';
import { toErrorRecord } from '../errors.js';
import type { SessionLimits } from '../store/session-store.js';
import type { CommandIo } from './command-io.js';
import { withStore } from './command-store.js';
import { psReport } from './ps-report.js';
import { viewOptionsOf } from './view-options.js';
import { psView } from './views/ps-view.js';

export interface PsOptions {
  readonly json: boolean;
  readonly watch: boolean;
  readonly config?: string;
}

const watchEveryMs = 1_000;
const configExitCode = 2;

/** `wilson ps`: what runs now, in how much memory, and what waits and why. With `watch`, again every second. */
export async function ps(options: PsOptions, io: CommandIo): Promise<number> {
  const { limits, problem } = await configuredLimits(options, io);
  do {
    const report = await withStore(io, (store) => psReport(store, limits, systemClock.now()));
    if (options.json) {
      io.stdout.write(`${JSON.stringify(report)}\n`);
    } else {
      const view = psView(report, viewOptionsOf(io.stdout, io.env));
      io.stdout.write(options.watch && isTerminal(io.stdout) ? `\u001b[H\u001b[2J${view}` : view);
    }
    // The processes are shown all the same: whoever mends a configuration wants to see what runs.
    if (problem !== null) io.stderr.write(`The limits above are those of a running session, or 0. ${problem}\n`);
    if (options.watch) await sleep(systemClock, watchEveryMs);
  } while (options.watch);
  return problem === null ? 0 : configExitCode;
}

function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

/** The limits of the configuration; 0 and the problem where it cannot be read. */
async function configuredLimits(
  options: PsOptions,
  io: CommandIo,
): Promise<{ limits: SessionLimits; problem: string | null }> {
  try {
    const { workers, resources } = await loadConfigQuick({
      env: io.env,
      cwd: io.cwd,
      onNote: (note) => io.stderr.write(`${note}\n`),
      ...(options.config === undefined ? {} : { path: options.config }),
    });
    const { maxMemoryMb, warnThresholdMb } = resources;
    return { limits: { maxConcurrent: workers.maxConcurrent, maxMemoryMb, warnThresholdMb }, problem: null };
  } catch (error) {
    const { message, hint } = toErrorRecord(error);
    return { limits: { maxConcurrent: 0, maxMemoryMb: 0, warnThresholdMb: 0 }, problem: `${message}\n${hint}` };
  }
}
