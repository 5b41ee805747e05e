import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { Store } from '../../src/store/store.js';
import type { Death, ParentLife } from '../fixtures/parents/dies-after-end.js';
import { startRig } from '../helpers/supervisor-rig.js';
import { tempFolder } from '../helpers/temp-folder.js';

/*
 * A parent that is killed between the end of a task and what follows it: the next one in the folder applies the result,
 * where that is automatic, and tells people, once.
 */

interface Told {
  readonly kind?: string;
  readonly taskId?: string | null;
  readonly text?: string;
  /** A task whose result is being applied. */
  readonly applies?: string;
  readonly started?: boolean;
}

interface LivingParent {
  readonly told: Told[];
  /** Resolves at the first line that is like this. */
  saw(isLike: (told: Told) => boolean): Promise<void>;
  /** Ends its input, and resolves with what it ended with. */
  leave(): Promise<number | string>;
}

class Place {
  readonly stateFolder = realpathSync(tempFolder());
  readonly folder = join(this.stateFolder, 'project');

  constructor() {
    mkdirSync(this.folder);
    onTestFinished(() => {
      const left = this.read((store) => store.sessions.all().flatMap(({ id }) => ownedProcesses(`${id}:`)));
      expect(left).toEqual([]);
    });
  }

  read<T>(look: (store: Store) => T): T {
    const store = Store.open(this.stateFolder, systemClock);
    try {
      return look(store);
    } finally {
      store.close();
    }
  }

  start(life: Partial<ParentLife> = {}): LivingParent {
    const fixture = resolve(import.meta.dirname, '../fixtures/parents/dies-after-end.ts');
    const { stateFolder, folder } = this;
    const whole: ParentLife = { stateFolder, folder, kind: 'chat', applies: true, ...life };
    const child = spawn(process.execPath, ['--import', 'tsx', fixture, JSON.stringify(whole)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.stdin.on('error', () => undefined);
    const exit = once(child, 'close');
    const told: Told[] = [];
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => told.push(JSON.parse(line) as Told));
    return {
      told,
      saw: (isLike) =>
        new Promise((done) => {
          const look = (): void => {
            if (told.some(isLike)) done();
          };
          lines.on('line', look);
          look();
        }),
      leave: async () => {
        child.stdin.end();
        const [code, signal] = (await exit) as [number | null, string | null];
        return code ?? signal ?? '';
      },
    };
  }

  /** A parent that dies where it is told to. */
  async dies(dies: Death, life: Partial<ParentLife> = {}): Promise<Told[]> {
    const parent = this.start({ requests: [work], ...life, dies });
    expect(await parent.leave()).toBe('SIGKILL');
    return parent.told;
  }

  /** A parent that finds what is left, does it, and ends. */
  async next(life: Partial<ParentLife> = {}): Promise<Told[]> {
    const parent = this.start(life);
    expect(await parent.leave()).toBe(0);
    return parent.told;
  }

  text(file: string): string | null {
    const path = join(this.folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  }
}

const requestOf = (script: unknown, planned = false) => ({ description: JSON.stringify(script), planned });
const files = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`${at}.txt`, `made ${at}`]));
const work = requestOf({ files, summary: 'wrote five files' });
const atEnd = (of = 'TASK-001') => ({ at: 'after', aggregate: 'tasks', method: 'end', of }) as const;

function endsTold(told: readonly Told[]): (string | null | undefined)[] {
  return told.filter(({ kind }) => kind === 'done' || kind === 'failed').map(({ taskId }) => taskId);
}

