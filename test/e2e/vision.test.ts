import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OllamaDouble, OllamaDoubleOptions } from '../helpers/ollama-double.js';
import { startOllamaDouble } from '../helpers/ollama-double.js';
import { startOpenAiDouble } from '../helpers/openai-double.js';
import { samplePng } from '../helpers/sample-images.js';
import { configFor, type Machine, startMachine } from '../helpers/wilson-cli.js';

/** A vision model on a server of its own, and a machine that is told of it. */
async function machineThatSees(
  options: OllamaDoubleOptions = {},
): Promise<{ machine: Machine; eyes: OllamaDouble; env: Record<string, string> }> {
  const machine = await startMachine();
  const eyes = await startOllamaDouble({ models: ['llava:7b'], capabilities: ['completion', 'vision'], ...options });
  onTestFinished(() => eyes.close());
  const vision = `  vision: { provider: ollama, model: "llava:7b", host: "${eyes.url}", num_ctx: 2048 }\n`;
  const config = machine.writeConfig(configFor(machine.double.url).replace(/^workers:/m, `${vision}workers:`));
  writeFileSync(join(machine.project, 'photo.png'), samplePng);
  return { machine, eyes, env: { WILSON_CONFIG: config } };
}

const question = 'what is in photo.png?';
const cat =
  'A black cat lies on a red sofa beside two yellow cushions. Behind it stands a lamp with a green shade, and on the wall hangs a small picture of a ship at sea. The light comes from the left, through a window that is only partly visible here. No text can be read anywhere.';

/** The images of every request that a server was sent, as bytes. */
function imagesSent(double: OllamaDouble): Buffer[] {
  return double.requests
    .filter(({ path }) => path === '/api/chat')
    .flatMap(({ body }) => (body.messages ?? []) as { images?: string[] }[])
    .flatMap(({ images = [] }) => images.map((image) => Buffer.from(image, 'base64')));
}

/** Requests that wanted an answer; a load has no messages. */
function questions(double: OllamaDouble): number {
  return double.requests.filter(({ path, body }) => path === '/api/chat' && (body.messages as unknown[]).length > 0)
    .length;
}

async function taskCount(machine: Machine): Promise<number> {
  const { stdout } = await machine.run(['tasks', '--json']);
  return (JSON.parse(stdout) as { tasks: unknown[] }).tasks.length;
}

