/**
 * How many turns are routed as the labelled files say: by the rules alone and, with `--model <file.gguf>`, by both as
 * the chat does it; `--alone` adds the model without the rules (seconds a turn on a busy CPU). Prints accuracy, the confusion of intents and every miss.
 *
 *   npx tsx scripts/bench-routing.ts [--model file.gguf [--alone]] [requests.jsonl …]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ChatModelPort, ChatModelRequest } from '../src/chat/chat-model.js';
import { routeByModel } from '../src/chat/routing/model-router.js';
import type { Route } from '../src/chat/routing/route.js';
import { decideByRules } from '../src/chat/routing/rules.js';
import { systemClock } from '../src/clock.js';

interface Labelled {
  readonly text: string;
  readonly intent: string;
  readonly type?: string;
  readonly after?: string;
}

type Router = (row: Labelled) => Promise<Route>;

const folder = new URL('../test/fixtures/data/routing/', import.meta.url);
const { values, positionals } = parseArgs({
  options: { model: { type: 'string' }, alone: { type: 'boolean' } },
  allowPositionals: true,
});
const files = positionals.length > 0 ? positionals : [new URL('requests.jsonl', folder), new URL('more.jsonl', folder)];

function contextOf(row: Labelled) {
  return { lastAssistant: row.after ?? null, lastUser: null };
}

/** The embedded engine in this process, which a benchmark may do; the chat has it in a process of its own. */
async function embeddedModel(modelPath: string): Promise<ChatModelPort> {
  const { getLlama, LlamaChat } = await import('node-llama-cpp');
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    maxThreads: 2,
    logLevel: 'error' as never,
  });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: 2_048, threads: 2 });
  const chat = new LlamaChat({ contextSequence: context.getSequence() });
  async function complete(request: ChatModelRequest) {
    const history = request.messages.map(({ role, content }) =>
      role === 'assistant'
        ? { type: 'model' as const, response: [content] }
        : { type: role === 'system' ? ('system' as const) : ('user' as const), text: content },
    );
    const grammar =
      request.schema === undefined ? undefined : await llama.createGrammarForJsonSchema(request.schema as never);
    const { response } = await chat.generateResponse(history, {
      maxTokens: request.maxTokens,
      temperature: request.temperature ?? 0,
      signal: request.signal,
      ...(grammar === undefined ? {} : { grammar }),
    });
    return { text: response, reason: 'stop' as const };
  }
  return {
    name: modelPath,
    contextTokens: 2_048,
    ready: Promise.resolve(),
    complete,
    stream: () => {
      throw new Error('routing does not stream');
    },
  };
}

function print(title: string, rows: readonly Labelled[], routes: readonly Route[], elapsedMs: number): void {
  const confusion = new Map<string, number>();
  const misses: string[] = [];
  let intents = 0;
  let types = 0;
  rows.forEach((row, index) => {
    const route = routes[index];
    const type = route?.intent === 'delegate' ? route.type : undefined;
    const intentRight = route?.intent === row.intent;
    if (intentRight) intents += 1;
    if (row.type !== undefined && row.type === type) types += 1;
    const pair = `${row.intent} → ${route?.intent}`;
    if (!intentRight) confusion.set(pair, (confusion.get(pair) ?? 0) + 1);
    if (!intentRight || row.type !== type) {
      misses.push(
        `    ${row.intent}${row.type ? `/${row.type}` : ''} → ${route?.intent}${type ? `/${type}` : ''}: ${row.text}`,
      );
    }
  });
  const typed = rows.filter(({ type }) => type !== undefined).length;
  const share = (hits: number, of: number): string =>
    `${hits} of ${of} (${((100 * hits) / Math.max(1, of)).toFixed(1)} %)`;
  process.stdout.write(
    `  ${title}: intents ${share(intents, rows.length)}, types ${share(types, typed)}, ${(elapsedMs / rows.length).toFixed(2)} ms a turn\n`,
  );
  for (const [pair, count] of confusion) process.stdout.write(`    ${count} × ${pair}\n`);
  for (const miss of misses) process.stdout.write(`${miss}\n`);
}

async function measure(title: string, rows: readonly Labelled[], router: Router): Promise<void> {
  const routes: Route[] = [];
  const start = performance.now();
  for (const row of rows) routes.push(await router(row));
  print(title, rows, routes, performance.now() - start);
}

const model = values.model === undefined ? null : await embeddedModel(values.model);
const never = new AbortController().signal;
for (const file of files) {
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Labelled);
  const unsure = rows.filter((row) => !decideByRules(row.text, contextOf(row)).certain).length;
  process.stdout.write(`${file}: ${rows.length} turns, the rules leave ${unsure} open\n`);
  await measure('rules', rows, async (row) => decideByRules(row.text, contextOf(row)).route);
  if (model === null) continue;
  const byModel: Router = async (row) =>
    (await routeByModel(row.text, contextOf(row), model, systemClock, never)) ?? { intent: 'answer' };
  await measure('rules, then the model', rows, async (row) => {
    const decision = decideByRules(row.text, contextOf(row));
    return decision.certain ? decision.route : byModel(row);
  });
  if (values.alone) await measure('model alone', rows, byModel);
}
process.exit(0);
