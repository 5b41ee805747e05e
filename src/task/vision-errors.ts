import { WilsonError } from '../errors.js';

/** No `llms.vision`: `image` is what nothing here can look at. */
export function visionNotConfigured(image: string | null): WilsonError {
  const what = image === null ? 'a picture' : image;
  return new WilsonError('VISION_NOT_CONFIGURED', `No vision model is configured: nothing here can see ${what}.`, {
    hint: 'Get one (`ollama pull llava:7b`) and set llms.vision in config.yaml, e.g. `vision: { provider: ollama, model: llava:7b }`.',
  });
}

/**
 * The configured vision model cannot be had, or cannot see. Another model is never taken for a picture: one that does not
 * see would make up what is in it.
 */
export function visionUnavailable(reason: string, options: { hint?: string; cause?: unknown } = {}): WilsonError {
  return new WilsonError('VISION_UNAVAILABLE', reason, {
    hint: 'Nothing else was asked: only a vision model can look at a picture. `wilson models` shows what is there.',
    ...options,
  });
}
