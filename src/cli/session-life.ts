import { isAlive } from '../platform/process-identity.js';
import type { StoreThread } from '../store/store-thread.js';

/** Whether the process of a session lives; false for a session that nobody knows. */
export async function isSessionAlive(store: Pick<StoreThread, 'sessions'>, id: string): Promise<boolean> {
  const session = await store.sessions.get(id);
  return session !== null && isAlive(session.identity);
}
