import { describe, expect, it } from 'vitest';
import { configFor, eventually, type Machine, startMachine } from '../helpers/wilson-cli.js';

/*
 * Models and memory on the built program: a double of Ollama with memory, one load at a time and one answer at a time for
 * each model, as the recorded server has them.
 */

const codeModel = 'qwen2.5-coder:0.5b';
const chatModel = 'smollm2:135m';
const request = 'Write double.py with a function double(x) that returns twice x, and unittest tests for it';
const code = '```python\ndef double(x):\n    return 2 * x\n```';
const cases =
  '```python\nassert double(2) == 4\nassert double(0) == 0\nassert double(-3) == -6\nassert double(10) == 20\n```';

function able(model: string, pieceDelayMs = 0) {
  return [
    { when: { path: '/api/chat', model, text: 'assert' }, answer: cases, times: 0, pieceDelayMs },
    { when: { path: '/api/chat', model, text: 'double' }, answer: code, times: 0, pieceDelayMs },
  ] as const;
}

const stalled = { when: { path: '/api/chat', model: codeModel, text: 'double' }, fault: 'stall', times: 0 } as const;

function configOf(machine: Machine, own: { maxMemoryMb?: number; loadTimeoutS?: number; llms?: string } = {}): string {
  const text = configFor(machine.double.url)
    .replace('llms:\n', `llms:\n  load_timeout: ${own.loadTimeoutS ?? 30}\n${own.llms ?? ''}`)
    .replace('max_memory_mb: 16384, warn_threshold_mb: 14336', `max_memory_mb: ${own.maxMemoryMb ?? 16_384}`);
  return machine.writeConfig(text);
}

async function loadedNow(machine: Machine): Promise<string[]> {
  const answer = await fetch(`${machine.double.url}/api/ps`);
  const { models } = (await answer.json()) as { models: { name: string; expires_at: string }[] };
  return models.map(({ name }) => name).sort();
}

/** Another program uses the server; resolves with its answer. */
async function askBehindOurBack(machine: Machine, text: string, model = chatModel): Promise<string> {
  const answer = await fetch(`${machine.double.url}/api/chat`, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: text }], options: { num_ctx: 2_048 } }),
  });
  return answer.text();
}

describe('a model on a server', () => {
  it('is loaded once for a task and gone within a second after it; the chat model stays until the end', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096, loadMs: 200, unloadMs: 300 });
    machine.double.script(...able(codeModel));
    const chat = machine.start([]);
    chat.child.stdin?.write(`${request}\n`);
    await chat.saw(/TASK-001 is done/);
    const doneMs = performance.now();
    await eventually(
      async () => (await loadedNow(machine)).join() === chatModel,
      1_000,
      'only the chat model is loaded',
    );
    expect(performance.now() - doneMs).toBeLessThan(1_500);
    expect(machine.double.counts(codeModel)).toEqual({ loads: 1, reloads: 0 });
    chat.child.stdin?.end('hello\n');
    expect(await chat.exited).toBe(0);
    expect(machine.double.counts(chatModel)).toEqual({ loads: 1, reloads: 0 });
    expect(await loadedNow(machine)).toEqual([]);
  });

  it('is loaded once for two tasks at once, and unloaded after the second', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096, loadMs: 300 });
    machine.double.script(...able(codeModel, 20));
    const { stdout } = await machine.run([], { input: `${request}\n${request} please\n` });
    expect(stdout).toMatch(/TASK-001 is done/);
    expect(stdout).toMatch(/TASK-002 is done/);
    expect(machine.double.counts(codeModel)).toEqual({ loads: 1, reloads: 0 });
    const ends = machine.double.history().filter(({ model, what }) => model === codeModel && what === 'unloaded');
    expect(ends).toHaveLength(1);
    expect(await loadedNow(machine)).toEqual([]);
  });

  it('goes though the server loses the first unload', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096, loseUnloads: 1 });
    machine.double.script(...able(codeModel));
    expect((await machine.run(['run', request, '--type', 'code'])).code).toBe(0);
    expect(await loadedNow(machine)).toEqual([]);
  });

  it('stays when somebody else had loaded it, and costs nothing more', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096 });
    machine.double.script(...able(codeModel));
    machine.double.loadBehindOurBack(codeModel);
    // 155 MB of the chat's model are not asked for by `run`; the code model alone would not fit.
    const env = { WILSON_CONFIG: configOf(machine, { maxMemoryMb: 400 }) };
    const { code: exitCode, stderr } = await machine.run(['run', request, '--type', 'code'], { env });
    expect(exitCode, stderr).toBe(0);
    expect(await loadedNow(machine)).toEqual([codeModel]);
  });
});

