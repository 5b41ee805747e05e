/**
 * Learns the weights of the router's classifier from the labelled turns under test/fixtures/data/routing and writes
 * them to src/chat/routing/learned/weights.ts; the same turns give the same file. Needed after a change of the turns,
 * of the rules, or of what the features are made of.
 *
 *   npx tsx scripts/train-routing.ts             writes the weights (two minutes)
 *   npx tsx scripts/train-routing.ts --folds N   writes nothing: learns N times from a part and judges by the rest
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { decideTurnWith } from '../src/chat/routing/decide.js';
import type { Weights } from '../src/chat/routing/learned/classifier.js';
import { type Labelled, readCorpus, readLabelled } from './routing-corpus.js';
import { contextOf, inBytes, learn } from './routing-learner.js';

const target = new URL('../src/chat/routing/learned/weights.ts', import.meta.url);
const { values: options } = parseArgs({
  options: { folds: { type: 'string' }, only: { type: 'string' }, misses: { type: 'boolean' } },
});

function judge(title: string, rows: readonly Labelled[], weights: Weights): void {
  let intents = 0;
  let types = 0;
  for (const row of rows) {
    const { route } = decideTurnWith(weights, row.text, contextOf(row));
    const isRight = route.intent === row.intent;
    const type = route.intent === 'delegate' ? route.type : undefined;
    if (isRight) intents += 1;
    if (row.type !== undefined && type === row.type) types += 1;
    if (options.misses && (!isRight || type !== row.type))
      console.log(
        `    ${row.type ?? row.intent} → ${type ?? route.intent}: ${row.text}${row.after ? ` <<< ${row.after}` : ''}`,
      );
  }
  const typed = rows.filter(({ type }) => type !== undefined).length;
  const percent = (hits: number, of: number): string => `${((100 * hits) / Math.max(1, of)).toFixed(1)} %`;
  console.log(
    `  ${title}: ${rows.length} turns, intents ${percent(intents, rows.length)}, types ${percent(types, typed)}`,
  );
}

function crossValidate(rows: readonly Labelled[], folds: number): void {
  const chosen = options.only === undefined ? rows.map((_, fold) => fold).slice(0, folds) : [Number(options.only)];
  for (const fold of chosen) {
    const isHeld = (index: number): boolean => index % folds === fold;
    const weights = inBytes(learn(rows.filter((_, index) => !isHeld(index))));
    const held = rows.filter((_, index) => isHeld(index));
    console.log(`fold ${fold + 1} of ${folds}`);
    for (const source of new Set(held.map((row) => row.source)))
      judge(
        source,
        held.filter((row) => row.source === source),
        weights,
      );
    judge('all', held, weights);
  }
}

function write(rows: readonly Labelled[]): void {
  const weights = inBytes(learn(rows));
  const data = deflateRawSync(weights.values, { level: 9 }).toString('base64');
  const lines = [
    '// Written by scripts/train-routing.ts; not to be edited.',
    'export const packedWeights = {',
    `  bits: ${weights.bits},`,
    `  unit: ${weights.unit},`,
    `  data: '${data}',`,
    '} as const;',
    '',
  ];
  writeFileSync(target, lines.join('\n'));
  console.log(`learnt from ${rows.length} turns: ${(data.length / 1_024).toFixed(0)} KB`);
  judge('learnt from', rows, weights);
  judge('unseen-b', readLabelled(new URL('../test/fixtures/data/routing/unseen-b.jsonl', import.meta.url)), weights);
}

const rows = readCorpus();
if (options.folds === undefined) write(rows);
else crossValidate(rows, Number(options.folds));
