import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandRequest, CommandResult } from '../../../src/platform/command.js';
import { workspaceTools } from '../../../src/tools/workspace-tools.js';

let root: string;
let asked: CommandRequest[];
let result: CommandResult;

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'wilson-tools-')));
  asked = [];
  result = { exitCode: 0, signal: null, timedOut: false, stdout: '', stderr: '', droppedBytes: 0, durationMs: 1 };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function call(name: string, args: Record<string, unknown>): Promise<string> {
  const { signal } = new AbortController();
  const commands = {
    sandbox: 'none' as const,
    run: (request: CommandRequest) => {
      asked.push(request);
      return Promise.resolve(result);
    },
  };
  const tool = workspaceTools({ root, commands, signal }).find((one) => one.spec.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool.run(args, { signal });
}

function put(name: string, content: string | Buffer): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

describe('write_file', () => {
  it('makes a file with its folders, and leaves nothing else', async () => {
    expect(await call('write_file', { path: 'a/b/c.py', content: 'x = 1\ny = 2\n' })).toBe(
      'Created a/b/c.py: 2 lines, 12 bytes.',
    );
    expect(readFileSync(path.join(root, 'a/b/c.py'), 'utf8')).toBe('x = 1\ny = 2\n');
    expect(readdirSync(path.join(root, 'a/b'))).toEqual(['c.py']);
  });

  it('keeps the mode and the line endings of the file it replaces', async () => {
    const file = put('run.bat', 'one\r\ntwo\r\n');
    chmodSync(file, 0o751);
    await call('write_file', { path: 'run.bat', content: 'three\nfour\n' });
    expect(readFileSync(file, 'utf8')).toBe('three\r\nfour\r\n');
    expect(statSync(file).mode & 0o777).toBe(0o751);
  });

  it('refuses a hard link, which may be a file outside', async () => {
    const outside = `${root}-outside`;
    writeFileSync(outside, 'precious');
    try {
      linkSync(outside, path.join(root, 'hard'));
      await expect(call('write_file', { path: 'hard', content: 'x' })).rejects.toMatchObject({
        code: 'PATH_OUTSIDE_WORKSPACE',
      });
      expect(readFileSync(outside, 'utf8')).toBe('precious');
    } finally {
      rmSync(outside);
    }
  });

  it('refuses a path outside, a folder, a file as folder, and wrong arguments', async () => {
    put('file', 'x');
    mkdirSync(path.join(root, 'folder'));
    symlinkSync('/tmp', path.join(root, 'link'));
    const codes = await Promise.all(
      [
        { path: '../x', content: '' },
        { path: 'link/x', content: '' },
        { path: 'folder', content: '' },
        { path: 'file/x', content: '' },
        { path: 'x' },
        { path: 7, content: '' },
      ].map((args) => call('write_file', args).catch((error: { code?: string }) => error.code)),
    );
    expect(codes).toEqual([
      'PATH_OUTSIDE_WORKSPACE',
      'PATH_OUTSIDE_WORKSPACE',
      'BAD_ARGUMENTS',
      'BAD_ARGUMENTS',
      'BAD_ARGUMENTS',
      'BAD_ARGUMENTS',
    ]);
  });
});

describe('read_file', () => {
  it('reads on where a long file was cut', async () => {
    put('long.txt', Array.from({ length: 5_000 }, (_, index) => `line ${index + 1}\n`).join(''));
    const first = await call('read_file', { path: 'long.txt' });
    expect(first.length).toBeLessThan(16_200);
    const next = Number(/from_line (\d+)/.exec(first)?.[1]);
    expect(await call('read_file', { path: 'long.txt', from_line: String(next) })).toMatch(
      new RegExp(`^line ${next}\n`),
    );
    expect(await call('read_file', { path: 'long.txt', from_line: 5_000 })).toBe('line 5000\n');
  });

  it('says what is binary, empty, too big or one endless line', async () => {
    put('binary', Buffer.from([1, 0, 2]));
    put('empty', '');
    put('endless', 'x'.repeat(100_000));
    put('big', Buffer.alloc(6 * 1024 * 1024, 97));
    await expect(call('read_file', { path: 'binary' })).rejects.toMatchObject({ code: 'NOT_TEXT' });
    await expect(call('read_file', { path: 'big' })).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    expect(await call('read_file', { path: 'empty' })).toBe('empty is empty.');
    expect(await call('read_file', { path: 'endless' })).toContain('goes on for 84000 characters');
  });

  it('shows UTF-16 and Latin-1 as text', async () => {
    put('wide', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('é€', 'utf16le')]));
    put('latin', Buffer.from('caf\xe9', 'latin1'));
    expect(await call('read_file', { path: 'wide' })).toBe('é€');
    expect(await call('read_file', { path: 'latin' })).toBe('café');
  });
});

