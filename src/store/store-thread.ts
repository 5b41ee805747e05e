import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type ErrorRecord, WilsonError } from '../errors.js';
import type { EndStore } from './end-store.js';
import type { EventStore } from './event-store.js';
import type { FamilyStore } from './family-store.js';
import type { MessageStore } from './message-store.js';
import type { ModelStore } from './model-store.js';
import type { SessionStore } from './session-store.js';
import type { Store } from './store.js';
import type { TaskStore } from './task-store.js';
import type { WorkerStore } from './worker-store.js';

/** The same methods, each answering with a promise. */
export type Async<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};

export type AggregateName =
  | 'tasks'
  | 'workers'
  | 'sessions'
  | 'events'
  | 'messages'
  | 'models'
  | 'families'
  | 'ends'
  | 'store';

export interface ThreadRequest {
  readonly id: number;
  readonly aggregate: AggregateName;
  readonly method: string;
  readonly args: readonly unknown[];
}

export type ThreadReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorRecord };

export interface ThreadData {
  readonly stateFolder: string;
}

/**
 * The store behind a thread of its own: what a parent uses, so that neither a lock held by another process nor a slow
 * disk stops the event loop (design, promise 1). Calls are served in the order in which they are made.
 */
export interface StoreThread {
  readonly tasks: Async<TaskStore>;
  readonly workers: Async<WorkerStore>;
  readonly sessions: Async<SessionStore>;
  readonly events: Async<EventStore>;
  readonly messages: Async<MessageStore>;
  readonly models: Async<ModelStore>;
  readonly families: Async<FamilyStore>;
  readonly ends: Async<EndStore>;
  dataVersion(): Promise<number>;
  check(): Promise<void>;
  /** Waits for the calls under way and closes the database. */
  close(): Promise<void>;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Starts the thread and opens the database; rejects as {@link Store.open} throws. */
export async function openStoreThread(stateFolder: string): Promise<StoreThread> {
  const data: ThreadData = { stateFolder };
  const thread = startThread(data);
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let ended: WilsonError | null = null;

  const fail = (error: WilsonError): void => {
    ended = error;
    for (const waiting of pending.values()) waiting.reject(error);
    pending.clear();
  };
  thread.on('message', (reply: ThreadReply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (pending.size === 0) thread.unref();
    if (reply.ok) waiting?.resolve(reply.value);
    else waiting?.reject(WilsonError.fromRecord(reply.error));
  });
  thread.on('error', (error) => {
    fail(new WilsonError('STORE_FAILED', `The database thread ended: ${error.message}.`, { cause: error }));
  });
  thread.on('exit', () => {
    fail(new WilsonError('STORE_CLOSED', 'The database has been closed.'));
  });

  const call = (aggregate: AggregateName, method: string, args: readonly unknown[]): Promise<unknown> => {
    if (ended !== null) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      const id = nextId;
      nextId += 1;
      pending.set(id, { resolve, reject });
      thread.ref();
      const request: ThreadRequest = { id, aggregate, method, args };
      thread.postMessage(request);
    });
  };
  const aggregate = <T extends object>(name: AggregateName): Async<T> =>
    new Proxy({} as Async<T>, {
      get:
        (_target, method) =>
        (...args: unknown[]) =>
          call(name, String(method), args),
    });

  await call('store', 'open', []);
  return {
    tasks: aggregate<TaskStore>('tasks'),
    workers: aggregate<WorkerStore>('workers'),
    sessions: aggregate<SessionStore>('sessions'),
    events: aggregate<EventStore>('events'),
    messages: aggregate<MessageStore>('messages'),
    models: aggregate<ModelStore>('models'),
    families: aggregate<FamilyStore>('families'),
    ends: aggregate<EndStore>('ends'),
    dataVersion: () => call('store', 'dataVersion', []) as Promise<ReturnType<Store['dataVersion']>>,
    check: () => call('store', 'check', []) as Promise<void>,
    close: async () => {
      if (ended !== null) return;
      await call('store', 'close', []);
      await thread.terminate();
    },
  };
}

/** Threads do not inherit the loader of tsx: from source (run in the project's folder), it is registered first. */
function startThread(workerData: ThreadData): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(fileURLToPath(new URL('./store-thread-main.js', import.meta.url)), { workerData });
  }
  const entry = new URL('./store-thread-main.ts', import.meta.url);
  const code = `import('tsx/esm/api').then(({ register }) => {
    register();
    return import(${JSON.stringify(entry.href)});
  });`;
  return new Worker(code, { eval: true, workerData });
}
