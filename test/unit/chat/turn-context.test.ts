import { expect, it } from 'vitest';
import { turnContext } from '../../../src/chat/turn-context.js';
import { fakeActive } from '../../helpers/fake-supervisor.js';

const now = new Date(2026, 10, 25, 18, 30);
const active = [fakeActive()];

it('tells of tasks only where the words may be about them', () => {
  expect(turnContext('thanks, that is great!', active, now)).toBe('');
  expect(turnContext("What's 2+2?", active, now)).toBe('');
  expect(turnContext('what is slugify good for?', active, now)).toContain('TASK-001');
  expect(turnContext('what is slugify good for?', [], now)).toBe('');
});

it('tells the time where it is asked for', () => {
  expect(turnContext('what time is it?', [], now)).toContain('25 November 2026');
  expect(turnContext('tell me a joke', [], now)).toBe('');
});
