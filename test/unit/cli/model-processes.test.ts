import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { modelProcessFindings } from '../../../src/cli/doctor-model-processes.js';
import { type ModelProcess, modelProcessesWithoutServer, modelProcessName } from '../../../src/cli/model-processes.js';
import { parseConfig } from '../../../src/config/parse.js';
import {
  isAlive,
  type ProcessIdentity,
  processIdentity,
  signalProcess,
} from '../../../src/platform/process-identity.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const onLinux = describe.runIf(process.platform === 'linux');

/** A folder with a `llama-server` that only sleeps and an `ollama` that is a shell. */
function fakeOllama(): string {
  const folder = tempFolder();
  for (const [from, name] of [
    ['/bin/sleep', 'llama-server'],
    ['/bin/sh', 'ollama'],
  ] as const) {
    copyFileSync(from, join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** Starts `program` with a script that starts the model process in the background and prints its pid. */
async function startRunner(program: string, script: string): Promise<{ child: ChildProcess; runner: ProcessIdentity }> {
  const child = spawn(program, ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => child.stdout?.once('data', (data) => resolve(Number(data))));
  const runner = processIdentity(pid);
  if (runner === null) throw new Error('the model process ended at once');
  onTestFinished(() => {
    child.kill('SIGKILL');
    signalProcess(runner, 'SIGKILL');
  });
  return { child, runner };
}

async function find(pid: number): Promise<ModelProcess | undefined> {
  return (await modelProcessesWithoutServer()).find((each) => each.pid === pid);
}

onLinux('a model process', () => {
  it('below a live ollama is none of our business; when that is killed it is found, with its memory, and left alone', async () => {
    const folder = fakeOllama();
    const { child, runner } = await startRunner(
      join(folder, 'ollama'),
      `${folder}/llama-server 600 >/dev/null 2>&1 & echo $!; read line`,
    );
    expect(await find(runner.pid)).toBeUndefined();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    const found = await find(runner.pid);
    expect(found).toMatchObject({ pid: runner.pid, name: 'llama-server', parent: null, args: ['600'] });
    expect(found?.memoryMb).toBeGreaterThanOrEqual(0);
    expect(found?.memoryKind).toMatch(/^[pr]ss$/);
    expect(isAlive(runner)).toBe(true);
  });

  it('that another program runs is found with that program', async () => {
    const folder = fakeOllama();
    const { child, runner } = await startRunner(
      '/bin/sh',
      `${folder}/llama-server 600 >/dev/null 2>&1 & echo $!; read line`,
    );
    expect((await find(runner.pid))?.parent).toEqual({ pid: child.pid, name: 'sh' });
  });

  it('of a name of its own is not found', async () => {
    const { runner } = await startRunner('/bin/sh', 'sleep 600 >/dev/null 2>&1 & echo $!; read line');
    expect(await find(runner.pid)).toBeUndefined();
  });
});

describe('a command line', () => {
  it.each([
    [['/usr/lib/ollama/llama-server', '--model', '/x'], 'llama-server'],
    [['/usr/bin/ollama', 'runner', '--model', '/x'], 'ollama runner'],
    [['/usr/bin/ollama', 'serve'], null],
    [['/usr/bin/ollama'], null],
    [['vi', 'llama-server'], null],
    [[], null],
  ])('%j is that of %s', (words, name) => {
    expect(modelProcessName(words)).toBe(name);
  });
});

describe('the finding', () => {
  const leftover: ModelProcess = {
    pid: 4_711,
    name: 'llama-server',
    memoryMb: 4_661,
    memoryKind: 'pss',
    parent: null,
    args: ['--model', '/x', '--port', '43113'],
  };

  it('names the process, its memory and the command that ends it', () => {
    expect(modelProcessFindings([leftover], null)).toEqual([
      {
        level: 'warn',
        what: 'Process 4711 (llama-server) holds 4.6 GB PSS and has no `ollama serve` above it: an Ollama that was killed leaves such processes.',
        remedy: 'kill 4711, unless you started it yourself',
      },
    ]);
  });

  it('is no warning about what another program runs', () => {
    const [found] = modelProcessFindings([{ ...leftover, parent: { pid: 12, name: 'llama-swap' } }], null);
    expect(found).toEqual({
      level: 'ok',
      what: 'Process 4711 (llama-server, 4.6 GB PSS) is run by llama-swap (process 12), not by Ollama.',
      remedy: '',
    });
  });

  it('leaves out a llama-server that a purpose uses', () => {
    const config = (host: string) =>
      parseConfig(`llms: {code: {provider: openai, model: m, host: "${host}"}}`, '/c.yaml');
    const nothing = [expect.objectContaining({ level: 'ok' })];
    expect(modelProcessFindings([leftover], config('http://127.0.0.1:43113/v1'))).toEqual(nothing);
    expect(modelProcessFindings([{ ...leftover, args: ['-m', '/x'] }], config('http://localhost:8080/v1'))).toEqual(
      nothing,
    );
    expect(modelProcessFindings([{ ...leftover, args: ['--port=9000'] }], config('http://localhost:9000'))).toEqual(
      nothing,
    );
    expect(modelProcessFindings([leftover], config('http://192.0.2.7:43113/v1'))[0]?.level).toBe('warn');
  });
});
