import { describe, expect, it } from 'vitest';
import { colorsAllowed } from '../../../src/terminal/theme.js';

describe('colorsAllowed', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s with %j: %s', (isTTY, env, allowed) => {
    expect(colorsAllowed(isTTY, env)).toBe(allowed);
  });
});
