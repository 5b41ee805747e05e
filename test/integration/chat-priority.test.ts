import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.js';
import { nullLog } from '../../src/log.js';
import { ensureModel } from '../../src/models/download.js';
import { readProcStat } from '../../src/platform/process-identity.js';
import { ChatPriority } from '../../src/supervisor/chat-priority.js';
import { askControl, controlPath, listenForControl } from '../../src/supervisor/control-socket.js';
import { NeighbourHolds } from '../../src/supervisor/neighbour-holds.js';
import { standInModel } from '../helpers/stand-in-model.js';
import { type Rig, startRig } from '../helpers/supervisor-rig.js';
import { tempFolder } from '../helpers/temp-folder.js';

const embedded = { provider: 'llamacpp' as const, server: null, apiKeyEnv: null };
const never = new AbortController().signal;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What a worker logged; asked for until there is something new, as the store's writes come behind the worker's words. */
async function logged(rig: Rig, taskId: string, count: number): Promise<string[]> {
  for (;;) {
    const events = await rig.store.events.of(taskId, 0, 100);
    const lines = events.filter(({ kind }) => kind === 'log').map(({ text }) => text);
    if (lines.length >= count) return lines;
    await pause(10);
  }
}

describe('a parent', () => {
  it('holds both of its workers while a chat turn runs, and ends them at once all the same', async () => {
    const priority = new ChatPriority({ clock: systemClock });
    const rig = await startRig({ priority, maxConcurrent: 2 });
    const tasks = [
      await rig.submit({ never: true, tellHolds: true }),
      await rig.submit({ never: true, tellHolds: true }),
    ];
    await rig.until(() => rig.supervisor.active().filter(({ phase }) => phase === 'working').length === 2);
    const end = priority.turn(embedded);
    for (const { id } of tasks) expect(await logged(rig, id, 2)).toEqual(['free', 'hold']);
    end();
    for (const { id } of tasks) expect(await logged(rig, id, 3)).toEqual(['free', 'hold', 'continue']);
    priority.turn(embedded);
    for (const { id } of tasks) expect(await logged(rig, id, 4)).toEqual(['free', 'hold', 'continue', 'hold']);
    const startedMs = performance.now();
    const outcomes = await Promise.all(tasks.map(({ id }) => rig.supervisor.cancel(id)));
    expect(outcomes.map(({ result }) => result)).toEqual(['cancelled', 'cancelled']);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  it('tells a worker that starts during a turn, before its order', async () => {
    const priority = new ChatPriority({ clock: systemClock });
    const rig = await startRig({ priority });
    const end = priority.turn(embedded);
    const task = await rig.submit({ afterMs: 50, tellHolds: true });
    expect((await rig.over(task.id)).status).toBe('done');
    expect(await logged(rig, task.id, 1)).toEqual(['hold']);
    end();
  });

  it('stops a worker that loads an embedded model, and ends it at once all the same', async () => {
    const priority = new ChatPriority({ clock: systemClock });
    const ref = { ...standInModel('none').ref, provider: 'llamacpp' as const, server: null };
    const models = { prepare: async () => ({ ...standInModel('none'), ref }) };
    const rig = await startRig({ priority, models });
    // It never says that it has loaded anything.
    const task = await rig.submit({ never: true, child: 'group' });
    await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
    const pid = rig.supervisor.active()[0]?.pid ?? 0;
    const end = priority.turn(embedded);
    await stateIs(pid, 'T');
    end();
    await stateIs(pid, 'S');
    priority.turn(embedded);
    await stateIs(pid, 'T');
    const startedMs = performance.now();
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it('does not count against a task the time for which the chat held it', async () => {
    const priority = new ChatPriority({ clock: systemClock });
    const rig = await startRig({ priority, limits: { deadlineMs: 3_000 } });
    const late = await rig.submit({ afterMs: 4_000 });
    const end = priority.turn(embedded);
    const inTime = await rig.over(late.id);
    expect(inTime.status).toBe('done');
    end();
    const free = await rig.submit({ never: true });
    expect((await rig.over(free.id)).error?.code).toBe('DEADLINE');
  });

  it('does not take a held worker for a hung one', async () => {
    const modelPath = await ensureModel('smollm2:135m', { env: process.env, signal: never });
    const priority = new ChatPriority({ clock: systemClock });
    const rig = await startRig({
      priority,
      worker: '../../../workers/task-worker.ts',
      limits: { checkEveryMs: 1_000, silentChecks: 4, startMs: 60_000 },
      models: {
        prepare: async () => {
          const prepared = standInModel('smollm2:135m');
          return { ...prepared, ref: { ...prepared.ref, provider: 'llamacpp', server: null, modelPath } };
        },
      },
    });
    const task = await rig.supervisor.submit({
      title: 'a tale',
      description: 'Tell a long tale of a ship in forty sentences.',
      type: 'analysis',
      folder: rig.folder,
    });
    const shows = (message: string) => () => rig.supervisor.active()[0]?.task.progress.message === message;
    await rig.until(shows('writing report.md'));
    await pause(1_000);
    const end = priority.turn(embedded);
    // It says so itself when it has waited for two seconds.
    await rig.until(shows('waits for the chat'));
    const pid = rig.supervisor.active()[0]?.pid ?? 0;
    const before = processorMs(pid);
    await pause(6_000);
    expect(processorMs(pid) - before).toBeLessThan(600);
    expect(rig.supervisor.active()).toHaveLength(1);
    end();
    await rig.until(shows('writing report.md'));
    const goingOn = processorMs(pid);
    await pause(1_500);
    expect(processorMs(pid) - goingOn).toBeGreaterThan(100);
    // Held again, and killed while it is.
    priority.turn(embedded);
    await rig.until(shows('waits for the chat'));
    const startedMs = performance.now();
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

/** Resolves when the kernel gives that state: T is stopped, S sleeps. */
async function stateIs(pid: number, state: 'T' | 'S'): Promise<void> {
  while (readProcStat(pid)?.state !== state) await pause(10);
}

/** Processor time that a process has used, in ms; Linux counts it in hundredths of a second. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

describe('two wilson processes of one state folder', () => {
  /** One that listens, as `startParent` puts it together. */
  async function session(stateFolder: string, id: string, all: { id: string; socket: string | null }[], clock: Clock) {
    const told: string[] = [];
    const waiting: { word: string; resolve: () => void }[] = [];
    const tell = (word: string): void => {
      told.push(word);
      for (const { resolve } of waiting.splice(0)) resolve();
    };
    const neighbours = new NeighbourHolds({ sessionId: id, clock, log: nullLog, sessions: async () => all });
    const priority = new ChatPriority({ clock, onTurns: (place) => neighbours.turn(place) });
    const control = await listenForControl(controlPath(stateFolder, id), async (request) => {
      if (request.op === 'hold') priority.holdFor(request.from, request.place, request.ttlMs);
      if (request.op === 'continue') priority.releaseFor(request.from);
      return 'pong';
    });
    onTestFinished(async () => {
      neighbours.close();
      await control.close();
    });
    all.push({ id, socket: control.path });
    priority.register({ hold: () => tell('hold'), resume: () => tell('continue') }).modelAt(embedded);
    const until = async (words: readonly string[]): Promise<void> => {
      while (told.length < words.length) {
        await new Promise<void>((resolve) => waiting.push({ word: '', resolve }));
      }
      expect(told).toEqual(words);
    };
    return { neighbours, priority, control, until, told };
  }

  it('hold their workers for the chat of either, and one that is gone is no matter', async () => {
    const stateFolder = tempFolder();
    const all: { id: string; socket: string | null }[] = [
      { id: 'dead', socket: `${stateFolder}/run/dead.sock` },
      { id: 'silent', socket: null },
    ];
    const [a, b] = [
      await session(stateFolder, 'aaaa', all, systemClock),
      await session(stateFolder, 'bbbb', all, systemClock),
    ];
    const startedMs = performance.now();
    const end = a.priority.turn(embedded);
    // The turn has waited for nobody.
    expect(performance.now() - startedMs).toBeLessThan(50);
    await Promise.all([a.until(['hold']), b.until(['hold'])]);
    end();
    await Promise.all([a.until(['hold', 'continue']), b.until(['hold', 'continue'])]);
    const endB = b.priority.turn(embedded);
    await Promise.all([a, b].map((one) => one.until(['hold', 'continue', 'hold'])));
    endB();
    await Promise.all([a, b].map((one) => one.until(['hold', 'continue', 'hold', 'continue'])));
  });

  it('go on when the chat of one dies in its turn', async () => {
    const stateFolder = tempFolder();
    const all: { id: string; socket: string | null }[] = [];
    const a = await session(stateFolder, 'aaaa', all, systemClock);
    const b = await session(stateFolder, 'bbbb', all, systemClock);
    a.priority.turn(embedded);
    await b.until(['hold']);
    // Longer than one hold counts: it is renewed.
    await pause(7_000);
    expect(b.told).toEqual(['hold']);
    a.neighbours.close();
    await b.until(['hold', 'continue']);
  });

  it('refuse a hold that names no session, or would last for ever', async () => {
    const stateFolder = tempFolder();
    const { control, told } = await session(stateFolder, 'aaaa', [], systemClock);
    for (const wrong of [
      { op: 'hold' },
      { op: 'hold', from: 'x', place: 'this machine', ttlMs: 1e9 },
      { op: 'continue' },
    ]) {
      const reply = await askControl(control.path, wrong as { op: 'ping' }, 2_000, systemClock);
      expect(reply).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } });
    }
    expect(told).toEqual([]);
  });
});
