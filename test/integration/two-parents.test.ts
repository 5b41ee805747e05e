import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Parent, type ParentOptions, startParent } from '../../src/cli/parent.js';
import { ensureModel } from '../../src/models/download.js';
import { tempFolder } from '../helpers/temp-folder.js';

const never = new AbortController().signal;
const config = `
llms:
  chat: { provider: llamacpp, model: 'smollm2:135m', num_ctx: 1024 }
  code: { provider: llamacpp, model: 'smollm2:135m', num_ctx: 1024 }
  analysis: { provider: llamacpp, model: 'smollm2:135m', num_ctx: 1024 }
  embedded: { model: 'smollm2:135m' }
`;

beforeAll(async () => {
  await ensureModel('smollm2:135m', { env: process.env, signal: never });
}, 600_000);

/** A whole wilson, put together as the program does it. */
async function parent(kind: ParentOptions['kind'], home: string, folder: string): Promise<Parent> {
  const sink = { write: () => true };
  const configPath = join(home, 'config.yaml');
  writeFileSync(configPath, config);
  const io = { stdout: sink, stderr: sink, env: { ...process.env, WILSON_HOME: home }, cwd: folder };
  const started = await startParent({ kind, folder, configPath, adopt: false }, io);
  onTestFinished(() => started.close());
  return started;
}

function until(one: Parent, message: string): Promise<void> {
  const shows = (): boolean => one.supervisor.active().some(({ task }) => task.progress.message === message);
  return new Promise((resolve) => {
    if (shows()) return resolve();
    const stop = one.supervisor.onChange(() => {
      if (!shows()) return;
      stop();
      resolve();
    });
  });
}

it('a chat in one wilson holds the worker of another, until its answer ends', { timeout: 180_000 }, async () => {
  const home = tempFolder();
  const folder = join(home, 'project');
  mkdirSync(folder);
  const works = await parent('run', home, folder);
  const chats = await parent('chat', home, folder);
  const backend = chats.models.startChat({ onProgress: () => undefined, say: () => undefined });
  await backend.ready;
  await works.supervisor.submit({
    title: 'a tale',
    description: 'Tell a long tale of a ship in forty sentences.',
    type: 'analysis',
    folder,
  });
  await until(works, 'writing report.md');
  const messages = [{ role: 'user' as const, content: 'Count to one hundred.' }];
  for await (const part of backend.stream({ messages, maxTokens: 200, signal: never })) {
    expect(part.type).toBe('text');
    // The answer is read slowly: its turn lasts for as long as it does.
    await until(works, 'waits for the chat');
    break;
  }
  await until(works, 'writing report.md');
});
