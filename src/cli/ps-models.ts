import { isLocalServer } from '../models/local-server.js';
import { modelKey } from '../store/model-store.js';
import type { ModelLeaseRecord } from '../store/session-store.js';
import type { Store } from '../store/store.js';
import type { PsModelJson } from './ps-json.js';

/** A model as `wilson ps` shows it, and as it counts in the sum. */
export interface ModelNow {
  readonly shown: PsModelJson;
  readonly key: string;
  /** What it takes, or is expected to take while it loads; 0 where that is not known. */
  readonly memoryMb: number;
  readonly isLoaded: boolean;
  /** It takes memory of this machine that would be free without Wilson, and no worker's process is counted with it. */
  readonly counts: boolean;
  /** The session whose chat has it in an engine of its own; null for a model on a server and one inside a worker. */
  readonly engineOf: string | null;
}

/**
 * The models that live sessions hold, and those that nobody holds and that are not taken away yet. Without a live session
 * nobody looks after the latter: what is known of them may be long over, and they are left out.
 */
export function modelsNow(store: Store, liveSessions: ReadonlySet<string>): ModelNow[] {
  const onServers = new Map(store.models.list().map((model) => [model.key, model]));
  const held = new Map<string, ModelLeaseRecord[]>();
  for (const lease of store.sessions.heldModels()) {
    if (!liveSessions.has(lease.sessionId)) continue;
    const key = modelKey(lease.provider, lease.server, lease.model);
    // An embedded model lives in the process that holds it: two holders are two copies.
    const copy = lease.provider === 'llamacpp' ? `${key} ${lease.sessionId} ${lease.holder}` : key;
    held.set(copy, [...(held.get(copy) ?? []), lease]);
  }
  const models = [...held.values()].map((leases) => heldModel(leases, onServers));
  const shownKeys = new Set(models.map(({ key }) => key));
  for (const [key, model] of onServers) {
    if (shownKeys.has(key) || liveSessions.size === 0 || model.state === 'loading') continue;
    const { model: name, provider, server, memoryMb, numCtx, pinned, ours } = model;
    const shown = { name, provider, server, purpose: [], holders: [], memoryMb, contextTokens: numCtx };
    models.push({
      shown: { ...shown, keepAlive: pinned, ours },
      key,
      memoryMb,
      isLoaded: true,
      counts: ours && model.local,
      engineOf: null,
    });
  }
  return models;
}

function heldModel(
  leases: readonly ModelLeaseRecord[],
  onServers: ReadonlyMap<string, { readonly state: string; readonly local: boolean }>,
): ModelNow {
  const [first] = leases;
  if (first === undefined) throw new Error('a model without a lease is not held');
  const { model: name, provider, server } = first;
  const key = modelKey(provider, server, name);
  const row = onServers.get(key);
  const known = leases.find(({ memoryMb }) => memoryMb !== null)?.memoryMb ?? null;
  const isLoaded = row?.state !== 'loading';
  const ours = leases.every((lease) => lease.ours);
  const isEmbedded = provider === 'llamacpp';
  const isHere = isEmbedded || (row?.local ?? isLocalServer(server));
  return {
    shown: {
      name,
      provider,
      server,
      purpose: [...new Set(leases.map(({ purpose }) => purpose))],
      holders: [...new Set(leases.map(({ holder }) => holder))],
      // While it loads there is only what is expected, which is under `totals.reservedMb`.
      memoryMb: isLoaded ? known : null,
      contextTokens: leases.find(({ contextTokens }) => contextTokens !== null)?.contextTokens ?? null,
      keepAlive: leases.some(({ keepAlive }) => keepAlive),
      // Whether it was there before is known when it is loaded.
      ours: ours || !isLoaded,
    },
    key,
    memoryMb: known ?? 0,
    isLoaded,
    // One that still loads is promised, whoever will turn out to have had it before.
    counts: isHere && (ours || !isLoaded),
    engineOf: isEmbedded && first.holder === 'chat' ? first.sessionId : null,
  };
}
