import { WilsonError } from '../errors.js';
import { damaged } from './llama-cpp-gguf.js';

export function aborted(): WilsonError {
  return new WilsonError('ABORTED', 'The request was stopped.');
}

/** The prompt does not fit: both figures in tokens. */
export function contextOverflow(promptTokens: number, numCtx: number): WilsonError {
  return new WilsonError(
    'CONTEXT_OVERFLOW',
    `The prompt has ${promptTokens} tokens and the context of the model holds ${numCtx}, the answer included.`,
    { hint: 'Shorten the request, or raise `num_ctx` for this model in config.yaml (it costs memory).' },
  );
}

/** What a failed load means: no binary for this machine, not enough memory, or a file that llama.cpp cannot read. */
export function loadError(path: string, error: unknown, lastLog: string): WilsonError {
  if (error instanceof WilsonError) return error;
  const name = error instanceof Error ? error.constructor.name : '';
  const message = error instanceof Error ? error.message : String(error);
  if (name === 'NoBinaryFoundError') {
    return new WilsonError('ENGINE_DOWN', 'There is no build of llama.cpp for this machine.', {
      hint: 'Use Ollama instead (provider: ollama in config.yaml).',
      cause: error,
    });
  }
  if (
    name === 'InsufficientMemoryError' ||
    /failed to allocate|out of memory|bad_alloc/i.test(`${message} ${lastLog}`)
  ) {
    return new WilsonError('OUT_OF_MEMORY', `There is not enough memory to load ${path}.`, {
      hint: 'Close other programs, lower `num_ctx` in config.yaml, or use a smaller model.',
      cause: error,
    });
  }
  if (/unknown model architecture|not supported/i.test(`${message} ${lastLog}`)) {
    return new WilsonError('BAD_REQUEST', `This version of llama.cpp cannot run ${path}: ${lastLog || message}.`, {
      hint: 'Use another model file.',
      cause: error,
    });
  }
  return damaged(path, error);
}
