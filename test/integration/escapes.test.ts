import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandRequest, CommandResult } from '../../src/platform/command.js';
import { isAlive, processIdentity } from '../../src/platform/process-identity.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { workspaceTools } from '../../src/tools/workspace-tools.js';
import { applyWorkspace } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { put, snapshot } from '../helpers/folder-snapshot.js';

/*
 * Whatever tries to leave a workspace: by path, link, command or archive. Each try is made on real files beside a real
 * workspace, and what lies outside must be the same afterwards, to the byte and to the time of its last change.
 */

const fixtures = path.resolve(import.meta.dirname, '../fixtures/commands');
const sandboxWorks = (await createCommandRunner({ ownerToken: 'probe', env: process.env })).sandbox === 'bwrap';
const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

let top: string;
let state: string;
let root: string;
let outside: string;
let owner: string;
let count = 0;

beforeEach(() => {
  // Below the home folder: /tmp is another one inside the sandbox, and a try on it would prove nothing.
  top = realpathSync(mkdtempSync(path.join(homedir(), '.wilson-escape-')));
  state = path.join(top, 'state');
  root = path.join(state, 'workspaces', 'TASK-001', 'tree');
  outside = path.join(top, 'outside');
  put(root, 'file.txt', 'inside\n');
  put(root, 'sub/inner.txt', 'inner\n');
  put(outside, 'precious.txt', 'precious\n', 0o644);
  put(top, 'home/.ssh/id_rsa', 'secret', 0o600);
  put(state, 'wilson.db', 'state', 0o600);
  count += 1;
  owner = `escapes-test-${process.pid}-${count}`;
});

afterEach(() => {
  rmSync(top, { recursive: true, force: true });
  expect(ownedProcesses(owner)).toEqual([]);
});

function outsideState(): Record<string, string> {
  const all = snapshot(top);
  return Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('state/workspaces/TASK-001/tree')));
}

function call(tool: string, args: Record<string, unknown>): Promise<string> {
  const { signal } = new AbortController();
  const commands = { sandbox: 'none' as const, run: () => Promise.reject(new Error('no command here')) };
  const found = workspaceTools({ root, commands, signal }).find((one) => one.spec.name === tool);
  if (found === undefined) throw new Error(`no tool ${tool}`);
  return found.run(args, { signal });
}

/** Every tool that takes a path, on that path. */
async function everyTool(name: string): Promise<{ code: string; message: string }[]> {
  const calls: [string, Record<string, unknown>][] = [
    ['read_file', { path: name }],
    ['write_file', { path: name, content: 'escaped' }],
    ['edit_file', { path: name, old_text: 'precious', new_text: 'escaped' }],
    ['list_files', { path: name }],
    ['search_files', { text: 'precious', path: name }],
    ['run_command', { command: ['true'], folder: name }],
  ];
  return Promise.all(
    calls.map(async ([tool, args]) => {
      try {
        return { code: 'none', message: await call(tool, args) };
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        return { code, message };
      }
    }),
  );
}

