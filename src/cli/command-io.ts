import type { Environment } from '../config/paths.js';

/** What a command prints to; streams fit. */
export interface TextSink {
  write(text: string): unknown;
}

/** The world as a command sees it. `stdout` carries the result alone, everything for people besides goes to `stderr`. */
export interface CommandIo {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Environment;
  readonly cwd: string;
  /** How long a write waits for another process's lock; the store's default without it. */
  readonly busyTimeoutMs?: number;
}
