import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.js';
import { createModelLeases, type Lease, type LeaseStore, type ModelLeases } from '../../../src/models/leases.js';
import type { Chosen } from '../../../src/models/model-selection.js';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { type Connection, openDatabase } from '../../../src/store/database.js';
import { ModelStore, modelKey } from '../../../src/store/model-store.js';
import { SessionStore } from '../../../src/store/session-store.js';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.js';
import { choiceOn } from '../../helpers/lease-rig.js';
import { tempFolder } from '../../helpers/temp-folder.js';
import { type LoadFate, type Step, TinyServer } from '../../helpers/tiny-server.js';

const models = ['a:1b', 'b:1b'];
const sessionIds = ['s0', 's1', 's2'];
const rescuer = 'rescuer';
/** After a load was given up it comes within this, if at all. */
const latestMs = 1_500;

const which = fc.nat(3);
const session = fc.nat(sessionIds.length - 1);
const model = fc.nat(models.length - 1);
const seldom = fc.constantFrom(false, false, false, true);
const acquire = fc.record({
  do: fc.constant('acquire' as const),
  session,
  model,
  keepAlive: seldom,
  purpose: fc.constantFrom('code' as const, 'chat' as const),
  idleTimeoutS: fc.constantFrom(0, 0, 5),
  fails: seldom,
  lateMs: fc.option(fc.nat(latestMs)),
});
const more = fc.oneof(
  fc.record({ do: fc.constantFrom('abort' as const, 'release' as const, 'release' as const), which }),
  fc.record({ do: fc.constantFrom('sweep' as const, 'makeRoom' as const), session }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(50, 1_000, 5_000, 31_000, 61_000) }),
);
const disturbance = fc.oneof(
  fc.record({ do: fc.constantFrom('kill' as const, 'close' as const), session }),
  fc.record({ do: fc.constant('evict' as const), model }),
  fc.record({ do: fc.constantFrom('die' as const, 'comeBack' as const, 'loseUnload' as const) }),
);
type Generated<T> = T extends fc.Arbitrary<infer A> ? A : never;
type Action = Generated<typeof acquire> | Generated<typeof more> | Generated<typeof disturbance>;
/** What is done, and how many answers come before the next thing is. */
type Move = readonly [Action, number];
const steps = fc.oneof(fc.nat(3), fc.nat(16));
const calm: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.tuple(fc.oneof({ weight: 3, arbitrary: acquire }, { weight: 4, arbitrary: more }), steps),
  { maxLength: 30 },
);
const wild: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.tuple(
    fc.oneof({ weight: 4, arbitrary: acquire }, { weight: 6, arbitrary: more }, { weight: 3, arbitrary: disturbance }),
    steps,
  ),
  { maxLength: 40 },
);

interface Wanted {
  readonly session: string;
  readonly holder: string;
  readonly model: string;
  readonly keeps: boolean;
  readonly controller: AbortController;
  readonly lossesBefore: number;
  state: 'waiting' | 'held' | 'failed' | 'released';
  lease: Lease | null;
}

interface Parent {
  readonly leases: ModelLeases;
  readonly killed: AbortController;
  closed: boolean;
}

/** Three wilson processes and one server; every answer of the database and the server comes when the schedule says so. */
class World {
  readonly clock: FakeClock = createFakeClock();
  readonly store: ModelStore;
  readonly server: TinyServer;
  readonly wanted: Wanted[] = [];
  readonly unexpected: unknown[] = [];
  private readonly fates = new Map<Chosen, LoadFate>();
  private readonly parents = new Map<string, Parent>();

  constructor(
    private readonly scheduler: fc.Scheduler,
    connection: Connection,
  ) {
    connection.exec(
      'DELETE FROM model_leases; DELETE FROM server_models; DELETE FROM model_facts; DELETE FROM sessions',
    );
    this.store = new ModelStore(connection, this.clock);
    this.server = new TinyServer(this.clock, (name) => this.holderOf(name));
    const sessions = new SessionStore(connection, this.clock);
    for (const id of [...sessionIds, rescuer]) {
      const limits = { maxConcurrent: 1, maxMemoryMb: 1, warnThresholdMb: 1 };
      sessions.begin({ id, kind: 'chat', folder: '/', identity: ownIdentity(), limits });
      this.parents.set(id, this.start(id));
    }
  }

