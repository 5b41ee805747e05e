import type { ToolSpec } from '../providers/provider.js';

export interface ToolContext {
  /** Aborted when the task ends; a running command is stopped then. */
  readonly signal: AbortSignal;
}

/**
 * Something that a model may ask for. `run` takes the arguments as the model wrote them and resolves with the text that
 * the model gets to read, capped and saying so. It rejects with a WilsonError whose message is meant for the model too:
 * `BAD_ARGUMENTS`, `PATH_OUTSIDE_WORKSPACE`, `FILE_NOT_FOUND`, `EDIT_NOT_FOUND`, `EDIT_AMBIGUOUS`, `NOT_TEXT`,
 * `FILE_TOO_LARGE`, `FILE_UNREADABLE`, and those of the command runner.
 */
export interface Tool {
  readonly spec: ToolSpec;
  run(args: Readonly<Record<string, unknown>>, context: ToolContext): Promise<string>;
}
