/**
 * The full name of a model on an Ollama server: one without a tag means `:latest`. The tag is looked for after the last
 * slash, because a registry's host may have a port (`host:5000/library/model`).
 */
export function fullModelName(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1);
  return base.includes(':') ? name : `${name}:latest`;
}

/** Whether two names mean the same model. */
export function isSameModel(a: string, b: string): boolean {
  return fullModelName(a) === fullModelName(b);
}
