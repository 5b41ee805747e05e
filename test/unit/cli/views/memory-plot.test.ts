import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryPlot, peakOf } from '../../../../src/cli/views/memory-plot.js';

const wide = { topMb: 800, columns: 60, ascii: false };

describe('memoryPlot', () => {
  it('draws each step between nothing and the top', () => {
    const steps = [0, 100, 101, 200, 400, 500, 700, 800];
    expect(memoryPlot(steps, wide)).toBe('▁▁▂▂▄▅▇█');
    expect(memoryPlot(steps, { ...wide, ascii: true })).toBe('..::=+#@');
  });

  it('draws the last sample where a step had none, and nothing before the first', () => {
    expect(memoryPlot([null, null, 800, null, 100, null], wide)).toBe('██▁▁');
    expect(memoryPlot([null], wide)).toBe('');
    expect(memoryPlot([], wide)).toBe('');
  });

  it('puts steps together where there is no room, and keeps the peak', () => {
    const steps = Array.from({ length: 60 }, (_, index) => (index === 31 ? 800 : 100));
    expect(memoryPlot(steps, { ...wide, columns: 8 })).toBe('▁▁▁▁█▁▁▁');
  });

  it('is not upset by a top of nothing, or one that is passed', () => {
    expect(memoryPlot([0, 0], { ...wide, topMb: 0 })).toBe('▁▁');
    expect(memoryPlot([900], wide)).toBe('█');
  });

  it('shows the peak at its full height in every width, and nothing but its signs', () => {
    const steps = fc.array(fc.option(fc.integer({ min: 1, max: 100_000 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 80 }), fc.boolean(), (list, columns, ascii) => {
        const peakMb = peakOf(list);
        const plot = memoryPlot(list, { topMb: peakMb ?? 0, columns, ascii });
        expect(plot.length).toBeLessThanOrEqual(columns);
        expect(plot).toMatch(ascii ? /^[.:\-=+*#@]*$/ : /^[▁▂▃▄▅▆▇█]*$/);
        expect(plot.includes(ascii ? '@' : '█')).toBe(peakMb !== null);
      }),
    );
  });
});
