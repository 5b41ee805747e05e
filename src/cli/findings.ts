import type { Finding } from './json-shapes.js';

/** Looked at, and well. */
export function ok(what: string): Finding {
  return { level: 'ok', what, remedy: '' };
}

/** Wilson works, but not as it should. */
export function warn(what: string, remedy: string): Finding {
  return { level: 'warn', what, remedy };
}

/** Something does not work until it is mended. */
export function error(what: string, remedy: string): Finding {
  return { level: 'error', what, remedy };
}
