import { expect, it } from 'vitest';
import { ByTheWay } from '../../../src/chat/by-the-way.js';
import { fakeActive } from '../../helpers/fake-supervisor.js';

const at = (fraction: number | null, id = 'TASK-001') =>
  fakeActive({ id, progress: { fraction, basis: '', message: 'writing auth.js' } });

it('tells each state of progress once', () => {
  const byTheWay = new ByTheWay();
  expect(byTheWay.next([at(0.6)])).toBe('By the way, TASK-001 is 60% done: writing auth.js.');
  expect(byTheWay.next([at(0.6)])).toBeNull();
  expect(byTheWay.next([at(0.8)])).toContain('80%');
});

it('tells of one task at a time and not of what cannot be counted', () => {
  const byTheWay = new ByTheWay();
  const tasks = [at(null), at(0.1, 'TASK-002'), at(0.2, 'TASK-003')];
  expect(byTheWay.next(tasks)).toContain('TASK-002');
  expect(byTheWay.next(tasks)).toContain('TASK-003');
  expect(byTheWay.next(tasks)).toBeNull();
  expect(byTheWay.next([])).toBeNull();
});
