import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type AnswerOptions, answer } from '../../../src/cli/answer.js';
import type { CliIo } from '../../../src/cli/program.js';
import { capturedIo } from '../../helpers/captured-io.js';
import { plannedFamily } from '../../helpers/family-rig.js';

/** `TASK-002` asks; its parent is this process, so that no other one is started for it. */
function asking() {
  const rig = plannedFamily();
  rig.store.families.ask('TASK-002', rig.claim('TASK-002').attempt, 'Which database?');
  const io = capturedIo(rig.state);
  const run = (name: string, words: string, options: Partial<AnswerOptions> = {}, input = ''): Promise<number> =>
    answer(name, words, { json: false, ...options }, { ...io, stdin: Readable.from([input]) } as unknown as CliIo);
  return { ...rig, io, run };
}

describe('wilson answer', () => {
  it('passes the words on, and the task is queued with them', async () => {
    const { run, store, io } = asking();
    expect(await run('2', 'use SQLite')).toBe(0);
    expect(io.out.stdout).toBe('TASK-002 has its answer and goes on. Follow it with: wilson logs -f TASK-002\n');
    expect(store.tasks.get('TASK-002')).toMatchObject({ status: 'ready', question: null });
    expect(store.families.communicationsOf('TASK-002').at(-1)).toMatchObject({
      fromName: 'user',
      kind: 'answer',
      text: 'use SQLite',
    });
  });

  it('reads the answer from the input, all of it', async () => {
    const { run, store, io } = asking();
    expect(await run('TASK-002', '-', { json: true }, 'first\nsecond\n')).toBe(0);
    expect(JSON.parse(io.out.stdout)).toEqual({ task: 'TASK-002', answered: true });
    expect(store.families.communicationsOf('TASK-002').at(-1)?.text).toBe('first\nsecond');
  });

  it.each([
    ['an empty answer', ' ', 'The answer is empty.'],
    ['binary data', 'a\0b', 'The answer holds NUL bytes, so it is binary data, not text.'],
    ['an answer that would be handed over cut', 'x'.repeat(8_001), /8001 characters, at most 8000/],
  ])('refuses %s, and the question stays', async (_, words, message) => {
    const { run, store } = asking();
    await expect(run('2', words)).rejects.toMatchObject({
      code: 'USAGE',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      hint: 'TASK-002 asks: Which database?',
    });
    expect(store.tasks.get('TASK-002')?.question).toBe('Which database?');
  });

  it('refuses what nobody asked', async () => {
    const { run } = asking();
    await expect(run('1', 'x')).rejects.toMatchObject({
      code: 'NOTHING_ASKED',
      message: 'TASK-001 asks nothing: blocked.',
    });
    await expect(run('77', 'x')).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
  });
});
