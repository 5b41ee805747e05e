import { describe, expect, it } from 'vitest';
import { type AttemptFailure, decideRetry, maxAttempts } from '../../../src/supervisor/restart-policy.js';

const failures: AttemptFailure[] = [
  'worker_crashed',
  'worker_hung',
  'protocol_broken',
  'model_lost',
  'checks_failed',
  'agent_failed',
  'outgrew',
  'memory_busy',
  'not_possible',
];

describe('decideRetry', () => {
  it.each(failures)('ends after at most three attempts (%s)', (failure) => {
    expect(decideRetry(failure, maxAttempts).retry).toBe(false);
  });

  it('waits longer each time after a crash', () => {
    const delays = [1, 2]
      .map((attempt) => decideRetry('worker_crashed', attempt))
      .map((one) => (one.retry ? one.delayMs : -1));
    expect(delays).toEqual([1_000, 5_000]);
  });

  it('tries wrong work again at once, and what cannot work not at all', () => {
    expect(decideRetry('checks_failed', 1)).toEqual({ retry: true, delayMs: 0 });
    expect(decideRetry('not_possible', 1)).toMatchObject({ retry: false });
  });

  it('tries a worker that outgrew its share once more, at once', () => {
    expect(decideRetry('outgrew', 1)).toEqual({ retry: true, delayMs: 0 });
    expect(decideRetry('outgrew', 2)).toMatchObject({ retry: false });
  });
});