describe('a parent that is killed once the store has the end of a task', () => {
  it.each<[string, Death]>([
    ['before anything follows', atEnd()],
    ['in the middle of the apply', { at: 'apply', placed: 3 }],
    [
      'when all is applied and that is not written down',
      { at: 'before', aggregate: 'ends', method: 'applied', of: 'TASK-001' },
    ],
    [
      'when that is written down and nobody has been told',
      { at: 'after', aggregate: 'ends', method: 'applied', of: 'TASK-001' },
    ],
  ])('%s: the next one has it applied, and told, once', async (_when, death) => {
    const place = new Place();
    expect(endsTold(await place.dies(death))).toEqual([]);
    expect(place.read((store) => store.tasks.get('TASK-001'))).toMatchObject({ status: 'done' });

    const isWritten = place.read((store) => store.tasks.outcomeOf('TASK-001')) === 'applied';
    const told = await place.next();
    expect(endsTold(told)).toEqual(['TASK-001']);
    expect(told.filter(({ applies }) => applies === 'TASK-001')).toHaveLength(isWritten ? 0 : 1);
    const said = told.find(({ kind }) => kind === 'done')?.text ?? '';
    expect(said).toMatch(
      /wrote five files[\s\S]*applied[\s\S]*wilson undo TASK-001[\s\S]*It ended on .* UTC, when nobody was told\./i,
    );
    expect(readdirSync(place.folder).sort()).toEqual(Object.keys(files));
    expect(place.text('3.txt')).toBe('made 3');
    expect(place.read((store) => store.tasks.outcomeOf('TASK-001'))).toBe('applied');

    expect(await place.next()).toEqual([]);
  });

  it('and all of it is applied: what people do with the files before the next one comes is theirs', async () => {
    const place = new Place();
    await place.dies({ at: 'before', aggregate: 'ends', method: 'applied', of: 'TASK-001' });
    rmSync(join(place.folder, '2.txt'));
    writeFileSync(join(place.folder, '3.txt'), 'something else');
    const told = await place.next();
    expect(told.find(({ kind }) => kind === 'done')?.text).toContain('Applied: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt.');
    expect([place.text('2.txt'), place.text('3.txt')]).toEqual([null, 'something else']);
    expect(place.read((store) => store.tasks.outcomeOf('TASK-001'))).toBe('applied');
    expect(await place.next()).toEqual([]);
  });

  it('where people are asked, they are told what they can take', async () => {
    const place = new Place();
    await place.dies(atEnd(), { applies: false });
    const told = await place.next({ applies: false });
    expect(endsTold(told)).toEqual(['TASK-001']);
    expect(told.find(({ kind }) => kind === 'done')?.text).toContain('/apply TASK-001');
    expect(readdirSync(place.folder)).toEqual([]);
    expect(await place.next({ applies: false })).toEqual([]);
  });

  it('and that failed: the reason is told', async () => {
    const place = new Place();
    await place.dies(atEnd(), { requests: [requestOf({ fail: 'BAD_REQUEST' })] });
    const told = await place.next();
    expect(endsTold(told)).toEqual(['TASK-001']);
    expect(told.find(({ kind }) => kind === 'failed')?.text).toMatch(/as told/);
    expect(told.filter(({ applies }) => applies !== undefined)).toEqual([]);
    expect(await place.next()).toEqual([]);
  });

  it('and what it made no longer fits: it is not applied, and the reason is told', async () => {
    const place = new Place();
    await place.dies(atEnd());
    writeFileSync(join(place.folder, '2.txt'), 'made by somebody else');
    const told = await place.next();
    expect(told.find(({ kind }) => kind === 'done')?.text).toMatch(/Not applied: [\s\S]*2\.txt/);
    expect(readdirSync(place.folder)).toEqual(['2.txt']);
    expect(await place.next()).toEqual([]);
  });

  it('by the word of its reviewer', async () => {
    const place = new Place();
    const approve = { review: { verdict: 'approved', findings: [], summary: 'good' } };
    const reviewed = requestOf({ calls: [['request_review', {}]], files, reviewer: approve });
    await place.dies({ at: 'answer', method: 'verdict' }, { requests: [reviewed] });
    const told = await place.next();
    expect(endsTold(told)).toEqual(['TASK-001']);
    expect(place.text('0.txt')).toBe('made 0');
    expect(await place.next()).toEqual([]);
  });

  it('of a family: the whole is applied, the parts are told with it, and their copies are gone', async () => {
    const place = new Place();
    const step = (key: string) => ({
      key,
      title: key,
      type: 'code',
      dependsOn: [],
      checks: [],
      description: JSON.stringify({ files: { [`${key}.txt`]: key } }),
    });
    await place.dies(atEnd(), { requests: [requestOf({ plan: { steps: [step('a'), step('b')] } }, true)] });
    const copies = (): string[] =>
      readdirSync(join(place.stateFolder, 'workspaces')).filter((name) => name.startsWith('TASK'));
    expect(copies().sort()).toEqual(['TASK-001', 'TASK-002', 'TASK-003']);
    const told = await place.next();
    expect(endsTold(told)).toEqual(['TASK-001']);
    expect(readdirSync(place.folder).sort()).toEqual(['a.txt', 'b.txt']);
    expect(copies()).toEqual(['TASK-001']);
    expect(await place.next()).toEqual([]);
  });

  it('of a part: its parent goes on, and is the one that is told', async () => {
    const place = new Place();
    const step = (key: string, dependsOn: string[]) => ({
      key,
      title: key,
      type: 'code',
      dependsOn,
      checks: [],
      description: JSON.stringify({ files: { [`${key}.txt`]: key } }),
    });
    const whole = requestOf({ plan: { steps: [step('a', []), step('b', ['a'])] } }, true);
    await place.dies(atEnd('TASK-002'), { requests: [whole] });
    expect(endsTold(await place.next())).toEqual(['TASK-003', 'TASK-001']);
    expect(readdirSync(place.folder).sort()).toEqual(['a.txt', 'b.txt']);
  });
});