describe('a picture', () => {
  it('goes byte for byte to the vision model of `wilson run`, whose answer is the report', async () => {
    const { machine, eyes, env } = await machineThatSees();
    eyes.script({ when: { path: '/api/chat', text: question }, answer: cat });
    const { code, stdout, stderr } = await machine.run(['run', question], { env });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/report\.md says what llava:7b sees in photo\.png \(not checked\): “A black cat/);
    expect(stdout).toMatch(/✓ report_written: report\.md/);
    expect(imagesSent(eyes)).toEqual([samplePng]);
    expect(questions(machine.double)).toBe(0);
    expect(await machine.task('TASK-001')).toMatchObject({
      type: 'analysis',
      modelUsed: 'llava:7b',
      usedFallback: false,
      artifacts: [{ path: 'report.md', kind: 'added' }],
    });
    expect(eyes.isLoaded('llava:7b')).toBe(false);
  });

  it('that the chat is asked about becomes a task for the vision model', async () => {
    const { machine, eyes, env } = await machineThatSees();
    eyes.script({ when: { path: '/api/chat', text: question }, answer: cat });
    const { code, stdout, stderr } = await machine.run([], { input: `${question}\n`, env });
    expect(code, stdout + stderr).toBe(0);
    expect(stdout + stderr).toMatch(/TASK-001 accepted: what is in photo\.png \(Analysis Agent\)/i);
    expect(stdout + stderr).toMatch(/TASK-001 is done: .*A black cat/);
    expect(imagesSent(eyes)).toEqual([samplePng]);
    expect(questions(machine.double)).toBe(0);
  });

  it('goes to an OpenAI-compatible server in its own form', async () => {
    const machine = await startMachine();
    const eyes = await startOpenAiDouble({ models: [{ id: 'local' }] });
    onTestFinished(() => eyes.close());
    eyes.script({ answer: cat.split(/(?<= )/) });
    const vision = `  vision: { provider: openai, model: local, host: "${eyes.url}", num_ctx: 2048 }\n`;
    const config = machine.writeConfig(configFor(machine.double.url).replace(/^workers:/m, `${vision}workers:`));
    writeFileSync(join(machine.project, 'photo.png'), samplePng);
    const { code, stderr } = await machine.run(['run', question], { env: { WILSON_CONFIG: config } });
    expect(code, stderr).toBe(0);
    const { body } = await eyes.nextRequest('/v1/chat/completions');
    expect(body.messages).toMatchObject([
      {
        role: 'user',
        content: [
          { type: 'text', text: expect.stringContaining(question) },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${samplePng.toString('base64')}` } },
        ],
      },
    ]);
  });

  it('that .gitignore names, given by its absolute path, is seen and stays out of the result', async () => {
    const { machine, eyes, env } = await machineThatSees();
    mkdirSync(join(machine.project, 'my plots'));
    writeFileSync(join(machine.project, '.gitignore'), 'my plots/\n');
    writeFileSync(join(machine.project, 'my plots/loss.png'), samplePng);
    eyes.script({ answer: cat });
    const { code, stderr } = await machine.run(['run', `describe "${machine.project}/my plots/loss.png"`], { env });
    expect(code, stderr).toBe(0);
    expect(imagesSent(eyes)).toEqual([samplePng]);
    const { description, artifacts } = await machine.task('TASK-001');
    expect(description).toBe('describe "my plots/loss.png"');
    expect(artifacts.map(({ path }) => path)).toEqual(['report.md']);
  });
});

describe('a picture that cannot be looked at', () => {
  const notConfigured = /No vision model is configured: .*photo\.png.* set llms\.vision in config\.yaml, e\.g\. /s;

  it('because no vision model is configured is refused, by `run`, `run --detach` and the chat, without a task or a made-up answer', async () => {
    const machine = await startMachine();
    writeFileSync(join(machine.project, 'photo.png'), samplePng);
    for (const args of [
      ['run', question],
      ['run', '--detach', question],
    ]) {
      const { code, stdout, stderr } = await machine.run(args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(notConfigured);
    }
    const json = await machine.run(['run', '--json', question]);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'VISION_NOT_CONFIGURED' } });
    const chat = await machine.run([], { input: `${question}\n` });
    expect(chat.stdout + chat.stderr).toMatch(notConfigured);
    expect(questions(machine.double)).toBe(0);
    expect(await taskCount(machine)).toBe(0);
  });

  it('because it is not there, is none or lies elsewhere is refused with the reason, without a task', async () => {
    const { machine, eyes, env } = await machineThatSees();
    writeFileSync(join(machine.project, 'text.png'), 'hello');
    writeFileSync(join(machine.project, '../secret.png'), samplePng);
    const refusals: [string, RegExp][] = [
      ['what is in phtoo.png?', /There is no image phtoo\.png\.\sDid you mean "photo\.png"\?/s],
      ['what is in text.png?', /text\.png is no image/],
      ['what is in ../secret.png?', /secret\.png lies outside of /],
    ];
    for (const [request, reason] of refusals) {
      const { code, stderr } = await machine.run(['run', request], { env });
      expect(code).toBe(1);
      expect(stderr).toMatch(reason);
    }
    const chat = await machine.run([], { input: 'what is in phtoo.png?\n', env });
    expect(chat.stdout + chat.stderr).toMatch(/Did you mean "photo\.png"\?/);
    expect(await taskCount(machine)).toBe(0);
    expect(questions(eyes) + questions(machine.double)).toBe(0);
  });

  it.each<[string, OllamaDoubleOptions, RegExp]>([
    ['the configured model cannot see', { capabilities: ['completion'] }, /llava:7b is set for vision, .* cannot see/],
    [
      'the configured model is not on its server',
      { onlyModels: true, models: ['smollm2:135m'] },
      /ollama pull llava:7b/,
    ],
  ])('because %s: the task fails with the reason, and no other model is asked', async (_why, options, reason) => {
    const { machine, eyes, env } = await machineThatSees(options);
    const { code, stderr } = await machine.run(['run', question], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
    expect(await machine.task('TASK-001')).toMatchObject({
      status: 'failed',
      error: { code: 'VISION_UNAVAILABLE' },
      usedFallback: false,
    });
    expect(questions(eyes) + questions(machine.double)).toBe(0);
  });

  it('because the server of the model is gone: likewise', async () => {
    const { machine, eyes, env } = await machineThatSees();
    await eyes.die();
    const { code, stderr } = await machine.run(['run', question], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Ollama does not answer/);
    expect(await machine.task('TASK-001')).toMatchObject({ status: 'failed', error: { code: 'VISION_UNAVAILABLE' } });
    expect(questions(machine.double)).toBe(0);
  });

  it('by a model that says so: its answer is no report', async () => {
    const { machine, eyes, env } = await machineThatSees();
    eyes.script({ answer: "I'm sorry, I can't see any image here.", times: 0 });
    const { code, stderr } = await machine.run(['run', question], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/llava:7b says that it was shown no picture/);
    expect(await machine.task('TASK-001')).toMatchObject({ status: 'failed', attempt: 1, artifacts: [] });
  });
});
