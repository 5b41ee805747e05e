/**
 * The double of Ollama as a program: `tsx test/helpers/ollama-double-main.ts --script FILE [--port N]`. FILE is JSON with
 * the options of `startOllamaDouble` (`models`, `steps`, `notOllama` …). Prints its URL on the first line of stdout, and
 * ends on SIGTERM, on SIGINT, and, where its stdin is a pipe, when that ends (so that it never outlives a test).
 */
import { fstatSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type OllamaDoubleOptions, startOllamaDouble } from './ollama-double.js';

const { values } = parseArgs({ options: { script: { type: 'string' }, port: { type: 'string' } } });
const options: OllamaDoubleOptions = values.script ? JSON.parse(readFileSync(values.script, 'utf8')) : {};
const double = await startOllamaDouble(values.port ? { ...options, port: Number(values.port) } : options);
process.stdout.write(`${double.url}\n`);

const end = () => {
  double.close().then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.once('SIGTERM', end);
process.once('SIGINT', end);
const stdin = fstatSync(0);
if (stdin.isFIFO() || stdin.isSocket()) {
  process.stdin.once('end', end);
  process.stdin.resume();
}
