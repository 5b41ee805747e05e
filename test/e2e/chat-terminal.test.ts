import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type ScreenOptions, TerminalScreen } from '../helpers/terminal-screen.js';

const program = fileURLToPath(new URL('../fixtures/chat/chat-program.ts', import.meta.url));
const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A chat on a screen, its supervisor driven through `control`. */
async function openChat(options: ScreenOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'wilson-chat-'));
  const socketPath = join(folder, 'control');
  const screen = new TerminalScreen(process.execPath, ['--import', 'tsx', program], {
    ...options,
    env: { CHAT_CONTROL: socketPath, ...options.env },
  });
  let over = false;
  void screen.exited.then(() => {
    over = true;
  });
  let socket: Socket | null = null;
  cleanups.push(async () => {
    socket?.destroy();
    if (!over) screen.kill('SIGKILL');
    await screen.gone();
    rmSync(folder, { recursive: true, force: true });
    // Nothing of the chat may live on.
    expect(() => process.kill(screen.pid, 0)).toThrow();
  });
  await screen.until('›');
  return {
    screen,
    async control(...command: unknown[]): Promise<void> {
      if (socket === null) {
        socket = connect(socketPath);
        // A chat that ends resets its side; the test looks at the chat itself.
        socket.on('error', () => undefined);
        await once(socket, 'connect');
      }
      socket.write(`${JSON.stringify(command)}\n`);
    },
  };
}

