import { toErrorRecord } from '../errors.js';
import type { CommandIo } from './command-io.js';
import type { ErrorJson } from './json-shapes.js';

/** A value as the only thing on stdout, indented for people who look at it. */
export function writeJson(value: unknown, io: CommandIo): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One of many values, each on a line of its own, for who reads them as they come. */
export function writeJsonLine(value: unknown, io: CommandIo): void {
  io.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Says what went wrong and how to mend it, to people or as JSON, and returns the exit code. */
export function reportError(thrown: unknown, options: { json: boolean; exitCode: number }, io: CommandIo): number {
  const error = toErrorRecord(thrown);
  if (options.json) writeJson({ error } satisfies ErrorJson, io);
  io.stderr.write(`${error.message}\n${error.hint === '' ? '' : `${error.hint}\n`}`);
  return options.exitCode;
}
