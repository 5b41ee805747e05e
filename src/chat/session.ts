import type { Clock } from '../clock.js';
import type { SupervisorPort } from '../supervisor/port.js';
import type { ChatModelPort } from './chat-model.js';
import type { ChatCommands, ChatHistory } from './turns.js';

export interface ChatDeps {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly errorOutput: NodeJS.WriteStream;
  readonly supervisor: SupervisorPort;
  readonly model: ChatModelPort;
  /** By name without the slash: `ps`, `kill`, `tasks`, `show`, `logs`, `diff`, `apply`, `undo`, `discard`, `retry`, `models`. */
  readonly commands: ChatCommands;
  readonly history: ChatHistory;
  readonly clock: Clock;
  /** The folder that tasks are asked in, absolute. */
  readonly folder: string;
  /** Printed before the first prompt. */
  readonly notices: readonly string[];
  /**
   * Hands the live tasks over to a parent without a chat and returns a line that says so. Where it is given, leaving
   * offers it; it must end this process's workers itself if the other parent starts fresh ones.
   */
  detach?(): Promise<string>;
}

/**
 * Runs the chat until the user leaves, the input ends or a signal asks for the end, and returns the exit code. Before it
 * returns the terminal is restored and, unless the tasks were handed over, the supervisor is shut down.
 */
export async function runChat(deps: ChatDeps): Promise<number> {
  let detached = false;
  const { detach } = deps;
  const own: ChatDeps =
    detach === undefined
      ? deps
      : {
          ...deps,
          detach: async () => {
            const line = await detach();
            detached = true;
            return line;
          },
        };
  // While only tasks are waited for, nothing else may keep the event loop alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    if (deps.input.isTTY && deps.output.isTTY && process.env.TERM !== 'dumb') {
      const { TerminalChat } = await import('./terminal-chat.js');
      return await new TerminalChat(own).run();
    }
    const { runPipedChat } = await import('./piped-chat.js');
    return await runPipedChat(own);
  } finally {
    if (!detached) await deps.supervisor.shutdown();
    clearInterval(alive);
  }
}
