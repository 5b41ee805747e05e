import { expect, it } from 'vitest';
import { TurnQueue } from '../../../src/chat/turn-queue.js';

function gated() {
  const served: string[] = [];
  const gates: (() => void)[] = [];
  const queue = new TurnQueue(
    async (text, signal) => {
      await new Promise<void>((resolve) => {
        gates.push(resolve);
        signal.addEventListener('abort', () => resolve());
      });
      served.push(signal.aborted ? `${text} stopped` : text);
    },
    () => undefined,
  );
  return { queue, served, next: () => gates.shift()?.() };
}

it('runs one turn at a time, in order', async () => {
  const { queue, served, next } = gated();
  queue.push('one');
  queue.push('two');
  expect(queue.waiting).toEqual(['two']);
  next();
  await new Promise((resolve) => setImmediate(resolve));
  expect(served).toEqual(['one']);
  next();
  await queue.idle();
  expect(served).toEqual(['one', 'two']);
  expect(queue.busy).toBe(false);
});

it('stops only the turn that runs', async () => {
  const { queue, served, next } = gated();
  expect(queue.interrupt()).toBe(false);
  queue.push('one');
  queue.push('two');
  expect(queue.interrupt()).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  next();
  next();
  await queue.idle();
  expect(served).toEqual(['one stopped', 'two']);
});