  parent(id: string): Parent {
    const found = this.parents.get(id);
    if (found === undefined) throw new Error(`no session ${id}`);
    return found;
  }

  private start(id: string): Parent {
    const killed = new AbortController();
    const step: Step = (label, act) => this.scheduler.schedule(Promise.resolve(), `${id} ${label}`).then(act);
    const clock: Clock = {
      ...this.clock,
      after: (delayMs, action) => this.clock.after(delayMs, () => (killed.signal.aborted ? undefined : action())),
    };
    // Nobody hears of what a killed process is told, and what it had not yet said is never said.
    const untilKilled = async <T>(act: () => Promise<T>): Promise<T> => {
      const value = await act();
      return killed.signal.aborted ? new Promise<T>(() => undefined) : value;
    };
    const store = new Proxy({} as LeaseStore, {
      get:
        (_target, name) =>
        (...args: unknown[]) =>
          untilKilled(async () => {
            await step(String(name), () => undefined);
            if (killed.signal.aborted) return undefined;
            const method: unknown = Reflect.get(this.store, name);
            const value: unknown = typeof method === 'function' ? method.apply(this.store, args) : undefined;
            await step(`${String(name)} done`, () => undefined);
            return value;
          }),
    });
    const careful: LoadFate = { fails: false, lateMs: null };
    const leases = createModelLeases({
      sessionId: id,
      store,
      providerFor: (choice) => this.server.client(step, killed.signal, this.fates.get(choice) ?? careful),
      providerAt: () => this.server.client(step, killed.signal, careful),
      isSessionAlive: (other) => untilKilled(() => step('alive', () => !this.parent(other).killed.signal.aborted)),
      clock,
    });
    return { leases, killed, closed: false };
  }

  isLive(id: string): boolean {
    return !this.parent(id).killed.signal.aborted;
  }

  held(): Wanted[] {
    return this.wanted.filter(
      (each) => each.state === 'held' && this.isLive(each.session) && !this.parent(each.session).closed,
    );
  }

  private holderOf(name: string): string | null {
    const holder = this.held().find((each) => each.model === name);
    const keeper = this.wanted.find(
      (each) =>
        each.model === name &&
        each.keeps &&
        each.lease !== null &&
        this.isLive(each.session) &&
        !this.parent(each.session).closed,
    );
    return holder === undefined && keeper === undefined ? null : `held by ${(holder ?? keeper)?.holder}`;
  }