describe('a server that keeps one model', () => {
  it('and blocks behind the pinned chat model: the task falls back at the deadline, the server is freed, the chat goes on', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096, maxLoaded: 1, parallel: 2, stuckBehindPinned: true });
    const long = Array.from({ length: 20 }, (_, index) => `word${index} `);
    machine.double.script(
      ...able(chatModel),
      { when: { path: '/api/chat', text: 'somebody else' }, answer: long, pieceDelayMs: 300 },
      { when: { path: '/api/chat', model: chatModel }, answer: 'I am here', times: 0 },
    );
    const env = { WILSON_CONFIG: configOf(machine, { loadTimeoutS: 2 }) };
    const chat = machine.start([], { env });
    await machine.double.until('loaded', chatModel);
    await eventually(
      async () => (await machine.ps()).models[0]?.holders[0] === 'chat',
      5_000,
      'the chat has its model',
    );
    const busy = askBehindOurBack(machine, 'somebody else');
    chat.child.stdin?.write(`${request}\n`);
    await machine.double.until('stuck', codeModel);
    chat.child.stdin?.write('are you there?\n');
    await chat.saw(/I am here/);
    await chat.saw(/TASK-001 is done/);
    expect(await machine.task('1')).toMatchObject({ status: 'done', modelUsed: chatModel, usedFallback: true });
    expect(chat.stdout + chat.stderr).toMatch(
      /⚠️ TASK-001 runs on smollm2:135m: .*not loaded within 2 s.*Quality may vary/s,
    );
    await busy;
    await machine.double.until('loaded', chatModel, 2);
    expect(await loadedNow(machine)).toEqual([chatModel]);
    // The load of the client that gave up is no longer in the way of others.
    machine.double.setMachine({ maxLoaded: 3 });
    await askBehindOurBack(machine, 'hello', codeModel);
    chat.child.stdin?.end('still there?\n');
    expect(await chat.exited).toBe(0);
    expect(await loadedNow(machine)).toEqual([codeModel]);
  });

  it('and pushes the chat model out: it is brought back, and the next task does not try again', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096, maxLoaded: 1 });
    machine.double.script(...able(chatModel));
    const chat = machine.start([]);
    await machine.double.until('loaded', chatModel);
    chat.child.stdin?.write(`${request}\n`);
    await chat.saw(/TASK-001 is done/);
    expect(await machine.task('1')).toMatchObject({
      modelUsed: chatModel,
      usedFallback: true,
      fallbackReason: expect.stringContaining('OLLAMA_MAX_LOADED_MODELS'),
    });
    expect(await loadedNow(machine)).toEqual([chatModel]);
    chat.child.stdin?.write(`${request} please\n`);
    await chat.saw(/TASK-002 is done/);
    expect(machine.double.counts(codeModel).loads).toBe(1);
    chat.child.stdin?.end();
    expect(await chat.exited).toBe(0);
  });
});

describe('a task that is killed', () => {
  const phases: readonly [string, (machine: Machine) => Promise<void>][] = [
    [
      'while its model loads',
      async (machine) => {
        machine.double.setMachine({ ramMb: 4_096, loadMsOf: { [codeModel]: 20_000 } });
        await machine.double.until('loading', codeModel);
      },
    ],
    [
      'while it generates',
      async (machine) => {
        machine.double.script(stalled);
        await eventually(async () => (await machine.ps()).workers[0]?.status === 'in_progress', 10_000, 'it works');
      },
    ],
  ];

  it.each(phases)('%s gives lease, slot and reservation back', async (_name, reach) => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096 });
    const reached = reach(machine);
    const run = machine.start(['run', request, '--type', 'code']);
    await reached;
    expect((await machine.run(['kill', '1'])).code).toBe(0);
    expect(await run.exited).toBe(3);
    await eventually(async () => (await loadedNow(machine)).length === 0, 3_000, 'nothing is loaded');
    expect(await machine.ps()).toMatchObject({ workers: [], models: [], totals: { reservedMb: 0, modelMb: 0 } });
    machine.double.setMachine({ loadMsOf: {} });
  });

  it('while it is queued takes nothing with it', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096 });
    machine.double.script(stalled);
    const env = { WILSON_CONFIG: configOf(machine, { maxMemoryMb: 850 }) };
    const first = machine.start(['run', request, '--type', 'code'], { env });
    await eventually(async () => (await machine.ps()).workers.length === 1, 10_000, 'the first works');
    const second = machine.start(['run', request, '--type', 'code'], { env });
    await second.saw(/TASK-002 is queued/);
    expect((await machine.run(['kill', '2'])).code).toBe(0);
    expect(await second.exited).toBe(3);
    expect(machine.double.isLoaded(codeModel)).toBe(true);
    expect((await machine.run(['kill', '1'])).code).toBe(0);
    expect(await first.exited).toBe(3);
    expect(await loadedNow(machine)).toEqual([]);
  });
});

