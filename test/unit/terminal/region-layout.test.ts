import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutRegion, type RegionContent } from '../../../src/terminal/region-layout.js';
import { graphemes, textWidth } from '../../../src/terminal/text-width.js';

const empty: RegionContent = { answer: null, hints: [], status: [], label: '› ', text: '', cursor: 0 };

describe('layoutRegion', () => {
  it('puts answer, hints and status lines above the prompt', () => {
    const layout = layoutRegion(
      { ...empty, answer: 'so far', hints: ['waits'], status: ['[Status]'], text: 'abc', cursor: 1 },
      80,
      24,
    );
    expect(layout.rows).toEqual(['so far', 'waits', '[Status]', '› abc']);
    expect(layout.cursorRow).toBe(3);
    expect(layout.cursorPrefix).toBe('› a');
  });

  it('shows the part of a long text that the cursor is in', () => {
    const text = Array.from({ length: 200 }, (_, index) => `line ${index}`).join('\n');
    const atEnd = layoutRegion({ ...empty, text, cursor: text.length }, 80, 24);
    expect(atEnd.rows.at(-1)).toBe('  line 199');
    const atStart = layoutRegion({ ...empty, text, cursor: 3 }, 80, 24);
    expect(atStart.rows[0]).toBe('› line 0');
    expect(atStart.cursorPrefix).toBe('› lin');
  });

  it('puts the cursor after a line feed on the new row', () => {
    const layout = layoutRegion({ ...empty, text: 'a\n', cursor: 2 }, 80, 24);
    expect(layout.cursorRow).toBe(1);
    expect(layout.cursorPrefix).toBe('  ');
  });

  it('fits every window: rows, columns, and the cursor inside', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(
        texts,
        texts,
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        (text, line, columns, rows, seed) => {
          const one = line.replace(/\s/g, ' ');
          const content = {
            answer: one,
            hints: [one],
            status: [one, one],
            label: '› ',
            text,
            cursor: seed % (text.length + 1),
          };
          const layout = layoutRegion(content, columns, rows);
          expect(layout.rows.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
          expect(layout.cursorRow).toBeLessThan(layout.rows.length);
          // A character that is wider than the window cannot be made to fit; the terminal clips it.
          const widest = Math.max(...graphemes(text + one).map(textWidth), columns - 1);
          for (const row of layout.rows) expect(textWidth(row)).toBeLessThanOrEqual(widest);
        },
      ),
    );
  });
});
