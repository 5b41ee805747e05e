import { constants } from 'node:os';

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const names: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Listens to the signals that ask a process to end, and says with which exit code (128 + number). */
export class StopSignals {
  readonly #listeners = new Map<StopSignal, () => void>();

  start(onSignal: (signal: StopSignal, exitCode: number) => void): void {
    for (const name of names) {
      const listener = (): void => onSignal(name, 128 + constants.signals[name]);
      this.#listeners.set(name, listener);
      process.on(name, listener);
    }
  }

  stop(): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener);
    this.#listeners.clear();
  }
}
