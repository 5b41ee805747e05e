import type { OllamaDouble } from './ollama-double.js';

/** A request to the double that may still be waiting. */
export interface Asked {
  /** The body of the answer, or `left`. */
  readonly text: Promise<string>;
  readonly status: Promise<number>;
  isOver(): boolean;
  /** Closes the connection, and resolves when the double knows. */
  leave(): Promise<void>;
}

/** A row of `/api/ps`. */
export interface LoadedRow {
  readonly name: string;
  readonly size: number;
  readonly expires_at: string;
  readonly context_length: number;
}

export interface DoubleClient {
  /** Asks a question, and resolves when the request is where it has to wait, if it has to. */
  ask(model: string, body?: Readonly<Record<string, unknown>>): Promise<Asked>;
  /** Asks for a load, likewise. */
  load(model: string, keepAlive?: unknown, options?: Readonly<Record<string, unknown>>): Promise<Asked>;
  /** Resolves when the model is loaded. */
  loaded(model: string, keepAlive?: unknown, options?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Resolves when the unload is answered. */
  unload(model: string): Promise<void>;
  /** An answer that begins and then says nothing: the model is in use until this one leaves. */
  busy(model: string, keepAlive?: unknown): Promise<Asked>;
  ps(): Promise<readonly LoadedRow[]>;
  row(model: string): Promise<LoadedRow | undefined>;
  /** Leaves all that still waits. */
  close(): void;
}

/** Speaks to the double without a provider, one connection for each request, so that a test decides what arrives when. */
export function createDoubleClient(double: OllamaDouble): DoubleClient {
  const running: AbortController[] = [];

  async function ask(model: string, body: Readonly<Record<string, unknown>> = {}): Promise<Asked> {
    const controller = new AbortController();
    running.push(controller);
    let isOver = false;
    const response = fetch(`${double.url}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }], ...body }),
      signal: controller.signal,
    });
    const text = response
      .then((answer) => answer.text())
      .catch(() => 'left')
      .finally(() => {
        isOver = true;
      });
    const status = response.then((answer) => answer.status).catch(() => 0);
    const { closed } = await double.nextRequest('/api/chat');
    // What one more exchange takes is enough for the double to have dealt with the first.
    await ps();
    return {
      text,
      status,
      isOver: () => isOver,
      async leave() {
        controller.abort();
        await closed;
        await ps();
      },
    };
  }

  function load(model: string, keepAlive?: unknown, options?: Readonly<Record<string, unknown>>): Promise<Asked> {
    return ask(model, { messages: [], options, ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }) });
  }

  async function ps(): Promise<readonly LoadedRow[]> {
    return ((await (await fetch(`${double.url}/api/ps`)).json()) as { models: LoadedRow[] }).models;
  }

  return {
    ask,
    load,
    ps,
    async loaded(...args) {
      await expectReason(await load(...args), 'load');
    },
    async unload(model) {
      await expectReason(await load(model, 0), 'unload');
    },
    busy(model, keepAlive) {
      double.script({ when: { model }, fault: 'stall' });
      return ask(model, keepAlive === undefined ? {} : { keep_alive: keepAlive });
    },
    row: async (model) => (await ps()).find((each) => each.name === model),
    close() {
      for (const controller of running.splice(0)) controller.abort();
    },
  };
}

async function expectReason(asked: Asked, reason: 'load' | 'unload'): Promise<void> {
  const text = await asked.text;
  if (!text.includes(`"done_reason":"${reason}"`)) throw new Error(`Not the answer to a ${reason}: ${text}`);
}
