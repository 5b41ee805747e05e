import { WilsonError } from '../errors.js';

export type Arguments = Readonly<Record<string, unknown>>;

/** A text argument; rejects what is no text, and an absent one unless `fallback` is given. */
export function textArgument(args: Arguments, name: string, fallback?: string): string {
  const value = args[name] ?? fallback;
  if (typeof value === 'string') return value;
  throw badArguments(`"${name}" must be a text${value === undefined ? ', and is missing' : ''}`);
}

/** A whole number between `min` and `max`; small models often write it as text. */
export function numberArgument(args: Arguments, name: string, fallback: number, min: number, max: number): number {
  const value = args[name] ?? fallback;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
  throw badArguments(`"${name}" must be a whole number from ${min} to ${max}`);
}

export function booleanArgument(args: Arguments, name: string, fallback: boolean): boolean {
  const value = args[name] ?? fallback;
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw badArguments(`"${name}" must be true or false`);
}

export function badArguments(message: string): WilsonError {
  return new WilsonError('BAD_ARGUMENTS', `Wrong arguments: ${message}`);
}
