import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.js';
import { toErrorRecord } from '../errors.js';
import { orStoreError } from './database.js';
import { Store } from './store.js';
import type { ThreadData, ThreadReply, ThreadRequest } from './store-thread.js';

/** How long a write waits for another process; only this thread waits, never the chat. */
const busyTimeoutMs = 15_000;

const data = workerData as ThreadData;
const port = parentPort;
if (port === null) throw new Error('store-thread-main runs only as a worker thread');
let store: Store | null = null;

function serve(request: ThreadRequest): unknown {
  if (request.aggregate === 'store' && request.method === 'open') {
    store = Store.open(data.stateFolder, systemClock, { busyTimeoutMs });
    return null;
  }
  if (store === null) throw new Error('The store is not open');
  const target: unknown = request.aggregate === 'store' ? store : store[request.aggregate];
  // The proxy on the other side only offers methods of these classes.
  const method = (target as Record<string, unknown>)[request.method];
  if (typeof method !== 'function') throw new Error(`No such store method: ${request.aggregate}.${request.method}`);
  return method.apply(target, [...request.args]);
}

port.on('message', (request: ThreadRequest) => {
  let reply: ThreadReply;
  try {
    reply = { id: request.id, ok: true, value: serve(request) };
  } catch (error) {
    const record = toErrorRecord(orStoreError(error, store?.file ?? data.stateFolder));
    reply = { id: request.id, ok: false, error: record };
  }
  port.postMessage(reply);
});