const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`;

describe('typing', () => {
  it('answers a line and leaves with Ctrl-D, the terminal restored', async () => {
    const { screen } = await openChat();
    screen.write('hello wilson\r');
    await screen.until('You said: hello wilson');
    screen.write('\u0004');
    const { exitCode } = await screen.exited;
    expect(exitCode).toBe(0);
    await screen.until('exit=0 shutdowns=1');
    expect(screen.raw).toContain('\u001b[?2004l');
    expect(screen.raw.lastIndexOf('\u001b[?25h')).toBeGreaterThan(screen.raw.lastIndexOf('\u001b[?25l'));
    expect(screen.raw.lastIndexOf('\u001b[?7h')).toBeGreaterThan(screen.raw.lastIndexOf('\u001b[?7l'));
  });

  it('keeps what is typed while an answer streams, and sends it as the next turn', async () => {
    const { screen, control } = await openChat();
    screen.write('tell me slowly\r');
    await control('step', 3);
    await screen.until('word2');
    screen.write('next question');
    await screen.until(/› next question/);
    await control('step', 20);
    await screen.until('word22');
    expect(screen.cursor().line).toBe('› next question');
    screen.write('\r');
    await screen.until('waits: next question');
    await control('step', 17);
    await screen.until('You said: next question');
    const text = screen.text().replace(/\s+/g, ' ');
    expect(text).toContain(Array.from({ length: 40 }, (_, index) => `word${index}`).join(' '));
    expect(text.indexOf('word39')).toBeLessThan(text.indexOf('› next question'));
  });

  it('runs an order at once while an answer streams', async () => {
    const { screen, control } = await openChat();
    screen.write('tell me slowly\r');
    await control('step', 2);
    await screen.until('word1');
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001 accepted: write slugify.py with tests for it (Code Agent)');
    expect(screen.text()).not.toContain('word39');
    await screen.until(/\[Status: Code Agent \(qwen2.5-coder:0.5b, 92 MB RAM\): write slugify.* ⚙️\]/);
  });

  it('Ctrl-C clears the line, then stops the answer, and touches no task', async () => {
    const { screen, control } = await openChat();
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001 started');
    screen.write('tell me slowly\r');
    await control('step', 2);
    await screen.until('word1');
    screen.write('half a thou');
    await screen.until('› half a thou');
    screen.write('\u0003');
    await screen.until(() => screen.cursor().line === '›');
    expect(screen.text()).not.toContain('(stopped)');
    screen.write('\u0003');
    await screen.until('(stopped)');
    screen.write('\u0003');
    await screen.until('Ctrl-D or /quit leaves');
    expect(screen.text()).toContain('[Status: Code Agent');
    screen.write('how is it going?\r');
    await screen.until('TASK-001 (Code Agent, qwen2.5-coder:0.5b): write slugify.py with tests for it');
  });

  it('takes a paste of 200 lines as one message, byte for byte', async () => {
    const { screen } = await openChat();
    const pasted = Array.from({ length: 200 }, (_, index) => `line ${index} — größe 文字 👍`).join('\r');
    screen.write(`hello, here are some bytes: ${paste(pasted)}`);
    await screen.until('line 199');
    screen.write('\r');
    const sent = `hello, here are some bytes: ${pasted.replaceAll('\r', '\n')}`;
    await screen.until(`I read ${Buffer.byteLength(sent)} bytes in 200 lines`);
  });

  it('edits wide and combining characters as whole characters', async () => {
    const { screen } = await openChat();
    screen.write('a文e\u0301👨‍👩‍👧b');
    await screen.until(/› a文/);
    // Left over "b", the family and the accented letter; then one Backspace takes the wide character.
    screen.write('\u001b[D\u001b[D\u001b[D\u007f');
    await screen.until(() => screen.cursor().line.startsWith('› ae\u0301'));
    screen.write('\r');
    await screen.until('You said: ae\u0301👨‍👩‍👧b');
  });

  it('moves in a line and brings earlier lines back', async () => {
    const { screen } = await openChat();
    screen.write('first line\r');
    await screen.until('You said: first line');
    screen.write('\u001b[A');
    await screen.until(() => screen.cursor().line === '› first line');
    screen.write('\u0001my \u0005 again\r');
    await screen.until('You said: my first line again');
  });
});

describe('the window', () => {
  it('prints a notice above the prompt without disturbing what is typed', async () => {
    const { screen, control } = await openChat();
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001 started');
    screen.write('unfinished words');
    await screen.until('› unfinished words');
    await control('progress', 'TASK-001', 0.6, 'writing slugify.py');
    await screen.until(/: writing slugify.* \(60%\) ⚙️\]/);
    await control('finish', 'TASK-001');
    await screen.until('✓ tests_pass: 3 tests run, 0 failed');
    await screen.until(() => screen.cursor().line === '› unfinished words');
    expect(screen.cursor().column).toBe('› unfinished words'.length);
    expect(screen.text()).not.toContain('[Status:');
    // The scrollback holds every line once.
    for (const line of ['TASK-001 accepted', 'TASK-001 started', 'TASK-001 is done']) {
      expect(screen.text().split(line)).toHaveLength(2);
    }
  });

  it('stays readable in 20 columns', async () => {
    const { screen, control } = await openChat({ columns: 20, rows: 10 });
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001');
    await control('progress', 'TASK-001', 0.5, 'writing slugify.py');
    await screen.until(/\[TASK-001 \(50%\)/);
    screen.write('a line that is longer than the window is wide');
    await screen.until('is wide');
    expect(screen.lines().filter((line) => line.startsWith('[TASK-001'))).toHaveLength(1);
    screen.write('\r');
    await screen.until('You said:');
    await screen.until(() => screen.cursor().line === '›');
  });

  it('draws one prompt and one status line after the window was resized', async () => {
    const { screen, control } = await openChat();
    screen.write('write slugify.py with tests for it\r');
    await screen.until('[Status: Code Agent');
    screen.write('some typed text');
    await screen.until('› some typed text');
    for (const [columns, rows] of [
      [40, 20],
      [100, 30],
      [30, 12],
      [80, 24],
    ] as const) {
      screen.resize(columns, rows);
      await control('progress', 'TASK-001', columns / 200, `at ${columns}`);
      await screen.until(`(${Math.round(columns / 2)}%)`);
    }
    await screen.until(() => screen.cursor().line === '› some typed text');
    const text = screen.text();
    expect(text.split('› some typed text')).toHaveLength(2);
    expect(text.split('[Status:')).toHaveLength(2);
    expect(text).toContain('TASK-001 accepted');
  });

  it('lets no control code of an answer through', async () => {
    const { screen } = await openChat();
    screen.write('say escape\r');
    await screen.until('red text end');
    expect(screen.raw).not.toContain('\u001b[31mtext');
    expect(screen.raw).not.toContain('\u001b]0;');
  });

  it('uses no colours with NO_COLOR', async () => {
    const { screen } = await openChat({ env: { NO_COLOR: '1' } });
    screen.write('write slugify.py with tests for it\r');
    await screen.until('[Status: Code Agent');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences are what is looked for
    expect(screen.raw).not.toMatch(/\u001b\[[1-9][0-9;]*m/);
  });
});

describe('the model', () => {
  it('can be typed to before it is loaded, and orders do not wait for it', async () => {
    const { screen, control } = await openChat({ env: { CHAT_LOADING: '1' } });
    screen.write('hello\r');
    await screen.until('Loading the chat model (fake:1b) …');
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001 accepted');
    expect(screen.text()).not.toContain('You said');
    await control('loaded');
    await screen.until('You said: hello');
    expect(screen.text()).not.toContain('Loading the chat model');
  });

  it('says in one line what is wrong with it, and the chat goes on', async () => {
    const { screen } = await openChat();
    screen.write('hello, fail\r');
    await screen.until(/The chat model \(fake:1b\) could not answer: no answer from the server\.\s+Start it\./);
    screen.write('hello again\r');
    await screen.until('You said: hello again');
  });
});

describe('leaving', () => {
  async function withTask(env: Record<string, string> = {}) {
    const chat = await openChat({ env });
    chat.screen.write('write slugify.py with tests for it\r');
    await chat.screen.until('TASK-001 started');
    chat.screen.write('/quit\r');
    await chat.screen.until('1 task is not finished: TASK-001 (write slugify.py with tests for it)');
    return chat;
  }

  it('asks once, and c goes back to the chat', async () => {
    const { screen } = await withTask();
    expect(screen.text()).not.toContain('(b)ackground');
    screen.write('c');
    await screen.until(() => screen.cursor().line === '›');
    screen.write('hello again\r');
    await screen.until('You said: hello again');
  });

  it('k ends the tasks', async () => {
    const { screen } = await withTask();
    screen.write('k');
    await screen.until('exit=0 shutdowns=1 cancelled=TASK-001');
    expect((await screen.exited).exitCode).toBe(0);
  });

  it('w waits for them', async () => {
    const { screen, control } = await withTask();
    screen.write('w');
    await screen.until('Waiting for the tasks');
    await control('finish', 'TASK-001');
    await screen.until('exit=0 shutdowns=1 cancelled=');
    expect(screen.text()).toContain('✓ TASK-001 is done');
  });

  it('w comes back to the chat when the rest waits for an answer, which a plain reply gives', async () => {
    const { screen, control } = await withTask();
    screen.write('w');
    await screen.until('Waiting for the tasks');
    await control('ask', 'TASK-001', 'Which style?');
    await screen.until('The rest waits for you:');
    screen.write('the short one\r');
    await screen.until('Passed to TASK-001: the short one');
    expect(screen.text()).not.toContain('You said');
  });

  it('asks nothing when only an answer is missing, and says how to give it later', async () => {
    const { screen, control } = await openChat();
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001 started');
    await control('ask', 'TASK-001', 'Which style?');
    await screen.until('TASK-001 asks: Which style?');
    screen.write('/quit\r');
    await screen.until('exit=0 shutdowns=1 cancelled=');
    expect(screen.text()).toContain('Answer with: wilson answer 1 …');
  });

  it('b hands them over and leaves their supervisor alone', async () => {
    const { screen } = await withTask({ CHAT_DETACH: '1' });
    expect(screen.text()).toContain('(b)ackground');
    screen.write('b');
    await screen.until('The tasks go on in the background.');
    await screen.until('exit=0 shutdowns=0 cancelled=');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s stops in order and restores the terminal', async (signal, code) => {
    const { screen } = await openChat();
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001 started');
    screen.kill(signal);
    await screen.until(`exit=${code} shutdowns=1 cancelled=`);
    expect(screen.raw).toContain('\u001b[?2004l');
  });

  it('ends when the window is closed', async () => {
    const { screen, control } = await openChat();
    screen.write('write slugify.py with tests for it\r');
    await screen.until('TASK-001 started');
    await control('progress', 'TASK-001', 0.1, 'writing');
    screen.close();
    // By the hang-up itself, not by an abort of Node on its way out.
    expect((await screen.exited).signal).toBe(1);
  });

  it('restores the terminal when something is thrown that nobody caught', async () => {
    const { screen, control } = await openChat();
    await control('throw');
    expect((await screen.exited).exitCode).not.toBe(0);
    await screen.until('thrown by the test');
    expect(screen.raw).toContain('\u001b[?2004l');
  });
});
