import type { StoreThread } from '../store/store-thread.js';

/**
 * Ends a queued task that can never run on this configuration; `hint` says what would. False when somebody else has taken
 * or ended it.
 */
export async function refuseTask(
  store: StoreThread,
  sessionId: string,
  taskId: string,
  detail: string,
  hint: string,
): Promise<boolean> {
  // Claimed like any other, so that nobody starts it meanwhile; a slot without a process, given back at once.
  const claim = await store.workers.claim({
    taskId,
    sessionId,
    ownerToken: sessionId,
    maxConcurrent: Number.MAX_SAFE_INTEGER,
    need: { processMb: 0, model: null },
    maxMemoryMb: Number.MAX_SAFE_INTEGER,
  });
  if (!claim.claimed) return false;
  await store.workers.release(taskId, claim.task.attempt);
  return store.tasks.end(taskId, claim.task.attempt, {
    status: 'failed',
    summary: null,
    error: {
      code: 'MEMORY_NEVER_FITS',
      message: `${taskId} can never run here: it ${detail}.`,
      hint: hint === '' ? 'Choose a smaller model, or raise resources.max_memory_mb in config.yaml.' : hint,
    },
  });
}