describe('a wilson that is killed', () => {
  it.each([
    ['with a chat', [], chatModel],
    ['while it loads a model for a task', ['run', request, '--type', 'code'], codeModel],
  ])('%s leaves no model behind', async (_name, args, model) => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096, loadMsOf: { [codeModel]: 1_500 } });
    const run = machine.start(args);
    await machine.double.until(model === chatModel ? 'loaded' : 'loading', model);
    await eventually(async () => (await machine.ps()).models.length === 1, 5_000, 'it is held');
    run.child.kill('SIGKILL');
    expect(await run.exited).toBe('SIGKILL');
    await eventually(async () => (await loadedNow(machine)).length === 0, 8_000, 'nothing is loaded');
    await eventually(async () => (await machine.ps()).totals.modelMb === 0, 8_000, 'nothing is counted');
  });
});

describe('max_memory_mb', () => {
  it('for one worker: the second waits with the sum, though another wilson asked for it, and starts after the first', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096 });
    machine.double.script(...able(codeModel, 60));
    const env = { WILSON_CONFIG: configOf(machine, { maxMemoryMb: 850 }) };
    const first = machine.start(['run', request, '--type', 'code'], { env });
    await eventually(async () => (await machine.ps()).workers.length === 1, 10_000, 'the first works');
    const second = machine.start(['run', request, '--type', 'code'], { env });
    await second.saw(
      /TASK-002 is queued: needs 200 MB \(worker 200 MB \+ qwen2\.5-coder:0\.5b [\d,]+ MB\); [\d,]+ MB of 850 MB are taken/,
    );
    const { queued } = await machine.ps();
    expect(queued[0]).toMatchObject({ task: 'TASK-002', reason: 'memory' });
    expect(await first.exited).toBe(0);
    expect(await second.exited).toBe(0);
    const [one, two] = [await machine.task('1'), await machine.task('2')];
    expect(Date.parse(two.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(one.startedAt ?? ''));
    expect(machine.double.history().filter(({ what }) => what === 'evicted')).toEqual([]);
  });

  it('below the model: refused, with what would fit', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096 });
    const env = { WILSON_CONFIG: configOf(machine, { maxMemoryMb: 500 }) };
    const { code: exitCode, stderr } = await machine.run(['run', request, '--type', 'code'], { env });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /can never run here: it needs [\d,]+ MB \(worker 200 MB \+ qwen2\.5-coder:0\.5b [\d,]+ MB\); Wilson may take 500 MB/,
    );
    expect(stderr).toMatch(/smollm2:135m \((?:http:\S+|embedded)\) is here and would fit/);
    expect(machine.double.counts(codeModel).loads).toBe(0);
  });
});

/** Resolves when the code model has been asked for something. */
async function generating(machine: Machine): Promise<void> {
  for (;;) {
    const { body } = await machine.double.nextRequest('/api/chat');
    if (body.model === codeModel && Array.isArray(body.messages) && body.messages.length > 0) return;
  }
}

describe('a server that changes during a task', () => {
  it('dies and comes back: the task is tried again and the better model is used', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096 });
    machine.double.script({ ...stalled, times: 1 }, ...able(codeModel));
    const run = machine.start(['run', request, '--type', 'code']);
    await generating(machine);
    await machine.double.die();
    await machine.double.comeBack();
    expect(await run.exited, run.stderr).toBe(0);
    expect(await machine.task('1')).toMatchObject({ status: 'done', modelUsed: codeModel, usedFallback: false });
    expect(await loadedNow(machine)).toEqual([]);
  });

  it('loses the model: the next attempt falls back and says so', async () => {
    const machine = await startMachine();
    machine.double.setMachine({ ramMb: 4_096 });
    machine.double.script({ ...stalled, times: 1 }, ...able(chatModel));
    const run = machine.start(['run', request, '--type', 'code']);
    await generating(machine);
    machine.double.removeModel(codeModel);
    await machine.double.die();
    await machine.double.comeBack();
    expect(await run.exited, run.stderr).toBe(0);
    expect(await machine.task('1')).toMatchObject({
      status: 'done',
      modelUsed: chatModel,
      usedFallback: true,
      fallbackReason: expect.stringContaining(`ollama pull ${codeModel}`),
    });
    expect(await loadedNow(machine)).toEqual([]);
  });
});
