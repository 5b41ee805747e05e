import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { forkBound } from '../../src/platform/bound-child.js';
import { tempFolder } from '../helpers/temp-folder.js';

describe('a bound child', () => {
  it('loses no message that comes before anybody listens', async () => {
    const entry = join(tempFolder(), 'speaks-at-once.mjs');
    // What it writes to stderr comes after its messages were handed to the system.
    writeFileSync(
      entry,
      `process.send('first', () => process.send('second', () => process.stderr.write('sent')));
       process.on('message', () => process.exit(0));`,
    );
    const child = await forkBound({
      entry: pathToFileURL(entry),
      env: { PATH: process.env.PATH },
      owner: 'test:speaks:1',
    });
    onTestFinished(async () => {
      child.send({ type: 'end' });
      expect(await child.exited).toMatchObject({ exitCode: 0 });
    });
    await expect.poll(() => child.stderrTail()).toBe('sent');
    // Both were read from the channel by now, or will be in the turns to come.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const heard: unknown[] = [];
    child.onMessage((raw) => heard.push(raw));
    await expect.poll(() => heard).toEqual(['first', 'second']);
  });
});
