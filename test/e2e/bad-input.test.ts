import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { Store } from '../../src/store/store.js';
import { configFor, startMachine } from '../helpers/wilson-cli.js';

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

  it('that breaks while a session lives does not hide what runs: ps shows it with the limits of the session', async () => {
    const machine = await startMachine();
    const chat = machine.start([]);
    chat.child.stdin?.write('/tasks\n');
    await chat.saw(/No tasks/);
    const env = { WILSON_CONFIG: machine.writeConfig('workers: 3') };
    const { code, stdout, stderr } = await machine.run(['ps', '--json'], { env });
    expect(code).toBe(2);
    expect(JSON.parse(stdout).totals).toMatchObject({ maxConcurrent: 2, maxMemoryMb: 16_384 });
    expect(stderr).toMatch(/limits are those of a running session[\s\S]*other-config\.yaml:1:\d+ workers/);
    chat.child.stdin?.end();
    expect(await chat.exited).toBe(0);
    const alone = await machine.run(['ps', '--json'], { env });
    expect([alone.code, JSON.parse(alone.stdout).error.code]).toEqual([2, 'CONFIG_INVALID']);
  });

  it('of another program in this folder is passed over, and every command that reads one says so', async () => {
    const machine = await startMachine();
    writeFileSync(join(machine.project, 'config.yaml'), 'title: a web site\n');
    const env = { WILSON_CONFIG: '', XDG_CONFIG_HOME: machine.home, OLLAMA_HOST: machine.double.url };
    for (const args of [['ps'], ['models'], ['doctor'], ['config', 'show']]) {
      const { stderr } = await machine.run(args, { env });
      expect([args[0], stderr]).toEqual([args[0], expect.stringMatching(/project\/config\.yaml is passed over/)]);
    }
  });

  it('that is named and not there is said to be missing', async () => {
    const machine = await startMachine();
    const { code, stderr } = await machine.run(['--config', '/nowhere/c.yaml', 'models']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/There is no configuration \/nowhere\/c\.yaml/)]);
  });
});

describe('a password in OLLAMA_HOST', () => {
  it('is neither shown nor stored', async () => {
    const machine = await startMachine();
    const config = configFor(machine.double.url).replaceAll(`, host: "${machine.double.url}"`, '');
    const env = {
      WILSON_CONFIG: machine.writeConfig(config),
      OLLAMA_HOST: machine.double.url.replace('//', '//me:s3cret@'),
    };
    machine.double.script({ when: { path: '/api/chat' }, answer: 'Hello.', times: 0 });
    const chat = machine.start([], { env });
    chat.child.stdin?.write('hello\n');
    await chat.saw(/Hello\./);
    const shown: string[] = [];
    for (const args of [['ps', '--json'], ['models'], ['models', '--json'], ['doctor'], ['config', 'show']]) {
      const { stdout, stderr } = await machine.run(args, { env });
      shown.push(stdout + stderr);
    }
    expect(JSON.parse(shown[0] ?? '').models[0].server).toBe(machine.double.url);
    await machine.double.die();
    chat.child.stdin?.end('what is the capital of France?\n');
    await chat.exited;
    expect(chat.stdout + chat.stderr).toContain(machine.double.url);
    const stored = filesBelow(machine.home).map((path) => readFileSync(path, 'latin1'));
    expect([chat.stdout, chat.stderr, ...shown, ...stored].filter((text) => text.includes('s3cret'))).toEqual([]);
  });
});

