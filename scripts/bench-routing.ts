/**
 * How many turns of labelled files are routed as labelled, by the router as the chat has it: rules and what was learnt,
 * and the embedded model (from the model cache) where both are unsure. Prints accuracy, the confusion of intents and of
 * types, every miss, and the time of a turn.
 *
 *   npx tsx scripts/bench-routing.ts [--rules | --model file.gguf] [requests.jsonl …]
 *
 * `--rules` asks no model. A file has one JSON object a line: text, intent, type for `delegate`, and `after`, what Wilson had
 * said before. Without a file: the turns that nothing was learnt from.
 */
import { parseArgs } from 'node:util';
import type { ChatModelPort } from '../src/chat/chat-model.js';
import { decideTurn } from '../src/chat/routing/decide.js';
import { routeByModel } from '../src/chat/routing/model-router.js';
import type { Route } from '../src/chat/routing/route.js';
import { systemClock } from '../src/clock.js';
import { figuresLine, figuresOf } from './bench-figures.js';
import { embeddedModel } from './bench-routing-model.js';
import { type Labelled, readLabelled } from './routing-corpus.js';
import { contextOf } from './routing-learner.js';

const intentNames = ['answer', 'delegate', 'progress', 'models', 'kill'];
const typeNames = ['code', 'test', 'review', 'research', 'analysis', 'general'];
const heldOut = new URL('../test/fixtures/data/routing/unseen-b.jsonl', import.meta.url);

interface Routed {
  readonly row: Labelled;
  readonly route: Route;
  readonly ms: number;
  readonly askedModel: boolean;
}

async function routeRow(row: Labelled, model: ChatModelPort | null): Promise<Routed> {
  const context = contextOf(row);
  const start = performance.now();
  const decision = decideTurn(row.text, context);
  const askedModel = !decision.certain && model !== null;
  const asked = askedModel
    ? await routeByModel(row.text, context, model, systemClock, new AbortController().signal)
    : null;
  return { row, route: asked ?? decision.route, ms: performance.now() - start, askedModel };
}

function typeOf(route: Route): string | undefined {
  return route.intent === 'delegate' ? route.type : undefined;
}

function percent(hits: number, of: number): string {
  return `${hits} of ${of} (${((100 * hits) / Math.max(1, of)).toFixed(1)} %)`;
}

/** A table with a row for each label and a column for each outcome. */
function printConfusion(title: string, names: readonly string[], pairs: readonly (readonly [string, string])[]): void {
  const columns = [...names, ...new Set(pairs.map(([, got]) => got).filter((got) => !names.includes(got)))];
  const width = Math.max(...columns.map((name) => name.length)) + 2;
  const line = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(width)).join('');
  console.log(`\n  ${title} (rows: as labelled, columns: as routed)`);
  console.log(line(['', ...columns]));
  for (const name of names) {
    const ofName = pairs.filter(([wanted]) => wanted === name);
    if (ofName.length === 0) continue;
    const counts = columns.map((column) => ofName.filter(([, got]) => got === column).length);
    console.log(line([name, ...counts.map((count) => (count === 0 ? '·' : String(count)))]));
  }
}

function report(file: string, routed: readonly Routed[]): void {
  const typed = routed.filter(({ row }) => row.intent === 'delegate');
  const intents = routed.filter(({ row, route }) => route.intent === row.intent).length;
  const types = typed.filter(({ row, route }) => typeOf(route) === row.type).length;
  console.log(`${file}: ${routed.length} turns`);
  console.log(`  intents ${percent(intents, routed.length)}, types ${percent(types, typed.length)}`);
  const intentPairs = routed.map(({ row, route }) => [row.intent, route.intent] as const);
  printConfusion('intents', intentNames, intentPairs);
  const typePairs = typed.map(({ row, route }) => [row.type ?? '', typeOf(route) ?? `(${route.intent})`] as const);
  printConfusion('types', typeNames, typePairs);
  const misses = routed.filter(({ row, route }) => route.intent !== row.intent || typeOf(route) !== row.type);
  if (misses.length > 0) console.log('\n  misses');
  for (const { row, route } of misses) {
    const after = row.after === undefined ? '' : `  (after: ${row.after})`;
    console.log(`    ${row.type ?? row.intent} → ${typeOf(route) ?? route.intent}: ${row.text}${after}`);
  }
  const asked = routed.filter(({ askedModel }) => askedModel).length;
  console.log(
    `\n  ${figuresLine('time of a turn', figuresOf(routed.map(({ ms }) => ms)))}; the model was asked ${asked} times\n`,
  );
}

const { values: options, positionals } = parseArgs({
  options: { model: { type: 'string' }, rules: { type: 'boolean' } },
  allowPositionals: true,
});
const model = options.rules ? null : await embeddedModel(options.model);
if (model === null && !options.rules)
  console.log('The embedded model is not in the model cache (wilson models pull fetches it); it is not asked.');
decideTurn('hello', { lastAssistant: null, lastUser: null });
for (const file of positionals.length > 0 ? positionals : [heldOut]) {
  const routed: Routed[] = [];
  for (const row of readLabelled(file)) routed.push(await routeRow(row, model));
  report(String(file), routed);
}
process.exit();
