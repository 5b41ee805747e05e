import { ensureModel } from '../src/models/download.js';

/*
 * Puts the two models that the tests run into the model cache, by Wilson's own download: from the cache, else resumed
 * and checked against the published hash. `npx tsx scripts/fetch-test-models.ts`
 */

const names = ['smollm2:135m', 'qwen2.5-coder:0.5b'];
const tenths = new Map<string, number>();

for (const name of names) {
  const path = await ensureModel(name, {
    env: process.env,
    signal: AbortSignal.timeout(15 * 60_000),
    onProgress: ({ receivedBytes, totalBytes, source }) => {
      const tenth = Math.floor((receivedBytes / totalBytes) * 10);
      if (tenth === (tenths.get(name) ?? -1)) return;
      tenths.set(name, tenth);
      process.stdout.write(`${name}: ${tenth * 10}% (${source})\n`);
    },
  });
  process.stdout.write(`${name}: ${path}\n`);
}
