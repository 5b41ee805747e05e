/**
 * What the guardian of a parent becomes when that was killed and its processes are gone: ends the session in the database,
 * puts its tasks back into the queue, and takes the models off their servers that nobody holds any more. A program of its
 * own, started without arguments; what it cannot do the next `wilson` does.
 */
import { systemClock } from '../clock.js';
import { stateFolder } from '../config/paths.js';
import { toErrorRecord } from '../errors.js';
import { createLog } from '../log.js';
import { createModelLeases } from '../models/leases.js';
import { isAlive } from '../platform/process-identity.js';
import { openStoreThread } from '../store/store-thread.js';
import { reapDeadSessions } from '../supervisor/reaper.js';
import { createProviders } from './providers.js';

const state = stateFolder(process.env);
const log = await createLog({ stateFolder: state, name: 'wilson', level: 'info' });

async function giveBack(): Promise<void> {
  const store = await openStoreThread(state);
  const providers = createProviders(process.env);
  const nobody = (): never => {
    throw new Error('Nothing is acquired here.');
  };
  const leases = createModelLeases({
    // No session: what it is taking away when it dies itself is taken up by the next sweep.
    sessionId: 'guardian',
    store: store.models,
    providerFor: nobody,
    providerAt: providers.at,
    isSessionAlive: async (id) => {
      const session = await store.sessions.get(id);
      return session !== null && isAlive(session.identity);
    },
    clock: systemClock,
    onUnloadFailed: (model, error) =>
      log.warn({ model, error: toErrorRecord(error) }, 'a model could not be taken away after a crash'),
    onUnloaded: ({ model }, unloadMs) => log.info({ model, unloadMs }, 'a model was taken away after a crash'),
  });
  try {
    await reapDeadSessions(store, systemClock);
    const others = (await store.sessions.open()).some((session) => isAlive(session.identity));
    // An idle time is kept for others; with nobody there it only keeps memory.
    await leases.sweep(others ? 'due' : 'now');
  } finally {
    await leases.close();
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
