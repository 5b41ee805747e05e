import { describe, expect, it } from 'vitest';
import { answerCommand, answerIn, mayAnswer } from '../../../src/chat/open-question.js';
import { fakeTask } from '../../helpers/fake-supervisor.js';

const storage = fakeTask({ id: 'TASK-003', status: 'blocked', question: 'Which database?' });
const color = fakeTask({ id: 'TASK-012', status: 'blocked', question: 'Which colour?' });

describe('answerIn', () => {
  it.each([
    ['TASK-003: use SQLite', 'use SQLite'],
    ['task 3: make it a file', 'make it a file'],
    ['#3, whatever you think?', 'whatever you think?'],
    ['answer TASK-003: first line\nsecond line', 'first line\nsecond line'],
  ])('takes %j as the answer to the task that it names', (text, said) => {
    expect(mayAnswer(text, false)).toBe(true);
    expect(answerIn(text, [storage, color], false)).toEqual({ taskId: 'TASK-003', text: said });
  });

  it.each(['SQLite', 'use SQLite', 'yes', 'no tests', 'the second one', "I don't know", '数据库'])(
    'takes %j as the answer to the only question, when that was said last',
    (text) => {
      expect(answerIn(text, [storage], true)).toEqual({ taskId: 'TASK-003', text });
      expect(answerIn(text, [storage], false)).toBeNull();
      expect(mayAnswer(text, false)).toBe(false);
    },
  );

  it('guesses neither between two questions nor without one', () => {
    expect(answerIn('SQLite', [storage, color], true)).toBeNull();
    expect(answerIn('SQLite', [], true)).toBeNull();
    expect(answerIn('TASK-004: SQLite', [storage], true)).toBeNull();
  });

  it.each([
    'what do you mean?',
    'why does it ask?',
    '/show 3',
    'write a parser for CSV files',
    'stop it',
    'kill TASK-003',
    'how far is the task?',
    'which models do you use?',
    'TASK-003: kill it',
  ])('leaves %j to Wilson', (text) => {
    expect(answerIn(text, [storage], true)).toBeNull();
  });
});

describe('answerCommand', () => {
  it.each([
    '/answer 3 use SQLite',
    '/answer TASK-003 use SQLite',
    '/answer task-3: use SQLite',
    '/ANSWER #3 use SQLite',
  ])('understands %j', (text) => {
    expect(answerCommand(text, [storage, color])).toEqual({ taskId: 'TASK-003', text: 'use SQLite' });
  });

  it('needs no number where one task asks', () => {
    expect(answerCommand('/answer use\nSQLite', [storage])).toEqual({ taskId: 'TASK-003', text: 'use\nSQLite' });
  });

  it('says what it lacks', () => {
    expect(answerCommand('/answer 3 x', [])).toBe('No task of this folder asks anything.');
    expect(answerCommand('/answer 3', [storage])).toBe('What is the answer? /answer 3 …');
    expect(answerCommand('/answer 4 x', [storage])).toBe(
      'TASK-004 asks nothing in this folder.\nTASK-003 asks: Which database?',
    );
    expect(answerCommand('/answer SQLite', [storage, color])).toBe(
      'Which task, and what is the answer? /answer 3 …\nTASK-003 asks: Which database?\nTASK-012 asks: Which colour?',
    );
  });
});
