import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../../src/clock.js';
import { jsonType, pause, playFault, send, sendHtml, sendPieces, sendRecorded } from './ollama-double-answers.js';
import { generate } from './ollama-double-generate.js';
import { History, type HistoryEntry, type HistoryKind, type LoadCounts } from './ollama-double-history.js';
import { Listener, parseBody, readBody } from './ollama-double-http.js';
import { Machine, type MachineOptions } from './ollama-double-machine.js';
import { fullName, loadedBytes, ModelShelf, showAnswer } from './ollama-double-models.js';
import { Pulls } from './ollama-double-pull.js';
import { type RecordedRequest, RequestLog } from './ollama-double-requests.js';
import { Scheduler } from './ollama-double-schedule.js';
import { isRefusal, matches, type Step } from './ollama-double-script.js';
import { goJson } from './ollama-double-wire.js';

export type { HistoryEntry, HistoryKind } from './ollama-double-history.js';
export type { MachineOptions } from './ollama-double-machine.js';
export type { RecordedRequest } from './ollama-double-requests.js';
export type { Step } from './ollama-double-script.js';

export interface OllamaDoubleOptions {
  /** Added to the two recorded models. */
  readonly models?: readonly string[];
  /** Only `models` exist. */
  readonly onlyModels?: boolean;
  readonly port?: number;
  /** `127.0.0.1` by default. */
  readonly host?: '127.0.0.1' | '::1';
  /** Where the server is under its address, e.g. `/ollama`; everything else there is 404. `url` has it. */
  readonly pathPrefix?: string;
  readonly steps?: readonly Step[];
  /** Capabilities in `/api/show`; `['completion']` as recorded. */
  readonly capabilities?: readonly string[];
  /** Memory, queue and eviction; without it there are none, and a load takes no time. */
  readonly machine?: MachineOptions;
  /** Answers every request as this other thing on the port would. */
  readonly notOllama?: 'html' | 'json' | 'garbage';
}

export interface OllamaDouble {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  script(...steps: Step[]): void;
  /** The next request to that path that has not been waited for yet. */
  nextRequest(path: string): Promise<RecordedRequest>;
  isLoaded(model: string): boolean;
  /** Finished loads since the start, or since it came back. */
  counts(model: string): LoadCounts;
  /** Loads, unloads and evictions in their order, over deaths too. */
  history(): readonly HistoryEntry[];
  /** Resolves when that has happened to the model so many times (1 by default) since the start. */
  until(what: HistoryKind, model: string, times?: number): Promise<void>;
  /** What a load of the model takes, in MB of 1,048,576 bytes. */
  memoryMb(model: string, contextTokens?: number): number;
  /** Changes these keys of the machine; null takes it away. */
  setMachine(machine: MachineOptions | null): void;
  /** Someone else deletes a model. Where it is loaded it stays so until it expires. */
  removeModel(model: string): void;
  /** Someone else loads or unloads a model. */
  loadBehindOurBack(model: string): void;
  unloadBehindOurBack(model: string): void;
  /** The server dies: the port is closed and every connection destroyed. */
  die(): Promise<void>;
  /** It is started again on the same port, with nothing loaded. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** A server on the loopback that answers as the recorded Ollama did, with the faults that a test asks for. */
export async function startOllamaDouble(options: OllamaDoubleOptions = {}): Promise<OllamaDouble> {
  const double = new Double(options);
  await double.listener.open(options.port ?? 0);
  return double;
}

const greetings = { garbage: 'SSH-2.0-OpenSSH_9.2\r\n', html: null, json: null };

class Double implements OllamaDouble {
  readonly listener: Listener;
  private readonly log = new RequestLog();
  private readonly machine: Machine;
  private readonly shelf: ModelShelf;
  private readonly pulls: Pulls;
  private readonly steps: { step: Step; left: number }[] = [];
  private readonly past = new History();
  private readonly prefix: string;
  private scheduler: Scheduler;

  constructor(private readonly options: OllamaDoubleOptions) {
    const { host = '127.0.0.1', notOllama, pathPrefix = '', models = [], onlyModels = false } = options;
    this.listener = new Listener(host, notOllama === undefined ? null : greetings[notOllama], (request, response) =>
      this.serve(request, response),
    );
    this.prefix = pathPrefix.replace(/\/+$/, '');
    this.machine = new Machine(options.machine ?? null);
    this.shelf = new ModelShelf(models, onlyModels, (name) => this.machine.sizeMb(name));
    this.pulls = new Pulls(this.shelf);
    this.scheduler = this.start();
    this.script(...(options.steps ?? []));
  }

  get url(): string {
    return this.listener.url + this.prefix;
  }

  get requests(): readonly RecordedRequest[] {
    return this.log.all;
  }

  script(...steps: Step[]): void {
    for (const step of steps) this.steps.push({ step, left: step.times ?? 1 });
  }

  nextRequest(path: string): Promise<RecordedRequest> {
    return this.log.next(path);
  }

  isLoaded(model: string): boolean {
    return this.scheduler.loaded.find(model) !== undefined;
  }

