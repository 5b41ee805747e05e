import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { Store } from '../../src/store/store.js';
import { type Rig, startRig } from '../helpers/supervisor-rig.js';

/* What attempts use is known and added up, however they end: most of those that are ended send no result. */

const tells = (outputTokens: number) => ({ uses: [{ outputTokens: 1 }, { outputTokens }] });
const works = (rig: Rig, message: string): Promise<void> =>
  rig.until(() => rig.supervisor.active().some(({ task }) => task.progress.message === message));

describe('what an attempt has used', () => {
  it('is known of one that was killed, when people are told that it was', async () => {
    const rig = await startRig();
    const task = await rig.submit({ ...tells(70), progress: 'thinking', never: true });
    await works(rig, 'thinking');
    await rig.until(() => rig.supervisor.active().some(({ memoryMb }) => memoryMb !== null));
    await rig.supervisor.cancel(task.id);
    const killed = await rig.store.tasks.get(task.id);
    expect(killed).toMatchObject({ status: 'cancelled', usage: { outputTokens: 70, promptTokens: 10, loadMs: 1 } });
    expect(killed?.peakMb).toBeGreaterThan(0);
  });

  it.each([
    ['crashes', { exit: 1 }],
    ['breaks the protocol', { garbage: true }],
    ['gives a result', { fail: 'NO_USABLE_CODE' }],
  ])('is added to that of the next one where it %s', async (_name, end) => {
    const rig = await startRig();
    const { id } = await rig.submit([{ ...tells(70), ...end }, { ...tells(3) }]);
    // Of an attempt with a result, that of the result counts: 5 tokens.
    const first = 'fail' in end ? 5 : 70;
    expect(await rig.over(id)).toMatchObject({ status: 'done', attempt: 2, usage: { outputTokens: first + 5 } });
  });

  it('is known of one that took too long, and of one that outgrew what there is', async () => {
    const late = await startRig({ limits: { deadlineMs: 1_000 } });
    const slow = await late.submit({ ...tells(70), never: true });
    expect(await late.over(slow.id)).toMatchObject({ error: { code: 'DEADLINE' }, usage: { outputTokens: 70 } });
    const small = await startRig({ maxMemoryMb: 200 });
    const large = await small.submit({ ...tells(70), growMb: 600, never: true });
    const outgrown = await small.over(large.id);
    const worked = (await small.store.workers.attemptsOf(large.id)).filter(({ pid }) => pid !== null);
    expect(outgrown).toMatchObject({ status: 'failed', usage: { outputTokens: 70 * worked.length } });
    expect(outgrown.peakMb).toBeGreaterThan(200);
  });

  it('is in the store while it runs, for whoever ends it from outside', async () => {
    const rig = await startRig();
    const { id } = await rig.submit({ uses: [{ outputTokens: 70 }], progress: 'thinking', never: true });
    await works(rig, 'thinking');
    const other = Store.open(rig.stateFolder, systemClock);
    onTestFinished(() => other.close());
    // Written before the progress was, by the thread that both wait for.
    await rig.store.tasks.get(id);
    expect(other.tasks.get(id)?.usage.outputTokens).toBe(70);
    await rig.supervisor.cancel(id);
  });
});
