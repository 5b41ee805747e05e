import { toErrorRecord } from '../errors.js';
import { isAlive } from '../platform/process-identity.js';
import type { ModelLeaseRecord } from '../store/session-store.js';
import type { CommandIo } from './command-io.js';
import { withStore } from './command-store.js';

/** The models that live wilson processes hold; where the database cannot be read, none, and people are told on stderr. */
export async function heldByLiveSessions(io: CommandIo): Promise<readonly ModelLeaseRecord[]> {
  try {
    return await withStore(io, (store) => {
      if (store === null) return [];
      const open = store.sessions.open().filter((session) => isAlive(session.identity));
      const live = new Set(open.map((session) => session.id));
      return store.sessions.heldModels().filter((lease) => live.has(lease.sessionId));
    });
  } catch (error) {
    const { message, hint } = toErrorRecord(error);
    io.stderr.write(`Which models a running wilson holds is not known. ${`${message} ${hint}`.trim()}\n`);
    return [];
  }
}