describe('a path', () => {
  it.each<[string, () => string, string]>([
    ['up', () => '../../../../outside/precious.txt', 'out of the workspace'],
    ['up from a folder', () => 'sub/../../../../../outside/precious.txt', 'out of the workspace'],
    ['up through one that is not there', () => 'none/../../../../../outside/precious.txt', 'out of the workspace'],
    ['with backslashes', () => 'sub\\..\\..\\..\\..\\..\\outside\\precious.txt', 'out of the workspace'],
    ['of both kinds of slashes', () => 'sub/..\\../..\\../..\\outside/precious.txt', 'out of the workspace'],
    ['absolute', () => path.join(outside, 'precious.txt'), 'absolute path elsewhere'],
    ['absolute, to the state', () => path.join(state, 'wilson.db'), 'absolute path elsewhere'],
    ['absolute, beginning with the root', () => `${root}/../../../../outside/precious.txt`, 'absolute path elsewhere'],
    ['of a sibling that begins alike', () => `${root}-other/x`, 'absolute path elsewhere'],
    ['of a process', () => '/proc/self/root/etc/passwd', 'absolute path elsewhere'],
    ['of the home', () => '~/.ssh/id_rsa', 'home folder'],
    ['of a home by name', () => '~root/.ssh/id_rsa', 'home folder'],
    ['with NUL', () => 'file.txt\0/../../../../outside/precious.txt', 'NUL'],
    ['of a drive', () => 'C:\\Windows\\win.ini', 'drive'],
    ['of a drive, relative', () => 'c:precious.txt', 'drive'],
    ['of a server', () => '\\\\server\\share\\x', 'network or device'],
    ['of a device of Windows', () => '\\\\?\\C:\\x', 'network or device'],
    ['of a pipe of Windows', () => '\\\\.\\pipe\\x', 'network or device'],
    ['that is a URL', () => 'file:///etc/passwd', 'URL'],
    ['with dots and spaces', () => 'sub/.. /.. /x', 'dots and spaces'],
    ['with three dots', () => '.../x', 'dots and spaces'],
    ['to git', () => '.git/hooks/pre-commit', 'belongs to git'],
    ['to git in capitals', () => 'sub/.GIT/config', 'belongs to git'],
    ['to git with a dot behind', () => '.git./config', 'belongs to git'],
    ['to git with a space behind', () => '.git /config', 'belongs to git'],
    ['to git by its short name', () => 'GIT~1/config', 'belongs to git'],
    ['to git by a stream', () => '.git::$INDEX_ALLOCATION/config', 'belongs to git'],
    ['to git with an unseen character', () => '.g\u200cit/config', 'belongs to git'],
  ])('%s is refused with the reason', async (_what, name, reason) => {
    const before = outsideState();
    for (const { code, message } of await everyTool(name())) {
      expect(code).toBe('PATH_OUTSIDE_WORKSPACE');
      expect(message).toContain(reason);
    }
    expect(outsideState()).toEqual(before);
  });

  it.each([
    ['wide dots', '\uff0e\uff0e/\uff0e\uff0e/outside/precious.txt'],
    ['a slash that is none', '..\u2215..\u2215outside'],
    ['an escaped path', '%2e%2e/%2e%2e/outside/precious.txt'],
    ['an encoded NUL', 'file.txt%00/../x'],
    ['another case of the root', 'FILE.TXT'],
    ['a variable', '$HOME/.ssh/id_rsa'],
    ['a newline', 'a\n../x'],
  ])('with %s is a plain name inside', async (_what, name) => {
    const before = outsideState();
    await call('write_file', { path: name, content: 'inside' });
    expect(await call('read_file', { path: name })).toBe('inside');
    expect(outsideState()).toEqual(before);
  });

  it.each([
    ['a very long name', 'x'.repeat(5_000)],
    ['a very long path', 'xy/'.repeat(1_500)],
    ['a very long way up', '../'.repeat(5_000)],
  ])('%s is refused', async (_what, name) => {
    for (const { code } of await everyTool(name)) {
      expect(code).toMatch(/^(BAD_ARGUMENTS|FILE_NOT_FOUND|PATH_OUTSIDE_WORKSPACE)$/);
    }
    expect(readdirSync(root).sort()).toEqual(['file.txt', 'sub']);
  });
});

describe('a symlink', () => {
  it.each<[string, (link: string) => void, string, string]>([
    ['to a file', (link) => symlinkSync(path.join(outside, 'precious.txt'), link), '', 'symlink leads out'],
    [
      'to a file, relative',
      (link) => symlinkSync('../../../../outside/precious.txt', link),
      '',
      'out of the workspace',
    ],
    ['to a folder', (link) => symlinkSync(outside, link), '/precious.txt', 'symlink leads out'],
    ['to a file that is not there', (link) => symlinkSync(path.join(outside, 'new'), link), '', 'symlink leads out'],
    ['to the root of a process', (link) => symlinkSync('/proc/self/root', link), '/etc/passwd', 'symlink leads out'],
    ['to itself', (link) => symlinkSync(path.basename(link), link), '', 'circle'],
    ['to itself, deeper', (link) => symlinkSync(`${path.basename(link)}/x`, link), '/y', 'circle'],
    [
      'to a link inside that leads out',
      (link) => {
        symlinkSync(outside, path.join(root, 'hop'));
        symlinkSync('hop', link);
      },
      '/precious.txt',
      'symlink leads out',
    ],
  ])('%s is refused with the reason', async (_what, make, below, reason) => {
    make(path.join(root, 'link'));
    const before = outsideState();
    for (const { code, message } of await everyTool(`link${below}`)) {
      expect(code).toBe('PATH_OUTSIDE_WORKSPACE');
      expect(message).toContain(reason);
    }
    expect(await call('list_files', {})).not.toContain('precious');
    expect(await call('search_files', { text: 'precious' })).toBe('No line holds it.');
    expect(outsideState()).toEqual(before);
  });

  it('that comes in the place of a folder between the check and the use leads nowhere', async () => {
    const swapper = new Worker(
      `const { renameSync, rmSync } = require('node:fs');
       const { workerData, parentPort } = require('node:worker_threads');
       const { folder, link, spare } = workerData;
       parentPort.postMessage('running');
       for (;;) {
         try {
           renameSync(folder, spare); renameSync(link, folder);
           renameSync(folder, link); renameSync(spare, folder);
         } catch {
           // The tool has made the folder anew meanwhile.
           try { rmSync(folder, { recursive: true, force: true }); } catch {}
         }
       }`,
      {
        eval: true,
        workerData: {
          folder: path.join(root, 'sub'),
          link: path.join(root, 'link'),
          spare: path.join(root, 'spare'),
        },
      },
    );
    symlinkSync(outside, path.join(root, 'link'));
    const before = outsideState();
    try {
      await once(swapper, 'message');
      for (let tries = 0; tries < 100; tries += 1) {
        const [, read, list] = await Promise.allSettled([
          call('write_file', { path: 'sub/deep/new.txt', content: 'escaped' }),
          call('read_file', { path: 'sub/precious.txt' }),
          call('list_files', { path: 'sub' }),
        ]);
        expect(read.status).toBe('rejected');
        if (list.status === 'fulfilled') expect(list.value).not.toContain('precious');
      }
    } finally {
      await swapper.terminate();
    }
    expect(outsideState()).toEqual(before);
  });
});

