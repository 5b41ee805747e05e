import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { isAlive, ownIdentity, type ProcessIdentity, processIdentity } from '../../src/platform/process-identity.js';
import { descendants, killTree, ownedProcesses, ownerVariable } from '../../src/platform/process-tree.js';
import { openStoreThread } from '../../src/store/store-thread.js';
import { listenForControl } from '../../src/supervisor/control-socket.js';
import { startGuardian } from '../../src/supervisor/guardian.js';
import { reapDeadSessions } from '../../src/supervisor/reaper.js';
import { startRig } from '../helpers/supervisor-rig.js';
import { tempFolder } from '../helpers/temp-folder.js';

/** A shell with a child of its own; both are ended with the test. */
async function startFamily(env: Record<string, string> = {}): Promise<ProcessIdentity> {
  const shell = spawn('/bin/sh', ['-c', 'sleep 60 & echo ready; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, ...env },
  });
  await once(shell.stdout, 'data');
  const identity = processIdentity(shell.pid ?? 0);
  if (identity === null) throw new Error('the shell is gone');
  onTestFinished(async () => {
    expect(await killTree(identity, { clock: systemClock, graceMs: 0, ownerPrefix: '' })).toEqual([]);
  });
  return identity;
}

/** A session that is certainly dead. */
function deadIdentity(): ProcessIdentity {
  return { ...ownIdentity(), startTime: '1' };
}

describe('a process that has the pid of one of ours', () => {
  it.each([
    ['started at another time', { startTime: '1' }],
    ['was of another boot', { bootId: 'another boot' }],
  ])('and %s keeps its life and its children', async (_name, difference) => {
    const stranger = await startFamily();
    const children = await descendants(stranger.pid);
    expect(children.length).toBeGreaterThan(0);
    const survivors = await killTree(
      { ...stranger, ...difference },
      { clock: systemClock, graceMs: 50, ownerPrefix: '' },
    );
    expect(survivors).toEqual([]);
    expect([stranger, ...children].every(isAlive)).toBe(true);
  });
});

describe('reaping', () => {
  it('ends the marked processes of a dead session, requeues its task and gives the slot back, even after it had ended', async () => {
    const stateFolder = tempFolder();
    const store = await openStoreThread(stateFolder);
    onTestFinished(() => store.close());
    const limits = { maxConcurrent: 1, maxMemoryMb: 1_000, warnThresholdMb: 900 };
    await store.sessions.begin({ id: 'dead0', kind: 'chat', folder: stateFolder, identity: deadIdentity(), limits });
    const task = await store.tasks.submit({
      title: 't',
      description: 'd',
      type: 'code',
      folder: stateFolder,
      priority: 0,
      sessionId: 'dead0',
    });
    await store.workers.claim({
      taskId: task.id,
      sessionId: 'dead0',
      ownerToken: 'dead0',
      maxConcurrent: 1,
      need: { processMb: 0, model: null },
      maxMemoryMb: 1_000,
    });
    const stray = await startFamily({ [ownerVariable]: 'dead0:TASK-001:1' });
    await store.sessions.end('dead0');

    expect(await reapDeadSessions(store, systemClock)).toMatchObject({ sessions: ['dead0'], requeued: [task.id] });
    expect(isAlive(stray)).toBe(false);
    expect(ownedProcesses('dead0:')).toEqual([]);
    expect(await store.workers.list()).toEqual([]);
    expect(await store.tasks.get(task.id)).toMatchObject({ status: 'ready' });
    expect((await reapDeadSessions(store, systemClock)).sessions).toEqual([]);
  });

  it('gives a task up after its parents have died under it five times', async () => {
    const store = await openStoreThread(tempFolder());
    onTestFinished(() => store.close());
    const limits = { maxConcurrent: 1, maxMemoryMb: 1_000, warnThresholdMb: 900 };
    const task = await store.tasks.submit({
      title: 't',
      description: 'd',
      type: 'code',
      folder: '/',
      priority: 0,
      sessionId: null,
    });
    const ends: unknown[] = [];
    for (let round = 1; round <= 5; round += 1) {
      const id = `dead${round}`;
      await store.sessions.begin({ id, kind: 'chat', folder: '/', identity: deadIdentity(), limits });
      await store.workers.claim({
        taskId: task.id,
        sessionId: id,
        ownerToken: id,
        maxConcurrent: 1,
        need: { processMb: 0, model: null },
        maxMemoryMb: 1_000,
      });
      ends.push(await reapDeadSessions(store, systemClock));
    }
    expect(ends.at(-1)).toMatchObject({ givenUp: [task.id], requeued: [] });
    expect(await store.tasks.get(task.id)).toMatchObject({
      status: 'failed',
      error: { code: 'INTERRUPTED_TOO_OFTEN' },
    });
  });
});

describe('a task that was ended from elsewhere before its worker was known', () => {
  it('loses the worker all the same', async () => {
    const rig = await startRig();
    const task = await rig.submit({ never: true });
    // What `kill` does when it finds a slot without a process and an owner that does not answer.
    await rig.until(() => rig.supervisor.active().length === 1);
    await rig.store.workers.release(task.id, 1);
    await rig.store.tasks.cancelActive(task.id, 1);
    await rig.until(() => rig.supervisor.active().length === 0 || rig.supervisor.active()[0]?.phase === 'working');
    await rig.supervisor.cancel(task.id);
    expect(rig.supervisor.active()).toEqual([]);
    expect(ownedProcesses(`${rig.sessionId}:${task.id}:`)).toEqual([]);
    expect(await rig.store.tasks.get(task.id)).toMatchObject({ status: 'cancelled' });
  });
});

describe('a parent that is asked to end again and again', () => {
  it('takes no attempt from the task, and the next one waits for a retry that is due later', async () => {
    const stateFolder = tempFolder();
    const script = [{ never: true }, { never: true }, { never: true }, { exit: 1 }, { summary: 'at last' }];
    const first = await startRig({ stateFolder });
    const { id } = await first.submit(script);
    for (let round = 0; round < 3; round += 1) {
      const rig = round === 0 ? first : await startRig({ stateFolder });
      await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
      await rig.supervisor.shutdown();
    }
    const crashing = await startRig({ stateFolder });
    await crashing.until(() => crashing.notices.some((notice) => /trying again/.test(notice.text)));
    await crashing.supervisor.shutdown();
    const last = await startRig({ stateFolder });
    await last.supervisor.whenIdle();
    expect(await last.store.tasks.get(id)).toMatchObject({ status: 'done', attempt: 5, summary: 'at last' });
  });
});

describe('the control socket', () => {
  it('closes though a client has connected and says nothing', async () => {
    const server = await listenForControl(join(tempFolder(), 'c.sock'), () => Promise.resolve('pong'));
    const client = connect(server.path);
    client.on('error', () => undefined);
    await once(client, 'connect');
    const closed = once(client, 'close');
    await server.close();
    await closed;
  });
});

describe('the guardian', () => {
  it('that is killed alone is replaced, and goes when it is dismissed', async () => {
    const guardian = startGuardian('feedfacefeedface');
    if (guardian === null) return;
    const first = processIdentity(guardian.pid ?? 0);
    if (first === null) throw new Error('no guardian');
    process.kill(first.pid, 'SIGKILL');
    while (guardian.pid === first.pid) await new Promise((resolve) => setImmediate(resolve));
    const second = processIdentity(guardian.pid ?? 0);
    expect(second).not.toBeNull();
    await guardian.dismiss();
    expect(second !== null && isAlive(second)).toBe(false);
  });
});
