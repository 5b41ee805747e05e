import { expect, it } from 'vitest';
import { quitChoice, quitQuestion } from '../../../src/chat/quit-choice.js';
import { fakeTask } from '../../helpers/fake-supervisor.js';

it('names the tasks, and counts those beyond five', () => {
  const seven = Array.from({ length: 7 }, (_, index) => fakeTask({ id: `TASK-00${index + 1}` }));
  const question = quitQuestion(seven, true);
  expect(question).toContain('7 tasks are not finished');
  expect(question).toContain('TASK-005 (write slugify.py), 2 more');
  expect(question).toContain('(b)ackground');
  expect(quitQuestion([fakeTask()], false)).not.toContain('(b)ackground');
});

it('takes the first letter, and background only where it is offered', () => {
  expect(quitChoice('Wait', true)).toBe('wait');
  expect(quitChoice('k', true)).toBe('kill');
  expect(quitChoice('b', true)).toBe('background');
  expect(quitChoice('b', false)).toBeNull();
  expect(quitChoice('x', true)).toBeNull();
});