describe('a database', () => {
  it('that is newer is refused and stays as it is', async () => {
    const machine = await startMachine();
    const file = join(machine.home, 'wilson.db');
    queueTask(machine.home);
    const direct = new Database(file);
    direct.pragma('user_version = 99');
    direct.close();
    for (const args of [[], ['ps'], ['tasks'], request, ['kill', '1'], ['apply', '1'], ['logs', '1']]) {
      const { code, stderr } = await machine.run(args, { input: 'hello\n' });
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

  it('that another process holds locked is waited for; then the command says so, and nothing has changed', async () => {
    const machine = await startMachine();
    queueTask(machine.home);
    const holder = new Database(join(machine.home, 'wilson.db'));
    holder.exec('BEGIN EXCLUSIVE');
    const detach = ['run', 'hello there', '--detach'];
    const [seen, ...refused] = await Promise.all([['tasks'], ['kill', '1'], detach].map((args) => machine.run(args)));
    holder.exec('ROLLBACK');
    holder.close();
    expect([seen?.code, seen?.stdout]).toEqual([0, expect.stringMatching(/TASK-001/)]);
    for (const { code, stdout, stderr } of refused) {
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/wilson\.db is locked by another process\.\n.*fuser/);
    }
    const { tasks } = JSON.parse((await machine.run(['tasks', '--json'])).stdout);
    expect(tasks).toMatchObject([{ id: 'TASK-001', status: 'ready' }]);
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

describe('WILSON_HOME', () => {
  it('that is a file is an error for the commands that only look, too, and the file stays as it is', async () => {
    const machine = await startMachine();
    const file = machine.writeConfig('workers: {}');
    const env = { WILSON_HOME: file };
    for (const args of [['ps'], ['tasks'], ['kill', '--all'], ['show', '1']]) {
      const { code, stdout, stderr } = await machine.run(args, { env });
      expect([args[0], code, stdout]).toEqual([args[0], 1, '']);
      expect(stderr).toMatch(/cannot keep its state in .*a file is in the way[\s\S]*WILSON_HOME/);
    }
    expect(readFileSync(file, 'utf8')).toBe('workers: {}');
  });

  it('that is empty means the usual folder', async () => {
    const machine = await startMachine();
    const env = { WILSON_HOME: '', XDG_STATE_HOME: machine.home };
    const { stdout } = await machine.run(['doctor'], { env });
    expect(stdout).toContain(join(machine.home, 'wilson', 'wilson.db'));
  });
});

describe('a request', () => {
  it.each([
    ['of 1 MB', 'x'.repeat(1_048_576), /more than 64 KB long; at most 64 KB/],
    ['binary', 'a\0b', /The request is binary/],
    ['blank', ' \n\t\n', /The request is empty/],
    ['not UTF-8', Buffer.from([0xff, 0xfe, 0x61]), /not UTF-8/],
  ])('from the input that is %s is refused before anything is made', async (_name, input, message) => {
    const machine = await startMachine();
    const run = machine.start(['run', '-', '--json']);
    run.child.stdin?.end(input);
    expect(await run.exited).toBe(2);
    expect(JSON.parse(run.stdout).error).toMatchObject({ code: 'BAD_REQUEST' });
    expect(run.stderr).toMatch(message);
    expect(existsSync(machine.home)).toBe(false);
  });

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
  const bytes = 98_362_432;
  const sized = (path: string, size: number): void => {
    writeFileSync(path, 'GGUF');
    truncateSync(path, size);
  };

  it.each([
    ['is cut by one byte', (path: string) => sized(path, bytes - 1), /it has 98362431 bytes instead of 98362432/],
    ['holds other bytes', (path: string) => sized(path, bytes), /its SHA-256 is not the published one/],
    ['is empty', (path: string) => writeFileSync(path, ''), /it has 0 bytes/],
    ['is a folder', (path: string) => mkdirSync(path), /it has \d+ bytes/],
  ])(
    'that %s is set aside; with no way to fetch it again, chat and run say so and how to mend it',
    async (_name, make, why) => {
      const machine = await startMachine({
        config:
          'llms: {chat: {provider: llamacpp, model: "smollm2:135m", num_ctx: 2048}, embedded: {model: "smollm2:135m"}}\n',
      });
      const models = join(machine.home, '..', 'models');
      mkdirSync(models);
      const path = join(models, 'SmolLM2-135M-Instruct.Q4_1.gguf');
      const env = { WILSON_MODELS: models, HF_ENDPOINT: 'http://127.0.0.1:1', PATH: '/nowhere' };

      make(path);
      const chat = await machine.run([], { env, input: 'hello\n' });
      expect(chat.code).toBe(1);
      expect(chat.stderr).toMatch(why);
      expect(chat.stderr).toContain(`is set aside as ${path}.damaged`);
      expect(chat.stderr).toMatch(/wilson models pull smollm2:135m/);
      expect(existsSync(`${path}.damaged`)).toBe(true);

      make(path);
      const run = machine.start(['run', '-', '--type', 'code', '--json'], { env });
      run.child.stdin?.end('Write a.py with a function a(x)\n');
      expect(await run.exited).toBe(1);
      const task = JSON.parse(run.stdout);
      expect(task).toMatchObject({ status: 'failed', description: 'Write a.py with a function a(x)' });
      expect(task.error).toMatchObject({ code: 'MODEL_DAMAGED', message: expect.stringMatching(why) });
      expect(task.error.hint).toContain('wilson models pull');

      make(path);
      const doctor = await machine.run(['doctor'], { env });
      expect([doctor.code, doctor.stdout]).toEqual([1, expect.stringContaining(`is set aside as ${path}.damaged`)]);
      make(path);
      const list = await machine.run(['models', '--json'], { env });
      expect(JSON.parse(list.stdout)).toHaveProperty('models');
      expect(list.stderr).toContain(`is set aside as ${path}.damaged`);
    },
  );

  it('that is named by its path and cut is told by its path, and stays where it is', async () => {
    const machine = await startMachine();
    const path = join(machine.project, 'cut.gguf');
    sized(path, 4_096);
    const config = machine.writeConfig(`llms: {chat: {provider: llamacpp, model: "${path}", num_ctx: 2048}}\n`);
    const { code, stderr } = await machine.run([], { env: { WILSON_CONFIG: config }, input: 'hello\n' });
    expect([code, stderr]).toEqual([1, expect.stringContaining(`The model file ${path} is damaged`)]);
    expect(existsSync(path)).toBe(true);
  });
});

describe('a command line', () => {
  it.each([
    [['foo'], /There is no command "foo"/],
    [['taks'], /Did you mean tasks/],
    [['--bogus'], /There is no option "--bogus"/],
    [['fix', 'the', 'tests'], /There is no command "fix"[\s\S]*wilson run/],
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

  it.each([
    [['taks', '--json']],
    [['--bogus', '--json']],
    [['ps', '--bogus', '--json']],
    [['show', '--json']],
    [['apply', '1', '2', '--json']],
  ])('%j is refused with JSON, and nothing else, on stdout', async (args) => {
    const machine = await startMachine();
    const { code, stdout } = await machine.run(args, { input: '' });
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'USAGE']);
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

/** A database with one task, of a folder where nobody runs it. */
function queueTask(home: string): void {
  mkdirSync(home);
  const store = Store.open(home, systemClock);
  const order = { title: 'a', description: 'a', type: 'code', folder: home, priority: 0, sessionId: null } as const;
  store.tasks.submit(order);
  store.close();
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
