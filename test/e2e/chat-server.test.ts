import { describe, expect, it } from 'vitest';
import { configFor, startMachine } from '../helpers/wilson-cli.js';

const chatModel = 'smollm2:135m';
const answers = { when: { path: '/api/chat', model: chatModel, text: '2+2' }, answer: 'It is 4.', times: 0 } as const;

describe('the chat on a server', () => {
  it('answers with the configured model, pinned while it runs and given back at the end', async () => {
    const machine = await startMachine();
    machine.double.script(answers);
    const chat = machine.start([]);
    chat.child.stdin?.write('What is 2+2?\n');
    await chat.saw(/It is 4\./);
    expect(machine.double.isLoaded(chatModel)).toBe(true);
    const ps = await machine.ps();
    expect(ps.models).toMatchObject([
      { name: chatModel, provider: 'ollama', purpose: ['chat'], holders: ['chat'], keepAlive: true, ours: true },
    ]);
    chat.child.stdin?.end();
    expect(await chat.exited).toBe(0);
    expect(chat.stdout).toBe('It is 4.\n');
    expect(machine.double.counts(chatModel)).toMatchObject({ loads: 1 });
    expect(machine.double.isLoaded(chatModel)).toBe(false);
  });

  it('that does not answer at the start: says so with the remedy, and answers on the embedded model', async () => {
    const machine = await startMachine();
    await machine.double.die();
    const { code, stdout } = await machine.run([], { input: "What's the capital of France?\n" });
    expect(stdout).toMatch(/ollama serve/);
    expect(stdout).toMatch(/Quality may vary/);
    expect(stdout).toMatch(/Paris/);
    expect(code).toBe(0);
  });

  it('that lacks the model: names the command that fetches it', async () => {
    const machine = await startMachine();
    const { stdout } = await machine.run([], {
      input: 'hello\n',
      env: { WILSON_CONFIG: machine.writeConfig(configFor(machine.double.url).replaceAll(chatModel, 'llama3:latest')) },
    });
    expect(stdout).toContain('ollama pull llama3:latest');
  });

  it('that goes away between two turns: the chat says so and goes on with the embedded model', async () => {
    const machine = await startMachine();
    machine.double.script(answers);
    const chat = machine.start([]);
    chat.child.stdin?.write('What is 2+2?\n');
    await chat.saw(/It is 4\./);
    await machine.double.die();
    chat.child.stdin?.end("What's the capital of France?\n");
    expect(await chat.exited, chat.stderr).toBe(0);
    expect(chat.stdout).toMatch(/The chat goes on with qwen2\.5-coder:0\.5b/);
    expect(chat.stdout).toMatch(/Paris/);
  });

  it.each([
    ['an error line inside a 200 stream', 'error-line'],
    ['a stream that is cut', 'cut'],
    ['a stream without its last line', 'no-done'],
  ] as const)('%s: never taken for a whole answer, and the next turn is served', async (_name, fault) => {
    const machine = await startMachine();
    machine.double.script({ when: { path: '/api/chat', model: chatModel, text: 'joke' }, fault }, answers);
    const { code, stdout, stderr } = await machine.run([], { input: 'tell me a joke about compilers\nWhat is 2+2?\n' });
    expect(stdout + stderr).toMatch(/could not answer/);
    expect(stdout).toMatch(/It is 4\./);
    expect(code).toBe(1);
  });
});