describe('of two wilsons in the folder', () => {
  it('that start at once after the death, exactly one does what is left', async () => {
    const place = new Place();
    await place.dies(atEnd());
    const both = await Promise.all([place.next(), place.next()]);
    expect(endsTold(both.flat())).toEqual(['TASK-001']);
    expect(both.flat().filter(({ applies }) => applies === 'TASK-001')).toHaveLength(1);
    expect(readdirSync(place.folder).sort()).toEqual(Object.keys(files));
  });

  it('that were there before the death, exactly one does it, without a new start', async () => {
    const place = new Place();
    const both = [place.start({ stays: true }), place.start({ stays: true })];
    await Promise.all(both.map((parent) => parent.saw(({ started }) => started === true)));
    await place.dies(atEnd());
    await Promise.race(both.map((parent) => parent.saw(({ kind }) => kind === 'done')));
    expect(await Promise.all(both.map((parent) => parent.leave()))).toEqual([0, 0]);
    const told = both.flatMap((parent) => parent.told);
    expect(endsTold(told)).toEqual(['TASK-001']);
    expect(told.filter(({ applies }) => applies === 'TASK-001')).toHaveLength(1);
  });

  it('one that lives does its own: the other leaves it alone', async () => {
    const place = new Place();
    const one = place.start({ stays: true });
    await one.saw(({ started }) => started === true);
    expect(endsTold(await place.next({ requests: [work] }))).toEqual(['TASK-001']);
    expect(await one.leave()).toBe(0);
    expect(one.told).toEqual([{ started: true }]);
  });
});

it('a task that was answered in another wilson than its own is applied by its own alone', async () => {
  const applied: string[] = [];
  const applyingIn = (place: string) => (): Promise<string> => {
    applied.push(place);
    return Promise.resolve('Applied.');
  };
  const one = await startRig({ applyDone: applyingIn('one') });
  const other = await startRig({ applyDone: applyingIn('other'), stateFolder: one.stateFolder });
  const { id } = await one.submit({ question: 'Which database?', files: { 'a.txt': 'x' } });
  await one.until(() => one.notices.some(({ kind }) => kind === 'asks'));
  expect(await other.supervisor.answer(id, 'SQLite')).toBe(true);
  await Promise.all([one.over(id), other.over(id)]);
  await Promise.all([one.supervisor.whenIdle(), other.supervisor.whenIdle()]);
  expect(applied).toEqual(['one']);
});

describe('a parent without a chat', () => {
  it('applies what it finds, and leaves the telling to the next chat', async () => {
    const place = new Place();
    await place.dies(atEnd());
    expect(await place.next({ kind: 'detached' })).toEqual([{ applies: 'TASK-001' }]);
    expect(place.text('1.txt')).toBe('made 1');
    expect(endsTold(await place.next())).toEqual(['TASK-001']);
    expect(await place.next()).toEqual([]);
  });

  it('tries once what cannot be applied: the next chat says why', async () => {
    const place = new Place();
    await place.dies(atEnd());
    writeFileSync(join(place.folder, '2.txt'), 'made by somebody else');
    expect(await place.next({ kind: 'detached' })).toEqual([{ applies: 'TASK-001' }]);
    expect(await place.next({ kind: 'detached' })).toEqual([]);
    expect((await place.next()).find(({ kind }) => kind === 'done')?.text).toMatch(/Not applied: [\s\S]*2\.txt/);
  });

  it('that does twelve tasks has ten of them told in full, and the rest counted', async () => {
    const place = new Place();
    const requests = Array(12).fill(requestOf({}));
    await place.next({ kind: 'detached', applies: false, requests });
    const told = await place.next({ applies: false });
    expect(endsTold(told)).toHaveLength(10);
    expect(told.map(({ text }) => text)).toContain(
      '2 more tasks have ended since you were last told: /tasks lists them.',
    );
    expect(await place.next({ applies: false })).toEqual([]);
  });
});

it('what people have decided about a result meanwhile holds, and they need not be told of it', async () => {
  const place = new Place();
  await place.dies(atEnd());
  // `wilson apply` and `wilson undo` by hand.
  place.read((store) => {
    store.tasks.setOutcome('TASK-001', 'applied');
    store.tasks.setOutcome('TASK-001', null);
  });
  expect(await place.next()).toEqual([]);
  expect(readdirSync(place.folder)).toEqual([]);
});
