/**
 * `npm run bench:estimate`: what an embedded model is estimated to take, beside what the process really took at its peak:
 * task worker and chat engine, both test models, two contexts. `--contexts 512,2048` measures others, `--runs 3` more often,
 * `--dist FOLDER` another build. Linux only: the peak is the kernel's own high-water mark, of a process that counts as alone.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureModel } from '../src/models/download.js';
import { chatEngineMb, embeddedWorkerMb } from '../src/models/embedded-memory.js';
import { readFigures } from '../src/models/model-figures.js';
import { packingHere } from '../src/models/weight-packing.js';
import { measureEngine, measureWorker } from './bench-estimate-load.js';
import { goal } from './bench-figures.js';

const models = ['smollm2:135m', 'qwen2.5-coder:0.5b'];
const mostOver = 1.15;

const { values } = parseArgs({
  options: {
    contexts: { type: 'string', default: '2048,8192' },
    runs: { type: 'string', default: '1' },
    dist: { type: 'string', default: 'dist' },
  },
});
const contexts = values.contexts.split(',').map(Number);
const runs = Number(values.runs);
const dist = pathToFileURL(`${resolve(values.dist)}/`);
if (process.platform !== 'linux') throw new Error('The peak of a process can be read on Linux only');
if (!existsSync(new URL('workers/task-worker.js', dist))) throw new Error('Build first: npm run build');

const kinds = [
  { name: 'task worker', estimate: embeddedWorkerMb, measure: measureWorker },
  { name: 'chat engine', estimate: chatEngineMb, measure: measureEngine },
];
const ratios: number[] = [];
console.log(`weights packed for: ${packingHere()}`);
console.log('process      model               context  prompt  estimate    peak  ratio  PSS sampled');
for (const numCtx of contexts) {
  for (const model of models) {
    const modelPath = await ensureModel(model, { env: process.env, signal: AbortSignal.timeout(15 * 60_000) });
    const figures = await readFigures(modelPath, process.env);
    for (const kind of kinds) {
      const estimateMb = kind.estimate({ model: figures, numCtx });
      if (estimateMb === null) throw new Error(`No estimate for ${model}`);
      for (let run = 0; run < runs; run += 1) {
        const { residentMb, sampledMb, promptTokens } = await kind.measure({ model, modelPath, numCtx, dist });
        const ratio = estimateMb / residentMb;
        ratios.push(ratio);
        console.log(
          `${kind.name}  ${model.padEnd(18)} ${String(numCtx).padStart(8)} ${String(promptTokens).padStart(7)}` +
            ` ${mb(estimateMb)} ${mb(residentMb)}  ${ratio.toFixed(3)}  ${mb(sampledMb)}`,
        );
      }
    }
  }
}
goal('estimates below the peak', ratios.filter((ratio) => ratio < 1).length, 0, 'of them');
goal('the largest estimate over its peak', Math.max(...ratios), mostOver, 'times');

function mb(value: number): string {
  return `${value.toFixed(0).padStart(5)} MB`;
}
