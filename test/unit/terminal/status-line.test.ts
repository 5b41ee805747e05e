import { describe, expect, it } from 'vitest';
import { statusLines } from '../../../src/terminal/status-line.js';
import { textWidth } from '../../../src/terminal/text-width.js';
import { fakeActive } from '../../helpers/fake-supervisor.js';

const progress = { fraction: 0.6, basis: '3 of 5 steps', message: 'implementing auth' };

describe('statusLines', () => {
  it('writes the line of the design', () => {
    const active = fakeActive({ modelUsed: 'qwen2.5-coder:14b', progress }, { memoryMb: 8294 });
    expect(statusLines([active], 100)).toEqual([
      '[Status: Code Agent (qwen2.5-coder:14b, 8.1 GB RAM): implementing auth (60%) ⚙️]',
    ]);
  });

  it.each([
    ['loading', fakeActive({}, { phase: 'loading' }), 'loading model... ⏳'],
    ['starting', fakeActive({}, { phase: 'starting' }), 'starting ⏳'],
    ['planning', fakeActive({ progress: { ...progress, message: 'planning the steps' } }), '📋'],
    ['the Manager Agent', fakeActive({ role: 'plan' }), 'planning 📋'],
    ['a plan on a fallback', fakeActive({ role: 'plan', usedFallback: true }), 'planning ⚠️'],
    ['a plan whose model loads', fakeActive({ role: 'plan' }, { phase: 'loading' }), 'loading model... ⏳'],
    ['tests', fakeActive({ type: 'test', progress }), '🧪'],
    ['checking', fakeActive({}, { phase: 'checking' }), '🧪'],
    ['review', fakeActive({ type: 'review', progress }), '🔍'],
    ['fallback', fakeActive({ usedFallback: true, progress }), '⚠️'],
    ['code', fakeActive({ progress }), '⚙️'],
  ])('shows %s by its icon', (_, active, expected) => {
    expect(statusLines([active], 120)[0]).toContain(`${expected}]`);
  });

  it('claims neither progress nor memory nor a model that is not known', () => {
    expect(statusLines([fakeActive({ modelUsed: null })], 100)).toEqual(['[Status: Code Agent: write slugify.py ⚙️]']);
  });

  it('shows three tasks and counts the rest', () => {
    const five = Array.from({ length: 5 }, () => fakeActive({ progress }));
    expect(statusLines(five, 100)).toHaveLength(4);
    expect(statusLines(five, 100)[3]).toBe('[Status: 2 more tasks running]');
    expect(statusLines(five.slice(0, 4), 100)[3]).toBe('[Status: 1 more task running]');
  });

  it('never is wider than the window and holds no control code', () => {
    const active = fakeActive({ progress: { ...progress, message: '写入 \u001b[31m文件\n文件 👍 and more and more' } });
    for (let columns = 1; columns < 120; columns += 1) {
      const [line = ''] = statusLines([active], columns);
      expect(textWidth(line)).toBeLessThanOrEqual(columns);
      expect(line).not.toMatch(/\p{Cc}/u);
    }
  });
});
