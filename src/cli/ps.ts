import { sleep, systemClock } from '../clock.js';
import { loadConfigQuick } from '../config/load.js';
import { toErrorRecord } from '../errors.js';
import type { SessionLimits } from '../store/session-store.js';
import type { CommandIo } from './command-io.js';
import { withStore } from './command-store.js';
import { psReport } from './ps-report.js';
import { writeJson, writeJsonLine } from './report.js';
import { isTerminal, viewOptionsOf } from './view-options.js';
import { psView } from './views/ps-view.js';

export interface PsOptions {
  readonly json: boolean;
  readonly watch: boolean;
  readonly config?: string;
}

const watchEveryMs = 1_000;
const configExitCode = 2;

/**
 * `wilson ps`: what runs now, in how much memory, and what waits and why. With `watch`, again every second. What runs is
 * shown with a configuration that cannot be read, too, and the exit code is then 2; with nothing running, it throws what
 * is wrong with it.
 */
export async function ps(options: PsOptions, io: CommandIo): Promise<number> {
  const configured = await configuredLimits(options, io);
  const limits = (): SessionLimits => {
    if ('problem' in configured) throw configured.problem;
    return configured;
  };
  do {
    const report = await withStore(io, (store) => psReport(store, limits, systemClock.now()));
    if (options.json) {
      if (options.watch) writeJsonLine(report, io);
      else writeJson(report, io);
    } else {
      const view = psView(report, viewOptionsOf(io.stdout, io.env));
      io.stdout.write(options.watch && isTerminal(io.stdout) ? `\u001b[H\u001b[2J${view}` : view);
    }
    if ('problem' in configured) {
      const { message, hint } = toErrorRecord(configured.problem);
      io.stderr.write(`The limits are those of a running session. ${message}\n${hint}\n`);
    }
    if (options.watch) await sleep(systemClock, watchEveryMs);
  } while (options.watch);
  return 'problem' in configured ? configExitCode : 0;
}

/** The limits of the configuration, or what is wrong with it. */
async function configuredLimits(options: PsOptions, io: CommandIo): Promise<SessionLimits | { problem: unknown }> {
  try {
    const { workers, resources } = await loadConfigQuick({
      env: io.env,
      cwd: io.cwd,
      onNote: (note) => io.stderr.write(`${note}\n`),
      path: options.config,
    });
    const { maxMemoryMb, warnThresholdMb } = resources;
    return { maxConcurrent: workers.maxConcurrent, maxMemoryMb, warnThresholdMb };
  } catch (problem) {
    return { problem };
  }
}
