import { describe, expect, it } from 'vitest';
import { beginningAndEnd, requestBehind } from '../../../src/task/part-of.js';

describe('the request behind a part', () => {
  it('is told where the part does not say it', () => {
    const whole = 'Build a shop with carts, with tests';
    expect(requestBehind(whole, 'Write store.py with load(path) and save(path, items).')).toBe(whole);
  });

  it('is told no second time', () => {
    const whole = 'Build a shop\nwith carts, with tests and a review.';
    expect(requestBehind(whole, 'Build a shop with carts')).toBeNull();
    expect(requestBehind(whole, 'Write unit tests. It was asked for like this: Build a shop with carts')).toBeNull();
  });
});

describe('the beginning and the end of a text', () => {
  it('are kept within the bound, with a mark between', () => {
    const text = `first ${'x'.repeat(1_000)} last`;
    const short = beginningAndEnd(text, 100);
    expect(short).toMatch(/^first x+\n\[… 911 characters are left out here …\]\nx+ last$/);
    expect(beginningAndEnd(text, 2_000)).toBe(text);
  });
});
