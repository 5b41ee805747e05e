import type { TaskType } from '../../task/task.js';

/** What a turn of the chat becomes (design: "Routing a chat turn"). */
export type Route =
  | { readonly intent: 'answer' }
  | { readonly intent: 'delegate'; readonly type: TaskType }
  | { readonly intent: 'progress' }
  | { readonly intent: 'models' }
  | { readonly intent: 'kill' }
  | { readonly intent: 'command'; readonly name: string; readonly args: readonly string[] };

/** What was said before; it decides what "ok do it" means. */
export interface RouteContext {
  readonly lastAssistant: string | null;
  readonly lastUser: string | null;
}

export interface Decision {
  readonly route: Route;
  /** False where the rules only guess and the model is worth asking. */
  readonly certain: boolean;
  /** The rule that decided, or `model`; for logs and tests. */
  readonly by: string;
}

export const emptyContext: RouteContext = { lastAssistant: null, lastUser: null };

export function delegate(type: TaskType): Route {
  return { intent: 'delegate', type };
}
