import { describe, expect, it } from 'vitest';
import { counterpartOf } from '../../../../src/agents/code/required-cases.js';

describe('the function that another takes back', () => {
  it.each([
    ['decode_shift', ['encode_shift', 'decode_shift'], 'encode_shift'],
    ['decode', ['encode'], 'encode'],
    ['decompress', ['compress'], 'compress'],
    ['decode_shift', ['encode_cyclic'], null],
    ['encode', ['decode'], null],
    ['unpack', [], null],
  ])('is found for %s beside %j', (name, given, expected) => {
    expect(counterpartOf(name, given)).toBe(expected);
  });
});