describe('a hard link', () => {
  it('to a file outside is neither read nor written through', async () => {
    linkSync(path.join(outside, 'precious.txt'), path.join(root, 'hard.txt'));
    const before = outsideState();
    const [read, write, edit] = await everyTool('hard.txt');
    for (const result of [read, write, edit]) {
      expect(result).toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
      expect(result?.message).toContain('hard link');
    }
    expect(await call('search_files', { text: 'precious' })).toBe('No line holds it.');
    expect(outsideState()).toEqual(before);
  });

  it('that the user has between two files stays with the other one when a task changes one', async () => {
    const folder = path.join(top, 'project');
    put(folder, 'one.txt', 'x = 1\n');
    linkSync(path.join(folder, 'one.txt'), path.join(outside, 'other.txt'));
    const workspace = await createWorkspace({ taskId: 'TASK-002', folder, stateFolder: state });
    put(workspace.root, 'one.txt', 'x = 2\n');
    expect(readFileSync(path.join(outside, 'other.txt'), 'utf8')).toBe('x = 1\n');
    await applyWorkspace(workspace);
    expect(readFileSync(path.join(folder, 'one.txt'), 'utf8')).toBe('x = 2\n');
    expect(readFileSync(path.join(outside, 'other.txt'), 'utf8')).toBe('x = 1\n');
  });
});

