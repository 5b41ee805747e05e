import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { startMachine } from '../helpers/wilson-cli.js';

const request = ['run', 'Write a.py with a function a(x)', '--type', 'code'];

describe('a configuration', () => {
  it.each([
    ['is not YAML', 'llms: [chat', /not valid YAML[\s\S]*other-config\.yaml:\d+:\d+/],
    [
      'has an unknown key',
      'workers: {max_concurent: 2}',
      /other-config\.yaml:1:\d+ workers\.max_concurent: unknown key; did you mean max_concurrent/,
    ],
    [
      'has a wrong type',
      'workers: {max_concurrent: many}',
      /workers\.max_concurrent: found "many"; allowed: a whole number from 1 to 64/,
    ],
    [
      'is out of range',
      'llms: {chat: {temperature: 9}}',
      /llms\.chat\.temperature: found 9; allowed: a number from 0 to 2/,
    ],
  ])(
    'that %s is refused by every command that needs it, with the place and what is allowed',
    async (_name, text, message) => {
      const machine = await startMachine();
      const env = { WILSON_CONFIG: machine.writeConfig(text) };
      for (const args of [[], request, ['models'], ['config', 'show'], ['ps']]) {
        const { code, stderr } = await machine.run(args, { env, input: 'hello\n' });
        expect([args[0], code, message.test(stderr)]).toEqual([args[0], 2, true]);
      }
      expect(JSON.parse((await machine.run(['config', 'show', '--json'], { env })).stdout)).toHaveProperty(
        'error.code',
      );
      expect((await machine.run(['tasks'], { env })).code).toBe(0);
    },
  );

  it('that is named and not there is said to be missing', async () => {
    const machine = await startMachine();
    const { code, stderr } = await machine.run(['--config', '/nowhere/c.yaml', 'models']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/There is no configuration \/nowhere\/c\.yaml/)]);
  });
});

describe('a database', () => {
  it('that is newer is refused and stays as it is', async () => {
    const machine = await startMachine();
    await machine.run(request);
    const file = join(machine.home, 'wilson.db');
    const direct = new Database(file);
    direct.pragma('user_version = 99');
    direct.close();
    for (const args of [['ps'], ['tasks'], request, ['kill', '1']]) {
      const { code, stderr } = await machine.run(args);
      expect([args[0], code, /newer Wilson[\s\S]*Update Wilson/.test(stderr)]).toEqual([args[0], 1, true]);
    }
    const again = new Database(file, { readonly: true });
    expect(again.pragma('user_version', { simple: true })).toBe(99);
    again.close();
  });

  it('that is damaged is reported by commands that look, and set aside byte for byte by one that works', async () => {
    const machine = await startMachine();
    mkdirSync(machine.home);
    const text = `not a database ${'x'.repeat(5_000)}`;
    writeFileSync(join(machine.home, 'wilson.db'), text);
    const looked = await machine.run(['tasks']);
    expect([looked.code, looked.stderr]).toEqual([1, expect.stringMatching(/is damaged/)]);
    expect(readFileSync(join(machine.home, 'wilson.db'), 'utf8')).toBe(text);
    const { stdout, stderr } = await machine.run([], { input: '/tasks\n' });
    expect(stdout + stderr).toMatch(/set aside as .*damaged/);
    const aside = readdirSync(machine.home).find((name) => /^wilson\.db\.damaged-[^.]*$/.test(name));
    expect(readFileSync(join(machine.home, aside ?? ''), 'utf8')).toBe(text);
  });

  it('that is a folder cannot be opened, and nothing is put in its place', async () => {
    const machine = await startMachine();
    mkdirSync(join(machine.home, 'wilson.db'), { recursive: true });
    for (const args of [['tasks'], request, ['kill', '1']]) {
      const { code, stderr } = await machine.run(args);
      expect([args[0], code, /wilson\.db/.test(stderr)]).toEqual([args[0], 1, true]);
    }
    expect(readdirSync(join(machine.home, 'wilson.db'))).toEqual([]);
  });
});

