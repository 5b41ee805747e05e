import { describe, expect, it } from 'vitest';
import { figuresOf, unfoundQuotes, withoutInventedFigures } from '../../../../src/agents/report/check-prose.js';
import { chunksOf, fitting, readRanges } from '../../../../src/agents/report/chunks.js';

describe('withoutInventedFigures', () => {
  const facts = ['app.log has 1204 lines.', 'ERROR 87, mean 12.5 ms'];

  it('keeps figures of the sources in any way of writing, and takes out the sentences of others', () => {
    const prose =
      '# Errors\n\nThere are 1,204 lines. About 93% of them are errors. 87 are errors (mean 12.50 ms).\n\n- 2 reasons are clear\n- 450 users were hit\n\nThat is all.';
    expect(withoutInventedFigures(prose, facts)).toEqual({
      text: '# Errors\n\nThere are 1,204 lines. 87 are errors (mean 12.50 ms).\n\n- 2 reasons are clear\n\nThat is all.',
      removed: ['About 93% of them are errors.', '450 users were hit'],
    });
  });

  it('leaves a text without figures as it is', () => {
    const prose = 'It works.\n\n1. First\n2. Second\n\n```py\nprint(x)\n```';
    expect(withoutInventedFigures(prose, [])).toEqual({ text: prose, removed: [] });
  });

  it('takes out a figure that is given to the wrong name of a counted list', () => {
    const counted = [
      'Sum of units by region: west 143 (mean 7.15), north 136 (mean 6.8), south 133 (mean 6.65).',
      'Lines by level: ERROR 87, WARN 12.',
    ];
    const check = (prose: string): readonly string[] => withoutInventedFigures(prose, counted, counted).removed;
    expect(check('The best is **south** with a total of **136 units**.')).toHaveLength(1);
    expect(check('There are 87 lines of WARN.')).toHaveLength(1);
    expect(check('The best is west with 143 units (mean 7.15).')).toEqual([]);
    expect(check('West has 143 units, south 133.')).toEqual([]);
    expect(check('One region sold 143 units.')).toEqual([]);
  });

  it('reads figures', () => {
    expect(figuresOf('1,204 rows, 12.50%, v2x, utf8, -3 and 2026-01-05')).toEqual([
      '1204',
      '12.5',
      '3',
      '2026',
      '1',
      '5',
    ]);
  });
});

describe('unfoundQuotes', () => {
  it('names what no source holds', () => {
    const sources = ['def load_items(path):\n    return  json.load(file)'];
    const prose =
      'It calls `return json.load(file)` and `sqlite3.connect(path)`, and says "nothing of the kind". See `x`.';
    expect(unfoundQuotes(prose, sources)).toEqual(['sqlite3.connect(path)', 'nothing of the kind']);
  });
});

describe('chunks', () => {
  const text = Array.from({ length: 100 }, (_, index) => `line ${index + 1}`).join('\n');

  it('cover every line once, within the limit', () => {
    const chunks = chunksOf([{ path: 'a.txt', text }], 200);
    expect(chunks.map(({ from }) => from)).toEqual([1, ...chunks.slice(0, -1).map(({ to }) => to + 1)]);
    expect(chunks.at(-1)?.to).toBe(100);
    for (const chunk of chunks) expect(chunk.text.length).toBeLessThanOrEqual(200);
    expect(chunks.map((chunk) => chunk.text).join('\n')).toBe(text);
    expect(readRanges(chunks)).toEqual(['a.txt, all 100 lines']);
    expect(readRanges([...chunks.slice(0, 1), ...chunks.slice(2, 3)])).toEqual([
      expect.stringMatching(/^a\.txt, lines 1-\d+ and \d+-\d+ of 100$/),
    ]);
  });

  it('cut a line that is longer than the limit, and take only what fits', () => {
    const chunks = chunksOf([{ path: 'a.txt', text: `${'x'.repeat(500)}\nend` }], 100);
    expect(chunks.map((chunk) => chunk.text.length)).toEqual([100, 3]);
    expect(fitting(chunks, 160)).toHaveLength(1);
    expect(fitting([], 10)).toEqual([]);
  });
});
