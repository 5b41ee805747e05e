import { readFileSync } from 'node:fs';

/** One recorded body with the status and the type it came with. */
export interface Recording {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

const folder = new URL('../fixtures/data/ollama-wire/', import.meta.url);

/** The recording of that name (`chat-stream.ndjson`), byte for byte. */
export function recording(file: string): Recording {
  const name = file.replace(/\.(nd)?json$/, '');
  const body = readFileSync(new URL(file, folder));
  const line = readFileSync(new URL('status-lines.txt', folder), 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  const status = Number(/HTTP\/1\.1 (\d+)/.exec(line ?? '')?.[1] ?? 200);
  const contentType = /Content-Type: (.*)$/.exec(line ?? '')?.[1] ?? 'application/x-ndjson';
  return { status, contentType, body };
}

/** The lines of a recorded stream, each with its line end. */
export function recordedLines(file: string): string[] {
  return recording(file)
    .body.toString('utf8')
    .split(/(?<=\n)/)
    .filter((line) => line !== '');
}

/** JSON as Go writes it: `<`, `>`, `&` and the line separators are escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A time as Go writes it, with nanoseconds. */
export function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000000Z');
}

export interface RecordedModel {
  readonly name: string;
  readonly model: string;
  readonly modified_at: string;
  readonly size: number;
  readonly digest: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly capabilities: readonly string[];
}

export interface RecordedLoad {
  readonly name: string;
  readonly model: string;
  readonly size: number;
  readonly digest: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly expires_at: string;
  readonly size_vram: number;
  readonly context_length: number;
}

export function recordedModels(): RecordedModel[] {
  return (JSON.parse(recording('tags.json').body.toString('utf8')) as { models: RecordedModel[] }).models;
}

export function recordedLoads(): RecordedLoad[] {
  return (JSON.parse(recording('ps-two.json').body.toString('utf8')) as { models: RecordedLoad[] }).models;
}

export function cut(answer: string | readonly string[]): readonly string[] {
  return typeof answer === 'string' ? (answer.match(/\S+\s*|\s+/g) ?? []) : answer;
}

export function head(name: string) {
  return { model: name, created_at: goTime(Date.now()) };
}

export function marker(name: string, reason: 'load' | 'unload', chat: boolean): unknown {
  const content = chat ? { message: { role: 'assistant', content: '' } } : { response: '' };
  return { ...head(name), ...content, done: true, done_reason: reason };
}

/** The last line's figures: those of `chat-stream.ndjson`, with the pieces counted. */
export function counts(pieces: number) {
  return {
    total_duration: 1942450193,
    load_duration: 1446676665,
    prompt_eval_count: 41,
    prompt_eval_duration: 458532000,
    eval_count: pieces + 1,
    eval_duration: 28094000,
  };
}

/** As llama-server words it within Ollama's answer to `truncate: false`. */
export const overflowText =
  '{"error":{"code":400,"message":"request (8889 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":8889,"n_ctx":4096}}';

export const busyText = 'server busy, please try again.  maximum pending requests exceeded';