describe('a state folder', () => {
  it('that cannot be written is named with the remedy', async () => {
    const machine = await startMachine();
    const file = machine.writeConfig('workers: {}');
    for (const home of [file, '/proc/wilson']) {
      for (const args of [[], request]) {
        const { code, stderr } = await machine.run(args, { env: { WILSON_HOME: home }, input: 'hello\n' });
        expect([code, stderr]).toEqual([1, expect.stringMatching(/cannot keep its state in [\s\S]*WILSON_HOME/)]);
      }
    }
  });
});

describe('a request', () => {
  it('that is empty is refused', async () => {
    const machine = await startMachine();
    for (const text of ['', '   ']) {
      const { code, stderr } = await machine.run(['run', text]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/The request is empty/)]);
    }
    expect(existsSync(join(machine.home, 'wilson.db'))).toBe(false);
  });

  it.each([
    ['binary', 'a\0b\n', /Line 1 .*binary/],
    ['of 1 MB', `${'x'.repeat(1_048_576)}\n`, /Line 1 .*1048576 bytes/],
  ])('that is %s is skipped by the chat, the rest goes on, and the exit code tells', async (_name, input, message) => {
    const machine = await startMachine();
    const { code, stdout, stderr } = await machine.run([], { input: `${input}/tasks\n` });
    expect(stderr).toMatch(message);
    expect(stdout).toMatch(/No tasks/);
    expect(code).toBe(2);
  });
});

describe('a model file', () => {
  it('that is cut or damaged is set aside, and without a way to fetch it again the chat says what to do', async () => {
    const machine = await startMachine({
      config: 'llms: {chat: {provider: llamacpp, model: "smollm2:135m", num_ctx: 2048}}\n',
    });
    const models = join(machine.home, '..', 'models');
    mkdirSync(models);
    writeFileSync(join(models, 'SmolLM2-135M-Instruct.Q4_1.gguf'), 'GGUF, but not much of it');
    const env = { WILSON_MODELS: models, HF_ENDPOINT: 'http://127.0.0.1:1', PATH: '/nowhere' };
    const { code, stdout, stderr } = await machine.run([], { env, input: 'hello\n' });
    expect(stdout + stderr).toMatch(/smollm2:135m/);
    expect(stdout + stderr).toMatch(/wilson models pull|damaged/i);
    expect(readdirSync(models).some((name) => name.includes('.damaged'))).toBe(true);
    expect(code).not.toBe(0);
  });
});

describe('a command line', () => {
  it.each([
    [['foo'], /There is no command "foo"/],
    [['taks'], /Did you mean tasks/],
    [['--bogus'], /There is no option "--bogus"/],
    [['ps', '--bogus'], /unknown option/],
    [['run', 'x', '--type', 'poetry'], /There is no type "poetry"[\s\S]*code, test, review/],
    [['run', 'x', '--timeout', 'soon'], /--timeout takes seconds/],
    [['run'], /missing required argument/],
    [['kill'], /Which task/],
    [['tasks', '--status', 'asleep'], /There is no status/],
    [['tasks', '--limit', '0'], /--limit takes a whole number/],
    [['models', 'push', 'x'], /There is no action "push"/],
    [['config', 'use', 'gigantic'], /gigantic/],
  ])('%j is refused with 2 and says why', async (args, message) => {
    const machine = await startMachine();
    const { code, stdout, stderr } = await machine.run(args, { input: '' });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it.each([['show'], ['logs'], ['diff'], ['apply'], ['discard'], ['undo'], ['retry'], ['kill']])(
    '%s of a task that is not there says so with 1',
    async (name) => {
      const machine = await startMachine();
      const { code, stderr } = await machine.run([name, 'TASK-042']);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/There is no task "TASK-042"[\s\S]*wilson tasks/)]);
    },
  );
});