describe('edit_file', () => {
  it('edits in place of one text and keeps the mode', async () => {
    const file = put('a.py', 'x = 1\ny = 2\n');
    chmodSync(file, 0o755);
    expect(await call('edit_file', { path: 'a.py', old_text: 'x = 1', new_text: 'x = 3' })).toBe(
      'Edited a.py: 1 place.',
    );
    expect(readFileSync(file, 'utf8')).toBe('x = 3\ny = 2\n');
    expect(statSync(file).mode & 0o777).toBe(0o755);
  });
});

describe('list_files and search_files', () => {
  beforeEach(() => {
    put('src/main.py', 'import os\nprint("Hello")\n');
    put('src/util.py', 'HELLO = 1\n');
    put('node_modules/x.js', 'hello');
    put('binary', Buffer.from([0, 104, 101]));
  });

  it('lists files, sorted, without the folders of tools', async () => {
    expect(await call('list_files', {})).toBe('binary\nsrc/main.py\nsrc/util.py');
    expect(await call('list_files', { path: 'src' })).toBe('src/main.py\nsrc/util.py');
    await expect(call('list_files', { path: 'none' })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(call('list_files', { path: '..' })).rejects.toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
  });

  it('says how many files it leaves out', async () => {
    for (let index = 0; index < 310; index += 1) put(`many/${index}.txt`, '');
    expect(await call('list_files', { path: 'many' })).toMatch(/\[and 10 more files\]$/);
  });

  it('finds lines word for word', async () => {
    expect(await call('search_files', { text: 'Hello' })).toBe('src/main.py:2: print("Hello")');
    expect(await call('search_files', { text: 'hello', ignore_case: 'true' })).toBe(
      'src/main.py:2: print("Hello")\nsrc/util.py:1: HELLO = 1',
    );
    expect(await call('search_files', { text: 'absent' })).toBe('No line holds it.');
  });

  it('caps what it finds, and says so', async () => {
    put('many.txt', 'hit\n'.repeat(500));
    const found = await call('search_files', { text: 'hit' });
    expect(found.split('\n')).toHaveLength(101);
    expect(found).toContain('more than 100 lines');
  });
});

describe('run_command', () => {
  it('runs a list, or a line without shell signs, in the workspace', async () => {
    result = { ...result, exitCode: 1, stderr: '\u001b[31mred\u001b[0m' };
    expect(await call('run_command', { command: ['python3', '-m', 'unittest'] })).toBe('Exit code 1.\nstderr:\nred');
    await call('run_command', { command: `python3 -c "print(1)" 'a b'`, timeout_s: 5 });
    expect(asked.map((one) => one.argv)).toEqual([
      ['python3', '-m', 'unittest'],
      ['python3', '-c', 'print(1)', 'a b'],
    ]);
    expect(asked[1]).toMatchObject({ cwd: root, workspaceRoot: root, timeoutMs: 5_000 });
  });

  it('refuses shell lines, folders outside and odd arguments', async () => {
    for (const command of ['ls | wc', 'echo $HOME', 'a && b', '', [], [1], undefined]) {
      await expect(call('run_command', { command })).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' });
    }
    await expect(call('run_command', { command: ['ls'], folder: '..' })).rejects.toMatchObject({
      code: 'PATH_OUTSIDE_WORKSPACE',
    });
    expect(asked).toEqual([]);
  });

  it('says when a command was stopped', async () => {
    result = { ...result, exitCode: null, signal: 'SIGKILL', timedOut: true };
    expect(await call('run_command', { command: ['sleep', '100'] })).toBe(
      'It was stopped after 60 s.\nIt printed nothing.',
    );
  });
});
