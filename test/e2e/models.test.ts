import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ModelsJson, PulledJson } from '../../src/cli/json-shapes.js';
import { tempFolder } from '../helpers/temp-folder.js';
import { TerminalScreen } from '../helpers/terminal-screen.js';
import { eventually, type Machine, startMachine } from '../helpers/wilson-cli.js';

const answers = { when: { path: '/api/chat', text: '2+2' }, answer: 'It is 4.', times: 0 } as const;

describe('wilson models', () => {
  it('says of each purpose what it would use, where, how large it is, and whether it is loaded', async () => {
    const machine = await startMachine();
    machine.double.loadBehindOurBack('smollm2:135m');
    const { code, stdout, stderr } = await machine.run(['models', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const { purposes, models } = JSON.parse(stdout) as ModelsJson;
    expect(purposes.map(({ purpose }) => purpose)).toEqual(['chat', 'code', 'analysis', 'vision']);
    expect(purposes[0]).toMatchObject({ loaded: true, memoryBasis: 'measured', server: machine.double.url });
    expect(purposes[1]).toMatchObject({ loaded: false, memoryBasis: 'metadata', contextTokens: 2_048 });
    expect(models.find(({ name, provider }) => name === 'smollm2:135m' && provider === 'ollama')).toMatchObject({
      loaded: true,
      fits: true,
    });
    const table = await machine.run(['models']);
    expect(table.stdout).toMatch(/^PURPOSE +MODEL +RAM/);
    expect(table.stdout).toContain('vision: none configured: set llms.vision in config.yaml');
  });

  it('does not wait long for a server that hangs', async () => {
    const machine = await startMachine();
    const timed = async (): Promise<{ ms: number; code: number | string; stdout: string }> => {
      const startedMs = performance.now();
      const { code, stdout } = await machine.run(['models']);
      return { ms: performance.now() - startedMs, code, stdout };
    };
    const healthy = await timed();
    machine.double.script(
      ...['/api/version', '/api/tags', '/api/ps', '/api/show'].map(
        (path) => ({ when: { path }, fault: 'never-answers', times: 0 }) as const,
      ),
    );
    const { ms, code, stdout } = await timed();
    expect(code).toBe(0);
    // What the start of a program costs depends on what else this machine does.
    expect(ms - healthy.ms).toBeLessThan(4_000);
    expect(stdout).toMatch(/chat, code, analysis: .*(answer)/);
  });

  it('shows that a live chat holds an embedded model, with what its process takes', async () => {
    const machine = await startMachine({
      config: 'llms: {chat: {provider: llamacpp, model: "smollm2:135m", num_ctx: 2048}}\n',
    });
    const chat = machine.start([]);
    await eventually(async () => (await machine.ps()).models.length > 0, 40_000, 'the chat holds its model');
    const { purposes } = JSON.parse((await machine.run(['models', '--json'])).stdout) as ModelsJson;
    expect(purposes[0]).toMatchObject({ purpose: 'chat', loaded: true, contextTokens: 2_048 });
    expect(purposes[0]?.memoryMb).toBeGreaterThan(100);
    expect(purposes[1]).toMatchObject({ purpose: 'code', loaded: false });
    chat.child.stdin?.end('/tasks\n');
    expect(await chat.exited).toBe(0);
    const after = JSON.parse((await machine.run(['models', '--json'])).stdout) as ModelsJson;
    expect(after.purposes[0]?.loaded).toBe(false);
  });
});

describe('wilson models pull', () => {
  const slow = { when: { path: '/api/pull' }, pull: { sizeMb: 400, pieces: 8 }, pieceDelayMs: 150, times: 0 } as const;

  it('has the Ollama server fetch a model that the catalog lacks, with progress on stderr and JSON alone on stdout', async () => {
    const machine = await startMachine();
    machine.double.script({ when: { path: '/api/pull' }, pull: { sizeMb: 400 }, times: 0 });
    const { code, stdout, stderr } = await machine.run(['models', 'pull', 'mistral', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout) as PulledJson).toEqual({
      name: 'mistral:latest',
      provider: 'ollama',
      server: machine.double.url,
      path: null,
      sizeBytes: 400 * 1_048_576,
    });
    expect(stderr).toContain(`mistral: [          ] 0% connecting to Ollama at ${machine.double.url}`);
    expect((await machine.run(['models'])).stdout).toContain('mistral:latest');
    expect((await machine.run(['models', 'pull', 'mistral'])).stdout).toMatch(
      /^mistral:latest is on the Ollama server at http/,
    );
  });

  it('draws a bar with bytes, rate and time left on a terminal', async () => {
    const machine = await startMachine();
    machine.double.script({ ...slow, pull: { sizeMb: 400, pieces: 12 } });
    const screen = new TerminalScreen(process.execPath, [join('dist', 'src', 'main.js'), 'models', 'pull', 'mistral'], {
      env: { WILSON_HOME: machine.home, WILSON_CONFIG: join(machine.home, '..', 'config.yaml') },
    });
    onTestFinished(() => screen.gone());
    await screen.until('MB/s');
    expect((await screen.exited).exitCode).toBe(0);
    // What a process wrote last may be read after its end is known.
    await screen.until('mistral:latest is on the Ollama server');
    expect(screen.raw).toMatch(/mistral: \[#+ *\] \d+% \d+ of 419 MB, \d+ MB\/s, \d+ s left/);
  });

  it('that is stopped by Ctrl-C ends with 130, and goes on where it was when it is asked for again', async () => {
    const machine = await startMachine();
    machine.double.script(slow);
    const pull = machine.start(['models', 'pull', 'mistral', '--json']);
    const request = await machine.double.nextRequest('/api/pull');
    await pull.saw(/connecting/);
    pull.child.kill('SIGINT');
    expect(await pull.exited).toBe(130);
    expect(await request.closed).toEqual({ byClient: true });
    expect(JSON.parse(pull.stdout)).toMatchObject({ error: { code: 'ABORTED' } });
    expect(pull.stderr).toContain('wilson models pull mistral goes on from there');
    expect((await machine.run(['models', 'pull', 'mistral'])).code).toBe(0);
  });

  it('says what is wrong and how to mend it when no Ollama is there: also what needs none', async () => {
    const machine = await startMachine();
    await machine.double.die();
    for (const args of [['mistral'], ['smollm2:135m', '--ollama']]) {
      const { code, stdout, stderr } = await machine.run(['models', 'pull', ...args]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('Ollama does not answer at');
      expect(stderr).toContain('ollama serve');
      expect(stderr).toContain('The catalog of embedded models has qwen2.5-coder:0.5b, smollm2:135m');
    }
    const { stdout } = await machine.run(['models', 'pull', 'mistral', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'SERVER_UNREACHABLE' } });
  });

  it('passes on why a server could not fetch it', async () => {
    const machine = await startMachine();
    const { code, stderr } = await machine.run(['models', 'pull', 'mistral']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/could not fetch mistral:latest: .*no such host/);
    expect(stderr).toMatch(/HTTPS_PROXY/);
  });

  it('is for this machine where the catalog has it, and for the server where a purpose wants it from there', async () => {
    const machine = await startMachine();
    machine.double.script({ when: { path: '/api/pull' }, pull: {}, times: 0 });
    // Without a purpose that wants it from Ollama: the file that the tests have already.
    const embedded = { env: { WILSON_CONFIG: machine.writeConfig('llms: {chat: {provider: llamacpp}}\n') } };
    const own = await machine.run(['models', 'pull', 'smollm2:135m', '--json'], embedded);
    expect(JSON.parse(own.stdout)).toMatchObject({ provider: 'llamacpp', server: 'embedded' });
    expect(machine.double.requests).toEqual([]);
    const wanted = await machine.run(['models', 'pull', 'smollm2:135m', '--json']);
    expect(JSON.parse(wanted.stdout)).toMatchObject({ provider: 'ollama', server: machine.double.url });
    const forced = await machine.run(['models', 'pull', 'smollm2:135m', '--embedded', '--json']);
    expect(JSON.parse(forced.stdout)).toMatchObject({ provider: 'llamacpp' });
    await machine.double.die();
    const alone = await machine.run(['models', 'pull', 'smollm2:135m', '--json']);
    expect(JSON.parse(alone.stdout)).toMatchObject({ provider: 'llamacpp' });
  });

  it.each([
    [[]],
    [['']],
    [['a\u001b[31mb']],
    [['../x']],
    [['http://x/y']],
    [['x'.repeat(300)]],
    [['mistral', '--ollama', '--embedded']],
  ])('refuses %j', async (args) => {
    const machine = await startMachine();
    const { code, stderr } = await machine.run(['models', 'pull', ...args]);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(machine.double.requests).toEqual([]);
  });

  it('refuses --embedded for what the catalog lacks, with what it has', async () => {
    const machine = await startMachine();
    const { code, stderr } = await machine.run(['models', 'pull', 'mistral', '--embedded']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('smollm2:135m')]);
  });
});

describe('wilson doctor', () => {
  it('sets the models against the memory, and says what the server must hold', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ sizesMb: { 'qwen2.5-coder:0.5b': 15_900 } });
    const { stdout } = await machine.run(['doctor', '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { level: string; what: string; remedy: string }[] };
    const [beside] = findings.filter(({ what }) => what.includes('code: qwen2.5-coder:0.5b needs'));
    expect(beside).toMatchObject({ level: 'warn', remedy: expect.stringContaining('llms.code.model') });
    expect(findings.some(({ what }) => what.includes('OLLAMA_MAX_LOADED_MODELS'))).toBe(true);
  });
});

describe('wilson doctor on a damaged embedded model', () => {
  it('says so, however many look at the file at once', async () => {
    const models = tempFolder();
    writeFileSync(join(models, 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf'), 'GGUF, and then nothing');
    const machine = await startMachine();
    const { code, stdout } = await machine.run(['doctor', '--json'], { env: { WILSON_MODELS: models } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/The embedded model: The file of the model qwen2\.5-coder:0\.5b was damaged/);
  });
});

describe('the first chat ever', () => {
  it('names the profile for this machine, once, without holding the prompt up', async () => {
    const machine = await startMachine();
    machine.double.script(answers);
    mkdirSync(machine.home, { recursive: true });
    const open = (): TerminalScreen =>
      new TerminalScreen(process.execPath, [join('dist', 'src', 'main.js')], {
        columns: 160,
        env: {
          WILSON_HOME: machine.home,
          WILSON_CONFIG: '',
          XDG_CONFIG_HOME: machine.home,
          OLLAMA_HOST: machine.double.url,
        },
      });
    for (const suggests of [true, false]) {
      const screen = open();
      onTestFinished(() => screen.gone());
      await screen.until('›');
      await screen.until(suggests ? 'wilson config use' : 'Quality may vary');
      screen.write('/ps\r');
      await screen.until('Workers 0 of');
      screen.write('\u0004');
      expect((await screen.exited).exitCode).toBe(0);
      expect(screen.raw.includes('wilson config use')).toBe(suggests);
    }
  });
});

/** Requests that had the model generate something; a load or an unload has no messages. */
function generations(machine: Machine): number {
  return machine.double.requests.filter(
    ({ path, body }) => path === '/api/chat' && Array.isArray(body.messages) && body.messages.length > 0,
  ).length;
}

describe('the chat', () => {
  it.each(['What models are running?', 'How much memory do you use?', 'What model are you using?'])(
    'answers "%s" from what is measured, in a few lines, without its model',
    async (question) => {
      const machine = await startMachine();
      machine.double.script(answers);
      const chat = machine.start([]);
      chat.child.stdin?.write('What is 2+2?\n');
      await chat.saw(/It is 4\./);
      const before = generations(machine);
      chat.child.stdin?.end(`${question}\n`);
      expect(await chat.exited).toBe(0);
      expect(generations(machine)).toBe(before);
      const answer = chat.stdout.slice(chat.stdout.indexOf('It is 4.') + 'It is 4.\n'.length);
      expect(answer).toContain('smollm2:135m');
      expect(answer).toMatch(/\d+ MB/);
      expect(answer.split('\n').length).toBeLessThan(13);
      expect(answer).not.toContain('FITS');
    },
  );
});
