import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sleep, systemClock } from '../../src/clock.js';
import type { CommandRequest, SandboxKind } from '../../src/platform/command.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { createCommandRunner } from '../../src/platform/run-command.js';

const fixtures = path.resolve(import.meta.dirname, '../fixtures/commands');
const sandboxWorks = (await createCommandRunner({ ownerToken: 'probe', env: process.env })).sandbox === 'bwrap';
const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

let workspaceRoot: string;
let owner: string;
let count = 0;

beforeEach(() => {
  workspaceRoot = realpathSync(mkdtempSync(path.join(homedir(), '.wilson-test-')));
  count += 1;
  owner = `run-command-test-${process.pid}-${count}`;
});

afterEach(() => {
  rmSync(workspaceRoot, { recursive: true, force: true });
  expect(ownedProcesses(owner)).toEqual([]);
});

function request(argv: readonly [string, ...string[]], more: Partial<CommandRequest> = {}): CommandRequest {
  return {
    argv,
    cwd: workspaceRoot,
    workspaceRoot,
    timeoutMs: 30_000,
    outputLimitBytes: 10_000,
    signal: new AbortController().signal,
    ...more,
  };
}

function fixture(name: string): string {
  return path.join(fixtures, name);
}

/** A hostile program within the workspace: the sandbox hides /tmp, where a clone of this project may lie. */
function script(name: string): string {
  const copy = path.join(workspaceRoot, name);
  copyFileSync(fixture(name), copy);
  return copy;
}

function runner(force: SandboxKind) {
  return createCommandRunner({ ownerToken: owner, env: process.env, force, allow: () => true });
}

/** Temporary folder of the caller that is killed. */
function callerTmp(): string {
  return path.join(workspaceRoot, 'tmp');
}

async function until(isSo: () => boolean): Promise<boolean> {
  const deadline = performance.now() + 2_000;
  while (!isSo() && performance.now() < deadline) await sleep(systemClock, 20);
  return isSo();
}

/** Resolves when no process carries the owner mark any more; false after `waitMs`. */
async function goneWithin(waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (ownedProcesses(owner).length > 0) {
    if (performance.now() > deadline) return false;
    await sleep(systemClock, 20);
  }
  return true;
}

const kinds: SandboxKind[] = sandboxWorks ? ['bwrap', 'none'] : ['none'];

describe.each(kinds)('a command with sandbox %s', (kind) => {
  it('gives exit code, output and a clean environment', async () => {
    const commands = await runner(kind);
    const result = await commands.run(
      request(
        [
          python,
          '-c',
          'import os, sys; print(os.getcwd()); print(sorted(os.environ)); sys.stderr.write("oops"); sys.exit(3)',
        ],
        { env: { EXTRA: '1' } },
      ),
    );
    expect(result).toMatchObject({ exitCode: 3, signal: null, timedOut: false, stderr: 'oops', droppedBytes: 0 });
    expect(result.stdout.split('\n')[0]).toBe(workspaceRoot);
    expect(result.stdout).toContain("'EXTRA'");
    expect(result.stdout).toContain("'WILSON_OWNER'");
    for (const name of Object.keys(process.env).filter((key) => /^(npm_|VITEST|PIP_|GIT_)/.test(key))) {
      expect(result.stdout).not.toContain(`'${name}'`);
    }
  });

  it('has an empty stdin', async () => {
    const commands = await runner(kind);
    const result = await commands.run(request([python, '-c', 'import sys; print(repr(sys.stdin.read()))']));
    expect(result.stdout).toBe("''\n");
  });

  it('ends at its deadline, with a child that ignores every signal', async () => {
    const commands = await runner(kind);
    const started = performance.now();
    const result = await commands.run(request([python, script('ignores-signals.py')], { timeoutMs: 700 }));
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: true });
    expect(performance.now() - started).toBeLessThan(6_000);
    expect(ownedProcesses(owner)).toEqual([]);
  });

  it('takes a daemon along that left its session and its parent', async () => {
    const commands = await runner(kind);
    const result = await commands.run(request([python, script('leaves-daemon.py')]));
    expect(result).toMatchObject({ exitCode: 0, stdout: 'left one behind\n' });
    expect(ownedProcesses(owner)).toEqual([]);
  });

  it('takes a daemon along that dropped its environment too', async () => {
    const commands = await runner(kind);
    const before = sleepers();
    await commands.run(request([python, script('leaves-daemon-without-environment.py')]));
    expect(sleepers().filter((pid) => !before.includes(pid))).toEqual([]);
  });

  it('is stopped by its signal, and rejects', async () => {
    const commands = await runner(kind);
    const controller = new AbortController();
    const running = commands.run(request([python, script('ignores-signals.py')], { signal: controller.signal }));
    while (ownedProcesses(owner).length < 2) await sleep(systemClock, 20);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(ownedProcesses(owner)).toEqual([]);
  });

  it('costs no memory for output that nobody keeps', async () => {
    const commands = await runner(kind);
    const before = process.memoryUsage.rss();
    const result = await commands.run(request([python, script('floods-output.py'), '300'], { timeoutMs: 60_000 }));
    expect(result.exitCode).toBe(0);
    expect(result.droppedBytes).toBeGreaterThan(299_000_000);
    expect(result.stdout.startsWith('BEGIN')).toBe(true);
    expect(result.stdout.endsWith('END')).toBe(true);
    expect(result.stdout).toContain('bytes left out');
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
  });

  it('is stopped when it has too many processes', async () => {
    const commands = await runner(kind);
    const result = await commands.run(request([python, script('forks-without-end.py')], { timeoutMs: 60_000 }));
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: false });
    expect(result.stderr).toContain('more than 512 processes');
    expect(ownedProcesses(owner)).toEqual([]);
  });

  it('rejects for a program that is not there', async () => {
    const commands = await runner(kind);
    await expect(commands.run(request(['no-such-program-at-all']))).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
    });
    await expect(commands.run(request(['./missing.sh']))).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
  });

  it('does not run outside the workspace, whatever leads there', async () => {
    const commands = await runner(kind);
    symlinkSync('/etc', path.join(workspaceRoot, 'link'));
    for (const cwd of ['..', '/etc', path.join(workspaceRoot, 'link')]) {
      await expect(commands.run(request(['true'], { cwd }))).rejects.toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
    }
  });

  it('is gone within 2 s when its caller is killed', async () => {
    const caller = startCaller(kind, [python, script('ignores-signals.py')]);
    await once(caller.stdout ?? caller, 'data');
    while (ownedProcesses(owner).length < 2) await sleep(systemClock, 20);
    caller.kill('SIGKILL');
    await once(caller, 'exit');
    expect(await goneWithin(2_000)).toBe(true);
    const left = (): string[] => readdirSync(callerTmp()).filter((name) => name.startsWith('wilson-'));
    expect(await until(() => left().length === 0)).toBe(true);
  });
});

