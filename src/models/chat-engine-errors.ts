import { WilsonError } from '../errors.js';
import type { EngineExit } from './chat-engine-process.js';

/** The engine's process died under a request. */
export function crashed(name: string, exit: EngineExit): WilsonError {
  if (exit.wanted) {
    return new WilsonError('RUNNER_CRASHED', `The embedded model ${name} was unloaded before it had answered.`, {
      hint: 'Ask again; it is loaded when it is needed.',
    });
  }
  return new WilsonError('RUNNER_CRASHED', `The embedded model ${name} died: ${describeExit(exit)}.`, {
    hint: 'It is started again by itself; ask again.',
  });
}

/** It died too often in a short time. */
export function engineDown(name: string, lastExit: EngineExit | null): WilsonError {
  const last = lastExit === null ? '' : ` (last: ${describeExit(lastExit)})`;
  return new WilsonError(
    'ENGINE_DOWN',
    `The embedded model ${name} died again and again and is left alone now${last}.`,
    {
      hint: 'Wait a minute and try again; run `wilson doctor`, or use Ollama or a smaller model in config.yaml.',
    },
  );
}

function describeExit(exit: EngineExit): string {
  if (exit.hung) return 'it no longer reacted and was ended';
  const ending =
    exit.signal === 'SIGKILL'
      ? 'it was killed, perhaps because memory ran out'
      : exit.signal !== null
        ? `a fault in its native code (${exit.signal})`
        : `it ended with code ${exit.exitCode}`;
  const lastLine = exit.stderrTail.trim().split('\n').at(-1)?.trim() ?? '';
  return lastLine === '' ? ending : `${ending}; its last words: ${lastLine.slice(0, 200)}`;
}
