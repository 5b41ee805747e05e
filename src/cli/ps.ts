import { sleep, systemClock } from '../clock.js';
import { loadConfigQuick } from '../config/load.js';
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

/** `wilson ps`: what runs now, in how much memory, and what waits and why. With `watch`, again every second. */
export async function ps(options: PsOptions, io: CommandIo): Promise<number> {
  const limits = await configuredLimits(options, io);
  do {
    const report = await withStore(io, (store) => psReport(store, limits, systemClock.now()));
    if (options.json) {
      io.stdout.write(`${JSON.stringify(report)}\n`);
    } else {
      const view = psView(report, viewOptionsOf(io.stdout, io.env));
      io.stdout.write(options.watch && isTerminal(io.stdout) ? `\u001b[H\u001b[2J${view}` : view);
    }
    if (options.watch) await sleep(systemClock, watchEveryMs);
  } while (options.watch);
  return 0;
}

function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

async function configuredLimits(options: PsOptions, io: CommandIo): Promise<SessionLimits> {
  const config = await loadConfigQuick({
    env: io.env,
    cwd: io.cwd,
    ...(options.config === undefined ? {} : { path: options.config }),
  });
  return {
    maxConcurrent: config.workers.maxConcurrent,
    maxMemoryMb: config.resources.maxMemoryMb,
    warnThresholdMb: config.resources.warnThresholdMb,
  };
}
