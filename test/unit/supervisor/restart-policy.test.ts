import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type AttemptFailure,
  decideRetry,
  failureOfAgent,
  maxAttempts,
} from '../../../src/supervisor/restart-policy.js';

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

/** What an agent gives up with because of what its model wrote, or did not: a fresh start may do better. */
const chances = [
  'ANSWER_UNUSABLE',
  'CONTEXT_OVERFLOW',
  'COVERAGE_TOO_LOW',
  'MERGE_REFUSED',
  'NO_USABLE_CODE',
  'PROGRAM_FAILS',
  'REPORT_TOO_SHORT',
  'TESTS_FAILED',
];

const passing = ['ABORTED'];

function codesOfAgents(): string[] {
  const folder = resolve(import.meta.dirname, '../../../src/agents');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const codes = files.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/(?:failed|WilsonError)\(\s*'([A-Z_]+)'/g)].map(
      ([, code]) => code ?? '',
    ),
  );
  return [...new Set(codes)].sort();
}

describe('what an agent gives up with', () => {
  it('is known, code by code, to be worth another attempt or not', () => {
    const codes = codesOfAgents();
    expect(codes.length).toBeGreaterThan(15);
    const unknown = codes.filter(
      (code) => failureOfAgent(code) === 'agent_failed' && !chances.includes(code) && !passing.includes(code),
    );
    expect(unknown).toEqual([]);
  });

  it.each([
    'NOTHING_TO_FIX',
    'NOTHING_TO_REVIEW',
    'FILE_NOT_FOUND',
    'FILE_EXISTS',
    'NO_TESTS',
    'REQUEST_TOO_OPEN',
    'MODEL_TOO_SMALL',
    'IMAGE_MISSING',
  ])('is tried once where rules found it (%s)', (code) => {
    expect(failureOfAgent(code)).toBe('not_possible');
  });

  it.each(chances)('is tried again where the model had a part in it (%s), and only there', (code) => {
    expect(failureOfAgent(code)).toBe('agent_failed');
    expect(failureOfAgent(code, true)).toBe('not_possible');
  });

  it('waits for a server or a model that may come back, whoever saw it', () => {
    expect(failureOfAgent('MODEL_MISSING', true)).toBe('model_lost');
    expect(failureOfAgent('SERVER_BUSY')).toBe('model_lost');
  });
});
