import { orStoreError } from './database.js';
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
    tasks: promised(store.tasks, store.file),
    workers: promised(store.workers, store.file),
    sessions: promised(store.sessions, store.file),
    events: promised(store.events, store.file),
    families: promised(store.families, store.file),
  };
}

/**
 * A synchronous aggregate behind the interface of the store's thread; what it throws is a rejection, as of the thread's where
 * `file` names the database.
 */
export function promised<T extends object>(aggregate: T, file = ''): Async<T> {
  return new Proxy({} as Async<T>, {
    get:
      (_target, name) =>
      async (...args: unknown[]) => {
        const method: unknown = Reflect.get(aggregate, name);
        if (typeof method !== 'function') throw new Error(`No such store method: ${String(name)}`);
        try {
          return method.apply(aggregate, args) as unknown;
        } catch (error) {
          throw orStoreError(error, file);
        }
      },
  });
}
