import type { EventStore } from './event-store.js';
import type { FamilyStore } from './family-store.js';
import type { SessionStore } from './session-store.js';
import type { Store } from './store.js';
import type { Async } from './store-thread.js';
import type { TaskStore } from './task-store.js';
import type { WorkerStore } from './worker-store.js';

/** A synchronous store behind the interface of the thread: for short-lived commands that share code with a parent. */
export function asyncStore(store: Store): {
  readonly tasks: Async<TaskStore>;
  readonly workers: Async<WorkerStore>;
  readonly sessions: Async<SessionStore>;
  readonly events: Async<EventStore>;
  readonly families: Async<FamilyStore>;
} {
  return {
    tasks: promised(store.tasks),
    workers: promised(store.workers),
    sessions: promised(store.sessions),
    events: promised(store.events),
    families: promised(store.families),
  };
}

/** A synchronous aggregate behind the interface of the store's thread; what it throws is a rejection. */
export function promised<T extends object>(aggregate: T): Async<T> {
  return new Proxy({} as Async<T>, {
    get:
      (_target, name) =>
      async (...args: unknown[]) => {
        const method: unknown = Reflect.get(aggregate, name);
        if (typeof method !== 'function') throw new Error(`No such store method: ${String(name)}`);
        return method.apply(aggregate, args) as unknown;
      },
  });
}
