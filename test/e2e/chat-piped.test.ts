import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../fixtures/chat/chat-program.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    expect(child.pid === undefined || !isAlive(child.pid) || child.killed).toBe(true);
  }
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: it is gone.
    return false;
  }
}

function start(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', program], { env: { ...process.env, ...env } });
  children.push(child);
  const out = { stdout: '', stderr: '' };
  const closed = once(child, 'close');
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out.stderr += text;
  });
  return {
    child,
    out,
    async until(text: string): Promise<void> {
      while (!out.stdout.includes(text)) await once(child.stdout, 'data');
    },
    async ended(): Promise<number | null> {
      const [code] = (await closed) as [number | null];
      return code;
    },
  };
}

async function pipe(input: string | Buffer, env: Record<string, string> = {}) {
  const chat = start(env);
  chat.child.stdin.end(input);
  const code = await chat.ended();
  return { code, ...chat.out };
}

describe('piped input', () => {
  it('is answered a line at a time, in plain text', async () => {
    const { code, stdout } = await pipe('what is 2+2?\nsay escape\n');
    expect(code).toBe(0);
    expect(stdout).toBe('You said: what is 2+2?\nred text end\nexit=0 shutdowns=1 cancelled=\n');
  });

  it('gives the task id at once, answers the next line meanwhile, and waits for the evidence', async () => {
    const { code, stdout } = await pipe('write slugify.py with tests for it\nwhat is 2+2?\n', { CHAT_FINISH: '1' });
    expect(stdout.split('\n')).toEqual([
      'TASK-001 accepted: write slugify.py with tests for it (Code Agent)',
      'TASK-001 started: Code Agent (fake): write slugify.py with tests for it',
      'You said: what is 2+2?',
      '✓ TASK-001 is done: wrote slugify.py',
      '  ✓ tests_pass: 3 tests run, 0 failed',
      'exit=0 shutdowns=1 cancelled=',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('does not wait for a task that asks: it says how to answer, and that it is not done', async () => {
    const { code, stdout, stderr } = await pipe('write slugify.py with tests for it\n', { CHAT_ASK: 'Which style?' });
    expect(stdout).toContain('TASK-001 asks: Which style?\n');
    expect(stderr).toContain('TASK-001 waits for an answer: Which style?\n  Answer with: wilson answer 1 …\n');
    expect(code).toBe(1);
  });

  it('answers lines as they come', async () => {
    const chat = start();
    chat.child.stdin.write('first line\n');
    await chat.until('You said: first line');
    chat.child.stdin.write('second line\n');
    await chat.until('You said: second line');
    chat.child.stdin.end();
    expect(await chat.ended()).toBe(0);
  });

  it('skips what is no message, says so, and fails in the end', async () => {
    const input = Buffer.concat([
      Buffer.from('hello\n\n'),
      Buffer.alloc(1024 * 1024, 0x61),
      Buffer.from('\na\0b\nbye\n'),
    ]);
    const { code, stdout, stderr } = await pipe(input);
    expect(code).toBe(2);
    expect(stdout).toContain('You said: hello\nYou said: bye\n');
    expect(stderr).toContain('Line 2 was skipped: it is empty.');
    expect(stderr).toContain('Line 3 was skipped: it is 1048576 bytes long');
    expect(stderr).toContain('Line 4 was skipped: it holds NUL bytes');
  });

  it('says when there was nothing', async () => {
    const { code, stderr } = await pipe('');
    expect(code).toBe(2);
    expect(stderr).toContain('There was nothing to read');
  });

  it('goes on after a failed answer, and its exit code tells', async () => {
    const { code, stdout, stderr } = await pipe('hello, fail\nstill there\n');
    expect(code).toBe(1);
    expect(stderr).toContain('could not answer: no answer from the server. Start it.');
    expect(stdout).toContain('You said: still there');
  });

  it('ends at /quit', async () => {
    const { code, stdout } = await pipe('/quit\nwhat is 2+2?\n');
    expect(code).toBe(0);
    expect(stdout).not.toContain('You said');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s while a task runs stops in order', async (signal, expected) => {
    const chat = start();
    chat.child.stdin.end('write slugify.py with tests for it\n');
    await chat.until('TASK-001 started');
    chat.child.kill(signal);
    expect(await chat.ended()).toBe(signal === 'SIGHUP' ? null : expected);
    expect(chat.out.stdout).toContain(`exit=${expected}`);
    expect(chat.out.stdout).toContain('shutdowns=1 cancelled=\n');
  });
});
