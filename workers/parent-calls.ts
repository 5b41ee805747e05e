import { WilsonError } from '../src/errors.js';
import type { FromWorker, ToWorker } from '../src/protocol/messages.js';
import type { OrchestrationTool } from '../src/task/orchestration.js';

interface Waiting {
  resolve(text: string): void;
  reject(error: WilsonError): void;
}

/** The calls of a worker to its parent that are under way; each is answered once, in any order. */
export class ParentCalls {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(private readonly send: (message: FromWorker) => void) {}

  /** Resolves with the answer as JSON. Rejects with `CALL_REFUSED` and the reason, or `ABORTED` when the work is stopped. */
  ask(tool: OrchestrationTool, args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(stopped(signal));
        return;
      }
      this.lastId += 1;
      const id = this.lastId;
      const onAbort = (): void => {
        this.waiting.delete(id);
        reject(stopped(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const done = (): void => signal.removeEventListener('abort', onAbort);
      this.waiting.set(id, {
        resolve: (text) => {
          done();
          resolve(text);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
      this.send({ type: 'call', id, tool, arguments: { ...args } });
    });
  }

  /** An answer has come; one that nobody waits for any more is dropped. */
  onReply(reply: Extract<ToWorker, { type: 'reply' }>): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.text);
    else waiting?.reject(new WilsonError('CALL_REFUSED', reply.text));
  }
}

function stopped(signal: AbortSignal): WilsonError {
  return new WilsonError('ABORTED', 'The work was stopped.', { cause: signal.reason });
}
