import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog, nullLog } from '../../src/log.js';

let folder: string;
const file = () => join(folder, 'logs', 'wilson.log');
const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wilson-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('createLog', () => {
  it('has each line on disk when the call returns, with level, time and fields', async () => {
    const log = await createLog({ stateFolder: folder, name: 'wilson', level: 'info' });
    log.debug({}, 'too small');
    log.warn({ taskId: 'TASK-001', error: new Error('broken') }, 'worker died');
    expect(lines(file())).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        pid: process.pid,
        taskId: 'TASK-001',
        error: expect.objectContaining({ type: 'Error', message: 'broken' }),
        msg: 'worker died',
      },
    ]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('hides keys', async () => {
    const log = await createLog({ stateFolder: folder, name: 'wilson', level: 'debug' });
    log.info({ apiKey: 'secret', request: { headers: { authorization: 'secret' } } }, 'asked');
    expect(readFileSync(file(), 'utf8')).not.toContain('secret');
  });

  it('appends to what is there, and starts anew above the limit, keeping one former file', async () => {
    const options = { stateFolder: folder, name: 'wilson', level: 'info', limitBytes: 1_000 } as const;
    (await createLog(options)).info({}, 'one');
    (await createLog(options)).info({}, 'two');
    expect(lines(file()).map(({ msg }) => msg)).toEqual(['one', 'two']);
    writeFileSync(file(), 'x'.repeat(1_000));
    (await createLog(options)).info({}, 'three');
    expect(lines(file()).map(({ msg }) => msg)).toEqual(['three']);
    expect(readFileSync(`${file()}.1`, 'utf8')).toBe('x'.repeat(1_000));
  });

  it('stays below twice the limit however much is written, also by two at once', async () => {
    const options = { stateFolder: folder, name: 'wilson', level: 'info', limitBytes: 10_000 } as const;
    const logs = [await createLog(options), await createLog(options)];
    for (let index = 0; index < 2_000; index++) logs[index % 2]?.info({ index }, 'a line of some length');
    expect(statSync(file()).size + statSync(`${file()}.1`).size).toBeLessThan(22_000);
    const last = lines(file()).at(-1);
    expect(last.index).toBe(1_999);
  });

  it('forgets rather than fails where nothing can be written', async () => {
    writeFileSync(join(folder, 'state'), 'a file');
    const log = await createLog({ stateFolder: join(folder, 'state'), name: 'wilson', level: 'info' });
    expect(log).toBe(nullLog);
    expect(() => log.error({}, 'lost')).not.toThrow();
  });

  it('goes on when its folder is taken away', async () => {
    const log = await createLog({ stateFolder: folder, name: 'wilson', level: 'info', limitBytes: 100 });
    log.info({}, 'x'.repeat(200));
    rmSync(join(folder, 'logs'), { recursive: true });
    expect(() => log.info({}, 'y'.repeat(200))).not.toThrow();
  });
});