describe.runIf(sandboxWorks)('the sandbox', () => {
  it('gives no network, no way to write outside, no secrets and no sight of other processes', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const home = path.join(workspaceRoot, 'home');
    const state = path.join(workspaceRoot, 'state');
    const root = path.join(state, 'workspaces', 'one');
    mkdirSync(path.join(home, '.ssh'), { recursive: true });
    mkdirSync(root, { recursive: true });
    writeFileSync(path.join(home, '.ssh', 'id_rsa'), 'secret');
    writeFileSync(path.join(home, '.netrc'), 'secret');
    writeFileSync(path.join(state, 'wilson.db'), 'state');
    try {
      const commands = await createCommandRunner({
        ownerToken: owner,
        env: { ...process.env, HOME: home, API_KEY: 'secret' },
        hide: [state],
      });
      const result = await commands.run(
        request(
          [python, script('reports-isolation.py'), String(port), path.join(home, 'x'), path.join(home, '.ssh/id_rsa')],
          {
            cwd: root,
            workspaceRoot: root,
          },
        ),
      );
      const report = JSON.parse(result.stdout);
      expect(report).toMatchObject({
        network: false,
        outside: false,
        inside: true,
        tmp: true,
        secret: false,
        stdin: '',
      });
      expect(report.processes).toBeLessThan(5);
      expect(report.environment).not.toContain('API_KEY');
      const looks = await commands.run(
        request(['cat', path.join(state, 'wilson.db'), path.join(home, '.netrc')], { cwd: root, workspaceRoot: root }),
      );
      expect(looks.stdout).toBe('');
      expect(looks.exitCode).not.toBe(0);
      expect(existsSync(path.join(root, 'inside.txt'))).toBe(true);
      expect(readdirSync(root)).toEqual(['inside.txt']);
    } finally {
      server.close();
    }
  });

  it('cannot be undone from inside, not even by root', async () => {
    const commands = await runner('bwrap');
    const script = `
      mount -o remount,bind,rw / ; mount -o remount,rw / ; umount -l /proc/sys ; unshare -Urm true && echo namespace
      touch /wilson-was-here && echo wrote
      find /proc -maxdepth 3 -not -path '/proc/[0-9]*' -type f -writable -user root | grep -v -e ^/proc/self -e ^/proc/thread
      for file in vm/swappiness kernel/panic kernel/core_pattern; do
        value=$(cat /proc/sys/$file) && echo "$value" > /proc/sys/$file && echo changed
      done
      exit 0`;
    const result = await commands.run(request(['sh', '-c', script]));
    expect(result.stdout).toBe('');
    expect(existsSync('/wilson-was-here')).toBe(false);
  });

  it('works wherever the temporary folder is', async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = workspaceRoot;
    try {
      expect((await createCommandRunner({ ownerToken: owner, env: process.env })).sandboxProblem).toBeNull();
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });

  it('runs python3 as people have it on their path', async () => {
    const commands = await runner('bwrap');
    const result = await commands.run(request(['python3', '-c', 'print(6 * 7)']));
    expect(result).toMatchObject({ exitCode: 0, stdout: '42\n' });
  });
});

describe('without a sandbox', () => {
  it('runs what is on the list and refuses the rest', async () => {
    const commands = await createCommandRunner({ ownerToken: owner, env: process.env, force: 'none' });
    expect(commands.sandbox).toBe('none');
    const failure = await commands.run(request(['sh', '-c', 'echo hello > x'])).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'COMMAND_REFUSED' });
    expect(readdirSync(workspaceRoot)).toEqual([]);
    writeFileSync(path.join(workspaceRoot, 'ok.py'), 'x = 1\n');
    expect((await commands.run(request(['python3', '-m', 'py_compile', 'ok.py']))).exitCode).toBe(0);
  });
});

/** Pids of the sleeping daemon that the fixture with the empty environment leaves. */
function sleepers(): string[] {
  const table = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return table
    .split('\n')
    .flatMap((line) => (line.includes('import time; time.sleep(600)') ? [line.trim().split(' ')[0] ?? ''] : []));
}

function startCaller(kind: SandboxKind, argv: readonly string[]): ChildProcess {
  mkdirSync(callerTmp());
  return spawn(
    process.execPath,
    ['--import', 'tsx', fixture('calls-run-command.ts'), kind, owner, workspaceRoot, ...argv],
    {
      env: { ...process.env, TMPDIR: callerTmp() },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}
