/**
 * What the guardian of a parent becomes when that was killed and its processes are gone: ends the session in the database,
 * puts its tasks back into the queue, and takes the models off their servers that nobody holds any more. A program of its
 * own, started without arguments; what it cannot do the next `wilson` does.
 */

import { randomBytes } from 'node:crypto';
import { sleep, systemClock } from '../clock.js';
import { stateFolder } from '../config/paths.js';
import { toErrorRecord } from '../errors.js';
import { createLog } from '../log.js';
import { createModelLeases } from '../models/leases.js';
import { arrivalMs } from '../models/unload.js';
import { isAlive, ownIdentity } from '../platform/process-identity.js';
import { openStoreThread } from '../store/store-thread.js';
import { reapDeadSessions } from '../supervisor/reaper.js';
import { createProviders } from './providers.js';
import { isSessionAlive } from './session-life.js';

const state = stateFolder(process.env);
const log = await createLog({ stateFolder: state, name: 'wilson', level: 'info' });

async function giveBack(): Promise<void> {
  const store = await openStoreThread(state);
  const providers = createProviders(process.env);
  const nobody = (): never => {
    throw new Error('Nothing is acquired here.');
  };
  // A session for as long as it takes, so that nobody takes it for dead while it unloads.
  const [dead] = (await store.sessions.open()).filter((session) => !isAlive(session.identity));
  const limits = dead?.limits ?? { maxConcurrent: 1, maxMemoryMb: 0, warnThresholdMb: 0 };
  const sessionId = randomBytes(8).toString('hex');
  await store.sessions.begin({ id: sessionId, kind: 'detached', folder: state, identity: ownIdentity(), limits });
  const leases = createModelLeases({
    sessionId,
    store: store.models,
    providerFor: nobody,
    providerAt: providers.at,
    isSessionAlive: (id) => isSessionAlive(store, id),
    clock: systemClock,
    onUnloadFailed: (model, error) =>
      log.warn({ model, error: toErrorRecord(error) }, 'a model could not be taken away after a crash'),
    onUnloaded: ({ model }, unloadMs) => log.info({ model, unloadMs }, 'a model was taken away after a crash'),
  });
  try {
    await reapDeadSessions(store, systemClock);
    const others = (await store.sessions.open()).some(({ id, identity }) => id !== sessionId && isAlive(identity));
    // An idle time is kept for others; with nobody there it only keeps memory.
    const when = others ? 'due' : 'now';
    await leases.sweep(when);
    const awaited = (await store.models.list()).some(({ holders }) => holders === 0);
    if (awaited) {
      // A load that the dead one had asked for may have come meanwhile.
      await sleep(systemClock, arrivalMs);
      await leases.sweep(when);
    }
  } finally {
    await leases.close();
    await store.sessions.end(sessionId);
    await providers.close();
    await store.close();
  }
}

try {
  await giveBack();
} catch (error) {
  log.warn({ error: toErrorRecord(error) }, 'the models of a killed wilson could not be given back');
  process.exitCode = 1;
}