  /** Starts what may take its time; what it ends with is looked at, and a fault of it is one of the test. */
  private launch(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.unexpected.push(error));
  }

  act(action: Action): void {
    if (action.do === 'acquire') this.acquire(action);
    else if (action.do === 'abort')
      this.wanted.filter(({ state }) => state === 'waiting')[action.which]?.controller.abort();
    else if (action.do === 'release') {
      const one = this.held()[action.which];
      if (one !== undefined) this.release(one);
    } else if (action.do === 'wait') this.clock.advance(action.ms);
    else if (action.do === 'evict') this.server.lose(models[action.model] ?? '');
    else if (action.do === 'die') this.server.die();
    else if (action.do === 'comeBack') this.server.comeBack();
    else if (action.do === 'loseUnload') this.server.loseUnloads += 1;
    else if ('session' in action) this.actOn(action.do, sessionIds[action.session] ?? '');
  }

  private actOn(what: 'kill' | 'close' | 'sweep' | 'makeRoom', id: string): void {
    if (!this.isLive(id)) return;
    const parent = this.parent(id);
    if (what === 'kill') parent.killed.abort();
    else if (what === 'close') this.close(id);
    else this.launch(parent.leases[what]());
  }

  close(id: string): void {
    const parent = this.parent(id);
    parent.closed = true;
    this.launch(parent.leases.close());
  }

  release(one: Wanted): void {
    one.state = 'released';
    if (one.lease !== null) this.launch(one.lease.release());
  }

  private acquire(action: Extract<Action, { do: 'acquire' }>): void {
    const id = sessionIds[action.session] ?? '';
    if (!this.isLive(id)) return;
    const { purpose, keepAlive, idleTimeoutS, fails, lateMs } = action;
    const choice = choiceOn(this.server.url, models[action.model] ?? '', { purpose, keepAlive, idleTimeoutS });
    this.fates.set(choice, { fails, lateMs });
    const one: Wanted = {
      session: id,
      holder: `${id}-${this.wanted.length}`,
      model: choice.model,
      keeps: keepAlive && purpose !== 'chat',
      controller: new AbortController(),
      lossesBefore: this.server.lossesOf(choice.model),
      state: 'waiting',
      lease: null,
    };
    this.wanted.push(one);
    this.parent(id)
      .leases.acquire(choice, one.holder, { signal: one.controller.signal, estimateMb: 100 })
      .then(
        (lease) => {
          one.state = 'held';
          one.lease = lease;
        },
        () => {
          one.state = 'failed';
        },
      );
  }

  async run(steps: number): Promise<void> {
    for (let done = 0; done < steps && this.scheduler.count() > 0; done += 1) {
      await this.scheduler.waitOne();
      await new Promise((resolve) => setImmediate(resolve));
      this.check();
    }
  }

  /** Until nothing is under way but timers. */
  async drain(): Promise<void> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
      await this.run(10_000);
    } while (this.scheduler.count() > 0);
  }

  check(): void {
    expect(this.server.wrongs).toEqual([]);
    for (const one of this.held()) {
      const row = this.store.find(modelKey('ollama', this.server.url, one.model));
      expect(row, `the row of ${one.holder}`).not.toBeNull();
      expect(row?.state).not.toBe('unloading');
      if (this.server.lossesOf(one.model) === one.lossesBefore)
        expect([...this.server.entries.keys()]).toContain(one.model);
    }
  }

  /** Everybody gives back what is held and the dead are swept up. */
  async settle(): Promise<void> {
    this.server.comeBack();
    this.server.loseUnloads = 0;
    for (let rounds = 0; rounds < 80; rounds += 1) {
      await this.drain();
      this.clock.advance(1_000);
    }
    expect(this.wanted.filter(({ state, session: id }) => state === 'waiting' && this.isLive(id))).toEqual([]);
    for (const one of this.held()) this.release(one);
    await this.drain();
    for (const id of sessionIds) if (this.isLive(id)) this.close(id);
    await this.drain();
    for (let rounds = 0; rounds < 2; rounds += 1) {
      this.clock.advance(10_000);
      this.launch(this.parent(rescuer).leases.sweep());
      await this.drain();
    }
    this.check();
    expect(this.unexpected).toEqual([]);
  }
}

function connect(): Connection {
  const connection = openDatabase(tempFolder());
  if (connection === null) throw new Error('no database');
  connection.pragma('synchronous = OFF');
  return connection;
}

async function play(world: World, moves: readonly Move[]): Promise<void> {
  for (const [action, answers] of moves) {
    world.act(action);
    await world.run(answers);
    world.check();
  }
  await world.settle();
}

describe('whatever three wilson processes do to two models in whatever order', () => {
  it('every acquire settles, nothing held is unloaded, and at the end nothing of ours is left', async () => {
    const connection = connect();
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), wild, async (scheduler, moves) => {
        const world = new World(scheduler, connection);
        await play(world, moves);
        expect([...world.server.entries]).toEqual([]);
        expect(world.store.list()).toEqual([]);
        expect(world.store.sessions()).toEqual([]);
      }),
      { numRuns: 300 },
    );
    connection.close();
  });

  it('what others loaded before is there at the end', async () => {
    const connection = connect();
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.subarray(models, { minLength: 1 }),
        calm,
        async (scheduler, theirs, moves) => {
          const world = new World(scheduler, connection);
          for (const name of theirs)
            world.server.entries.set(name, { by: 'others', pinned: false, contextTokens: 4096 });
          await play(world, moves);
          expect([...world.server.entries.keys()].sort()).toEqual([...theirs].sort());
          expect(world.store.list()).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
    connection.close();
  });
});
