import { describe, expect, it } from 'vitest';
import { viewOptionsOf } from '../../../src/cli/view-options.js';

const terminal = { isTTY: true, columns: 100 };

describe('viewOptionsOf', () => {
  it('draws for the terminal that there is, and plain and uncut for a pipe', () => {
    expect(viewOptionsOf(terminal, {})).toEqual({ columns: 100, colors: true, ascii: false });
    expect(viewOptionsOf(terminal, { NO_COLOR: '1' })).toMatchObject({ colors: false });
    expect(viewOptionsOf(terminal, { TERM: 'dumb' })).toMatchObject({ colors: false });
    expect(viewOptionsOf({ columns: 100 }, {})).toMatchObject({ columns: Number.POSITIVE_INFINITY, colors: false });
  });

  it.each([
    [{ LANG: 'de_DE.UTF-8' }, false],
    [{ LANG: 'C.utf8' }, false],
    [{ LANG: 'C' }, true],
    [{ LANG: 'en_US.ISO-8859-1' }, true],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: 'POSIX' }, true],
    [{ LANG: 'C', LC_CTYPE: 'en_US.UTF-8' }, false],
    [{ LANG: 'C.UTF-8', LC_ALL: '' }, false],
    [{}, false],
  ])('draws in ASCII where the locale has no UTF-8 (%o: %s)', (env, ascii) => {
    expect(viewOptionsOf(terminal, env).ascii).toBe(ascii);
  });
});