describe.runIf(sandboxWorks)('a command', () => {
  /** A hostile program within the workspace: a clone of this project may lie where the sandbox hides it. */
  async function run(
    name: string,
    args: readonly string[],
    more: Partial<CommandRequest> & { diskLimitBytes?: number } = {},
  ): Promise<CommandResult> {
    copyFileSync(path.join(fixtures, name), path.join(root, name));
    const commands = await createCommandRunner({
      ownerToken: owner,
      env: { ...process.env, HOME: path.join(top, 'home') },
      hide: [state],
      force: 'bwrap',
      ...(more.diskLimitBytes === undefined ? {} : { diskLimitBytes: more.diskLimitBytes }),
    });
    return commands.run({
      argv: [python, path.join(root, name), ...args],
      cwd: root,
      workspaceRoot: root,
      timeoutMs: 60_000,
      outputLimitBytes: 20_000,
      signal: new AbortController().signal,
      ...more,
    });
  }

  it('changes and reads nothing outside, and reaches no other process', async () => {
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
    const leaked = openSync(path.join(outside, 'precious.txt'), 'r+');
    try {
      const identity = processIdentity(victim.pid ?? 0);
      const before = outsideState();
      const secret = path.join(top, 'home/.ssh/id_rsa');
      const result = await run('tries-to-escape.py', [path.join(outside, 'precious.txt'), secret, `${victim.pid}`]);
      expect(result.stderr).toBe('');
      expect(JSON.parse(result.stdout)).toEqual([]);
      expect(outsideState()).toEqual(before);
      expect(identity !== null && isAlive(identity)).toBe(true);
    } finally {
      closeSync(leaked);
      victim.kill('SIGKILL');
      await once(victim, 'exit');
    }
  });

  it('gets no descriptor that was left open by whoever started Wilson', async () => {
    const write = 'import os\ntry: os.write(40, b"escaped")\nexcept OSError: print("none")';
    const caller = startCaller([python, '-c', write]);
    const [code] = (await once(caller, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(readFileSync(path.join(outside, 'precious.txt'), 'utf8')).toBe('precious\n');
  });

  /** A process that was given a file outside as descriptor 40 (Node closes the first ones by itself), and runs the command. */
  function startCaller(argv: readonly string[]): ChildProcess {
    const precious = openSync(path.join(outside, 'precious.txt'), 'a');
    try {
      return spawn(
        process.execPath,
        ['--import', 'tsx', path.join(fixtures, 'calls-run-command.ts'), 'bwrap', owner, root, ...argv],
        { stdio: ['ignore', 'ignore', 'inherit', ...Array.from({ length: 37 }, () => 'ignore' as const), precious] },
      );
    } finally {
      closeSync(precious);
    }
  }

  it('that unpacks archives with ways out writes nothing outside', async () => {
    const before = outsideState();
    const result = await run('unpacks-archives.py', [path.join(outside, 'precious.txt')]);
    expect(result).toMatchObject({ exitCode: 0, stdout: 'unpacked\n' });
    expect(outsideState()).toEqual(before);
    for (const name of ['way/precious.txt', 'way2']) {
      const read = call('read_file', { path: name });
      await expect(read).rejects.toMatchObject({ code: expect.stringMatching(/OUTSIDE|NOT_FOUND/) });
    }
  });

  it('finds no network, and nobody outside to talk to', async () => {
    const tcp = createServer((socket) => socket.end('hello')).listen(0, '::');
    const unix = createServer((socket) => socket.end('hello')).listen(path.join(outside, 'docker.sock'));
    const abstract = createServer((socket) => socket.end('hello')).listen(`\0${owner}`);
    const udp = createSocket('udp4');
    const heard: string[] = [];
    let connections = 0;
    for (const server of [tcp, unix, abstract]) server.on('connection', () => (connections += 1));
    udp.on('message', (message) => heard.push(String(message)));
    udp.bind(0, '127.0.0.1');
    try {
      await Promise.all([
        once(tcp, 'listening'),
        once(unix, 'listening'),
        once(abstract, 'listening'),
        once(udp, 'listening'),
      ]);
      const ports = [(tcp.address() as AddressInfo).port, udp.address().port].map(String);
      const result = await run('phones-out.py', [...ports, path.join(outside, 'docker.sock'), owner]);
      expect(result.stderr).toBe('');
      // Sent into its own empty network; whether somebody heard it is what counts.
      const reached = (JSON.parse(result.stdout) as string[]).filter((name) => !name.startsWith('udp'));
      expect(reached).toEqual(['its own servers']);
      expect({ connections, heard }).toEqual({ connections: 0, heard: [] });
    } finally {
      for (const server of [tcp, unix, abstract, udp]) server.close();
    }
  });

  it('that doubles itself is stopped with all of it', async () => {
    const result = await run('forks-doubling.py', []);
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: false });
    expect(result.stderr).toContain('more than 512 processes');
  });

  it('that starts threads without end is stopped', async () => {
    const result = await run('starts-threads.py', []);
    // The system's own limit, where it counts ours alone, comes first.
    if (result.exitCode === null) expect(result.stderr).toContain('more than 4096 threads');
    else expect(result.stderr).toContain("can't start new thread");
  });

  it.each(['files', 'one file', 'deleted', 'empty files'])('that fills the disk with %s is stopped', async (way) => {
    const before = outsideState();
    const result = await run('fills-disk.py', [way], { diskLimitBytes: 2 * 1024 * 1024 });
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: false });
    expect(result.stderr).toContain('the files in the workspace took more than 2 MB');
    expect(outsideState()).toEqual(before);
  });

  it('that prints without end is stopped at its deadline, and costs no memory', async () => {
    const before = process.memoryUsage.rss();
    const result = await run('ignores-signals.py', [], { argv: ['yes', 'x'.repeat(1_000)], timeoutMs: 1_500 });
    expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
    expect(result.stdout.length).toBeLessThan(21_000);
    expect(result.droppedBytes).toBeGreaterThan(1_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
  });

  it('cannot fill the memory by the places that live there', async () => {
    const script = `
import os
for place in ("/dev", "/run", "${path.join(top, 'home/.ssh')}", "/dev/shm", "/tmp"):
    written = 0
    try:
        with open(place + "/fill", "wb") as file:
            for _ in range(600):
                written += file.write(b"x" * 1000000)
    except OSError:
        pass
    if os.path.exists(place + "/fill"): os.remove(place + "/fill")
    print(place.rsplit("/", 1)[1], written // 1000000 > 540, written > 0)`;
    const result = await run('ignores-signals.py', [], { argv: [python, '-c', script] });
    expect(result.stdout).toBe('dev False False\nrun False False\n.ssh False False\nshm False True\ntmp False True\n');
  });
});
