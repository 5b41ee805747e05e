import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentResult } from '../../../src/agents/agent.js';
import { reportAgent } from '../../../src/agents/report-agent.js';
import { maxImageBytes } from '../../../src/task/image-file.js';
import { agentContext } from '../../helpers/agent-context.js';
import { images, samplePng } from '../../helpers/sample-images.js';
import { type AgentScript, ScriptedModel } from '../../helpers/scripted-model.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const long =
  'A black cat lies on a red sofa beside two yellow cushions. Behind it stands a lamp with a green shade, and on the wall hangs a small picture of a ship at sea. The light comes from the left, through a window that is only partly visible here. No text can be read anywhere.';

interface Looked {
  readonly result: AgentResult;
  readonly model: ScriptedModel;
  readonly root: string;
  report(name?: string): string;
}

async function look(
  description: string,
  script: AgentScript,
  files: Readonly<Record<string, Buffer | string>> = {},
): Promise<Looked> {
  const root = tempFolder();
  for (const [name, content] of Object.entries({ 'photo.png': samplePng, ...files })) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  const model = new ScriptedModel(script, { name: 'llava:7b' });
  const result = await reportAgent(agentContext({ root, model, description, taskType: 'analysis' }));
  return { result, model, root, report: (name = 'report.md') => readFileSync(join(root, name), 'utf8') };
}

function failureOf(description: string, files: Readonly<Record<string, Buffer | string>>): Promise<{ code: string }> {
  return look(description, ['never asked'], files).then(
    () => ({ code: 'none' }),
    (error: { code: string }) => error,
  );
}

describe('a question about a picture', () => {
  it('is asked once, with the bytes of the file, and its answer is the report', async () => {
    const { result, model, report } = await look('what is in photo.png?', [long]);
    expect(model.requests).toHaveLength(1);
    const [message, ...more] = model.requests[0]?.messages ?? [];
    expect(more).toEqual([]);
    expect(message?.role).toBe('user');
    expect(message?.content).toMatch(/what is in photo\.png\?$/);
    expect(message?.images?.map((image) => Buffer.from(image, 'base64'))).toEqual([samplePng]);
    expect(result).toMatchObject({ outcome: 'finished', checks: [{ check: 'report_written', paths: ['report.md'] }] });
    expect(result.summary).toMatch(/^report\.md says what llava:7b sees in photo\.png \(not checked\): “A black cat/);
    expect(report()).toContain(long);
    expect(report()).toContain('> what is in photo.png?');
    expect(report()).toContain(`- photo.png: PNG, 3 × 2 pixels, ${samplePng.length} bytes`);
  });

  it('that is answered in a few words gets a description besides', async () => {
    const { result, model, report } = await look('how many cats are in photo.png?', ['One.', long]);
    expect(model.requests).toHaveLength(2);
    expect(model.requests[1]?.messages[0]).toMatchObject({ images: [samplePng.toString('base64')] });
    expect(result.outcome).toBe('finished');
    expect(result.summary).toContain('“One.”');
    expect(report()).toMatch(/\nOne\.\n\n## Description\n\nA black cat/);
  });

  it('goes to the file that it names, past a report that is there', async () => {
    const named = await look('describe photo.png and write it to cat.md', [long]);
    expect(named.report('cat.md')).toContain(long);
    const second = await look('describe photo.png', [long], { 'report.md': 'old' });
    expect(second.report()).toBe('old');
    expect(second.report('report-2.md')).toContain(long);
  });

  it('takes several pictures along in their order, and a text that it names', async () => {
    const description = 'does index.html look like photo.png and "b c.jpg"?';
    const { model } = await look(description, [long], { 'b c.jpg': images.JPEG ?? '', 'index.html': '<h1>Hi</h1>' });
    const message = model.requests[0]?.messages[0];
    expect(message?.images).toEqual([samplePng.toString('base64'), images.JPEG?.toString('base64')]);
    expect(message?.content).toContain('--- index.html\n<h1>Hi</h1>');
  });

  it('leaves control codes and hiding characters out of what is written', async () => {
    const { result, report } = await look('what is in photo.png?', [
      `\u001b[31m${long}\u001b]0;title\u0007\u202e\0\r\nEnd`,
    ]);
    expect(report()).toContain(`${long}\nEnd`);
    expect(`${report()}${result.summary}`).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });
});

describe('no description is invented', () => {
  it.each([
    "I'm sorry, but I cannot see the image you are talking about. Please provide it.",
    'No image was provided. It probably shows a cat.',
    'I’m unable to view images directly.',
  ])('where the model says that it saw none: %s', async (answer) => {
    const { result, model } = await look('what is in photo.png?', [answer]);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'VISION_UNAVAILABLE' } });
    expect(model.requests).toHaveLength(1);
  });

  it('but an answer that misses something in the picture is one', async () => {
    const { result } = await look('what is in photo.png?', [`I cannot see any text in the image. ${long}`]);
    expect(result.outcome).toBe('finished');
  });

  it('where the model says nothing', async () => {
    const { result } = await look('what is in photo.png?', ['', long]);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'REPORT_TOO_SHORT' } });
  });

  it('where there is no such image, it is none inside, it is too large, or leads out of the folder', async () => {
    expect(await failureOf('what is in other.png?', {})).toMatchObject({ code: 'IMAGE_MISSING' });
    expect(await failureOf('what is in text.png?', { 'text.png': 'hello' })).toMatchObject({ code: 'NOT_AN_IMAGE' });
    const large = Buffer.concat([samplePng, Buffer.alloc(maxImageBytes)]);
    expect(await failureOf('what is in big.png?', { 'big.png': large })).toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    const root = tempFolder();
    const elsewhere = join(tempFolder(), 'secret.png');
    writeFileSync(elsewhere, samplePng);
    symlinkSync(elsewhere, join(root, 'link.png'));
    const model = new ScriptedModel(['never asked']);
    const order = agentContext({ root, model, description: 'what is in link.png?', taskType: 'analysis' });
    await expect(reportAgent(order)).rejects.toMatchObject({ code: 'PATH_OUTSIDE_WORKSPACE' });
    expect(model.requests).toEqual([]);
  });
});
