import { describe, expect, it } from 'vitest';
import { Inbox } from '../../../src/models/chat-engine-inbox.js';
import { RestartBudget } from '../../../src/models/chat-engine-restart.js';

describe('the budget of restarts', () => {
  it('allows three in a minute and no fourth', () => {
    const budget = new RestartBudget({ maxRestarts: 3, windowMs: 60_000 });
    const allowed: boolean[] = [];
    for (const atMs of [0, 1_000, 2_000, 3_000]) {
      budget.failed(atMs);
      allowed.push(budget.allows(atMs));
    }
    expect(allowed).toEqual([true, true, true, false]);
    expect(budget.allows(59_999)).toBe(false);
    expect(budget.allows(60_000)).toBe(true);
  });

  it('never runs out through deaths that are far apart', () => {
    const budget = new RestartBudget({ maxRestarts: 3, windowMs: 60_000 });
    for (let atMs = 0; atMs < 3_600_000; atMs += 20_001) {
      budget.failed(atMs);
      expect(budget.allows(atMs)).toBe(true);
    }
  });
});

describe('an inbox', () => {
  it('gives what came before a failure, then the failure', async () => {
    const inbox = new Inbox<number>();
    inbox.push(1);
    inbox.push(2);
    inbox.fail(new Error('gone'));
    expect([await inbox.next(), await inbox.next()]).toEqual([1, 2]);
    await expect(inbox.next()).rejects.toThrow('gone');
  });

  it('wakes a reader that waits', async () => {
    const inbox = new Inbox<number>();
    const waiting = inbox.next();
    inbox.push(7);
    expect(await waiting).toBe(7);
    const failing = inbox.next();
    inbox.fail(new Error('gone'));
    await expect(failing).rejects.toThrow('gone');
  });

  it('drops what nobody wants any more when it is abandoned', async () => {
    const inbox = new Inbox<number>();
    inbox.push(1);
    inbox.abandon(new Error('stopped'));
    await expect(inbox.next()).rejects.toThrow('stopped');
  });
});
