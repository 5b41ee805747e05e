import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './config/paths.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** Wilson's log for the one who looks for a fault; never what people read while they work. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Forgets everything. */
export const nullLog: Log = { debug: forget, info: forget, warn: forget, error: forget };

export interface LogOptions {
  readonly stateFolder: string;
  /** Of the file: `<stateFolder>/logs/<name>.log`. */
  readonly name: string;
  readonly level: LogLevel;
  /** Above this the file becomes `<name>.log.1`, whose former content goes. 5 MiB by default. */
  readonly limitBytes?: number;
}

const defaultLimitBytes = 5 * 1_048_576;

/**
 * A log in JSON lines. Every line is on disk when the call returns, so a crash loses none.
 *
 * Never rejects and never throws: where the file cannot be opened, {@link nullLog} is returned, and a line that cannot be
 * written is lost. Values under `apiKey` and `authorization` are replaced by `[hidden]`.
 */
export async function createLog(options: LogOptions): Promise<Log> {
  const folder = join(options.stateFolder, 'logs');
  const file = join(folder, `${options.name}.log`);
  const stream = openLogFile(folder, file, options.limitBytes ?? defaultLimitBytes);
  if (!stream) return nullLog;
  const { pino } = await import('pino');
  const logger = pino(
    {
      level: options.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['apiKey', '*.apiKey', 'authorization', '*.authorization', '*.*.authorization'],
        censor: '[hidden]',
      },
      serializers: { error: pino.stdSerializers.err },
    },
    stream,
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}

/** A file of at most `limitBytes` and one more line, with one former generation; null where it cannot be opened. */
function openLogFile(folder: string, file: string, limitBytes: number): { write(line: string): void } | null {
  let descriptor: number;
  try {
    makeFolder(folder, 0o700);
    descriptor = openSync(file, 'a', 0o600);
  } catch {
    // A log is a convenience; whoever needs the state folder for more says what is wrong with it.
    return null;
  }
  const isFull = (): boolean => fstatSync(descriptor).size >= limitBytes;
  const reopen = (): void => {
    const next = openSync(file, 'a', 0o600);
    closeSync(descriptor);
    descriptor = next;
  };
  const write = (line: string): void => {
    try {
      // The size is asked for each time, because other processes write to the file and put it aside too.
      if (isFull()) reopen();
      if (isFull()) {
        renameSync(file, `${file}.1`);
        reopen();
      }
      writeSync(descriptor, line);
    } catch {
      // A full disk must not stop the work, and there is nowhere left to say so.
    }
  };
  return { write };
}

function forget(): void {
  // Nothing is kept.
}
