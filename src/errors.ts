/** The JSON form of a {@link WilsonError}: what crosses IPC, the database and `--json`. */
export interface ErrorRecord {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Every error that Wilson raises on purpose.
 *
 * `code` is stable and in capitals (`SERVER_UNREACHABLE`), `message` says what is wrong and where, and `hint` how to
 * mend it. An error without a hint has none to give; it is never a place for a second message.
 */
export class WilsonError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WilsonError';
    this.code = code;
    this.hint = options.hint ?? '';
  }

  toRecord(): ErrorRecord {
    return { code: this.code, message: this.message, hint: this.hint };
  }

  static fromRecord(record: ErrorRecord): WilsonError {
    return new WilsonError(record.code, record.message, { hint: record.hint });
  }
}

/** The record of anything that was thrown; what is not a WilsonError becomes `INTERNAL`. */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  if (thrown instanceof WilsonError || isForeignWilsonError(thrown)) {
    return { code: thrown.code, message: thrown.message, hint: thrown.hint };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'INTERNAL', message, hint: '' };
}

/** One of another copy of this class: `wilson ps` runs from a bundle that has its own. */
function isForeignWilsonError(thrown: unknown): thrown is Error & ErrorRecord {
  if (!(thrown instanceof Error) || thrown.name !== 'WilsonError') return false;
  return 'code' in thrown && typeof thrown.code === 'string' && 'hint' in thrown && typeof thrown.hint === 'string';
}

/** True for an error of the system (`ENOENT`, `EACCES` …) with that code. */
export function hasErrno(thrown: unknown, ...codes: string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && codes.includes(thrown.code);
}