  counts(model: string): LoadCounts {
    return this.scheduler.loaded.countsOf(model);
  }

  history(): readonly HistoryEntry[] {
    return this.past.all();
  }

  until(what: HistoryKind, model: string, times = 1): Promise<void> {
    return this.past.until(what, model, times);
  }

  memoryMb(model: string, contextTokens = 4096): number {
    return loadedBytes(this.known(model), contextTokens, this.machine.isOn ? this.machine.parallel : 1) / 1_048_576;
  }

  setMachine(machine: MachineOptions | null): void {
    this.machine.set(machine);
    this.scheduler.refresh();
  }

  removeModel(model: string): void {
    this.shelf.remove(this.known(model).name);
  }

  loadBehindOurBack(model: string): void {
    this.scheduler.force(this.known(model));
  }

  unloadBehindOurBack(model: string): void {
    this.scheduler.drop(fullName(model), 'taken');
  }

  async die(): Promise<void> {
    this.scheduler.stop();
    await this.listener.close();
  }

  async comeBack(): Promise<void> {
    this.scheduler = this.start();
    await this.listener.open();
  }

  close(): Promise<void> {
    return this.die();
  }

  private start(): Scheduler {
    return new Scheduler(this.machine, systemClock, (entry) => this.past.add(entry));
  }

  private known(name: string) {
    const model = this.shelf.find(name);
    if (model === null) throw new Error(`The double has no model ${name}.`);
    return model;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.listener.url);
    const inside = pathname === this.prefix || pathname.startsWith(`${this.prefix}/`);
    const path = inside ? pathname.slice(this.prefix.length) || '/' : pathname;
    const parsed = parseBody(await readBody(request));
    this.log.add(request.method ?? '', path, parsed ?? {}, response);
    if (this.options.notOllama === 'html') return sendHtml(response);
    if (this.options.notOllama === 'json') return send(response, 404, 'application/json', '{"detail":"Not Found"}');
    if (!inside) return send(response, 404, 'text/plain', '404 page not found');
    if (request.method === 'GET' && path === '/')
      return send(response, 200, 'text/plain; charset=utf-8', 'Ollama is running');
    if (request.method === 'POST' && parsed === null) return sendRecorded(response, 'bad-json.json');
    const body = parsed ?? {};
    const step = this.take(path, body);
    const play = async () => step !== null && (await this.play(response, body, step));
    const isGeneration = path === '/api/chat' || path === '/api/generate';
    // With a machine, what a step says happens when the request has its model and its slot.
    const playsLater = isGeneration && this.machine.isOn && step !== null && !isRefusal(step);
    if (!playsLater && (await play())) return;
    if (isGeneration) {
      const { shelf, scheduler } = this;
      const capabilities = this.options.capabilities ?? null;
      const later = playsLater ? play : async () => false;
      return generate({ response, path, body, step, shelf, scheduler, capabilities, play: later });
    }
    this.answer(response, path, body);
  }

  private answer(response: ServerResponse, path: string, body: Record<string, unknown>): void {
    if (path === '/api/version') sendRecorded(response, 'version.json');
    else if (path === '/api/tags') this.json(response, { models: this.shelf.all() });
    else if (path === '/api/ps') this.json(response, { models: this.scheduler.loaded.rows() });
    else if (path === '/api/show') this.show(response, body);
    else if (path === '/api/pull') sendRecorded(response, 'pull-unreachable.ndjson');
    else send(response, 404, 'text/plain', '404 page not found');
  }

  /** What a step says, as far as it is not about the answer of a model; true when that was the whole answer. */
  private async play(response: ServerResponse, body: Record<string, unknown>, step: Step): Promise<boolean> {
    const { delayMs, fault, pull, lines, pieceDelayMs } = step;
    if (delayMs !== undefined) await pause(response, delayMs);
    if (fault !== undefined && (await playFault(response, fault, step, body))) return true;
    if (step.recording !== undefined) sendRecorded(response, step.recording, pieceDelayMs);
    else if (pull !== undefined) await this.pulls.serve(response, body, pull, pieceDelayMs);
    else if (lines !== undefined) {
      await sendPieces(
        response,
        lines.map((line) => `${goJson(line)}\n`),
        pieceDelayMs,
      );
      response.end();
    } else return false;
    return true;
  }

  private show(response: ServerResponse, body: Record<string, unknown>): void {
    const name = String(body.model ?? body.name ?? '');
    const model = this.shelf.find(name);
    if (model === null) send(response, 404, jsonType, goJson({ error: `model '${fullName(name)}' not found` }));
    else this.json(response, showAnswer(model, this.options.capabilities ?? model.capabilities));
  }

  private json(response: ServerResponse, value: unknown): void {
    send(response, 200, jsonType, goJson(value));
  }

  private take(path: string, body: Record<string, unknown>): Step | null {
    const index = this.steps.findIndex(({ step }) => matches(step, path, body));
    const found = this.steps[index];
    if (found === undefined) return null;
    if (found.left === 1) this.steps.splice(index, 1);
    else if (found.left > 1) found.left -= 1;
    return found.step;
  }
}
