/**
 * The model server of the benches as a program: `tsx scripts/bench-model-server-main.ts DIST [SLOTS]`. Prints its
 * address, sends it to whoever forked it, and ends with that one or at SIGTERM.
 */
import { homedir } from 'node:os';
import { startModelServer } from './bench-model-server.js';
import { builtProgram } from './bench-wilson.js';

const dist = builtProgram(process.argv[2]);
/** Conversations that a model keeps in memory, as llama-server keeps earlier prompts; with 1 each pushes out the other. */
const slots = Number(process.argv[3] ?? 8);
const { createChatEngine } = (await import(
  `${dist}/src/models/chat-engine-client.js`
)) as typeof import('../src/models/chat-engine-client.js');
const { locateModel } = (await import(
  `${dist}/src/catalog/model-cache.js`
)) as typeof import('../src/catalog/model-cache.js');

const models: Record<string, string> = {};
for (const name of ['qwen2.5-coder:0.5b', 'smollm2:135m']) {
  const located = await locateModel(name, process.env);
  if (located === null)
    throw new Error(`${name} is not in the model cache of ${homedir()}: wilson models pull ${name}`);
  models[name] = located.path;
}
const server = await startModelServer({
  models,
  createEngine: (name, modelPath) =>
    createChatEngine({ modelPath, name, threads: 2, slots, env: process.env, ownerToken: `bench-server:${name}` }),
});
process.stdout.write(`${server.url}\n`);
process.send?.(server.url);

const end = (): void => {
  server.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.once('SIGTERM', end);
process.once('disconnect', end);
