import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  bucketOf,
  bucketsOf,
  kinds,
  softmax,
  unpackWeights,
} from '../../../../../src/chat/routing/learned/classifier.js';
import { chosenOption, offerIn, offersToStop } from '../../../../../src/chat/routing/learned/offer.js';
import { stemOf, wordsOf } from '../../../../../src/chat/routing/learned/words.js';

describe('the classifier', () => {
  it('gives every feature a bucket within its bits, always the same', () => {
    for (const feature of ['w test', 'c ^te', 'k 任务', '']) {
      expect(bucketOf(feature, 4)).toBeGreaterThanOrEqual(0);
      expect(bucketOf(feature, 4)).toBeLessThan(16);
      expect(bucketOf(feature, 15)).toBe(bucketOf(feature, 15));
    }
  });

  it('makes shares that add up to 1, the heaviest kind first', () => {
    const values = new Int8Array(kinds.length * 2);
    values[kinds.length + kinds.indexOf('review')] = 100;
    const shares = softmax(Int32Array.from([0, 1]), { bits: 1, unit: 0.1, values });
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(kinds[shares.indexOf(Math.max(...shares))]).toBe('review');
    expect([...softmax(bucketsOf(new Set(), 1), { bits: 1, unit: 1, values })].every(Number.isFinite)).toBe(true);
  });

  it('unpacks what was packed', () => {
    const values = Int8Array.from([-127, 0, 5, 127]);
    const packed = { bits: 2, unit: 0.5, data: deflateRawSync(values).toString('base64') };
    expect(unpackWeights(packed)).toEqual({ bits: 2, unit: 0.5, values });
  });
});

describe('offers', () => {
  it('are questions at the end of an answer', () => {
    expect(offerIn('There are no tests. Should I have an agent write some?')).toBe(
      'There are no tests. Should I have an agent write some?',
    );
    expect(offerIn('A mutex lets one thread in at a time.')).toBeNull();
  });

  it('have options that a reply may choose from', () => {
    const offer = 'I can 1) add the index or 2) rewrite the query. Which?';
    expect(chosenOption(offer, 'the first one')).toBe('add the index');
    expect(chosenOption(offer, 'number 2')).toContain('rewrite the query');
    expect(chosenOption(offer, 'hm')).toBe(offer);
  });

  it('may be to stop', () => {
    expect(offersToStop('Do you want me to stop it?')).toBe(true);
    expect(offersToStop('Do you want me to write a test?')).toBe(false);
  });
});

describe('words', () => {
  it('take names of files and code for their kinds', () => {
    expect(wordsOf('fix getUser() in src/user.ts, see TASK-3 and docs/')).toEqual([
      'fix',
      '«function»',
      'in',
      '«code»',
      'see',
      '«task»',
      'and',
      '«folder»',
    ]);
  });

  it('share a stem', () => {
    expect(new Set(['test', 'tests', 'testing', 'tested'].map(stemOf)).size).toBe(1);
  });
});
