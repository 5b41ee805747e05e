import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WilsonError } from '../../src/errors.js';
import type { ChatPart, ChatRequest, ModelProvider, ToolSpec } from '../../src/providers/provider.js';

/** What the suite needs of a provider and of the server behind it. */
export interface ConformanceSubject {
  readonly provider: ModelProvider;
  /** The same kind of provider with nothing at its address; null for one without a server. */
  readonly unreachable: ModelProvider | null;
  readonly model: string;
  /** The next chat is answered with these pieces. */
  answers(pieces: readonly string[], reason?: 'stop' | 'length'): void;
  /** The next chat ends in the middle of its answer. Null where that cannot happen. */
  cuts: (() => void) | null;
  /** The next chat gives one piece or more, then nothing. */
  stalls(): void;
  /** The next chat gives nothing at all. */
  hangs(): void;
  /** Resolves once the server has a chat request; the inner promise when the client has dropped it. */
  chatSeen(): Promise<{ readonly dropped: Promise<boolean> }>;
  close(): Promise<void>;
}

const tool: ToolSpec = {
  name: 'write_file',
  description: 'Writes a file.',
  parameters: {
    type: 'object',
    properties: { path: { type: 'string' }, content: { type: 'string' } },
    required: ['path', 'content'],
  },
};

/** The promises of `ModelProvider` that every implementation has to keep. */
export function describeProviderConformance(name: string, start: () => Promise<ConformanceSubject>): void {
  describe(`${name} keeps the promises of a provider`, () => {
    let subject: ConformanceSubject;
    const never = new AbortController().signal;

    beforeEach(async () => {
      subject = await start();
    });
    afterEach(async () => {
      await subject.provider.close();
      await subject.unreachable?.close();
      await subject.close();
    });

    const chat = (more: Partial<ChatRequest> = {}) =>
      subject.provider.chat({
        model: subject.model,
        messages: [{ role: 'user', content: 'hello' }],
        load: { numCtx: 2048, numThreads: 2 },
        temperature: 0,
        maxTokens: 32,
        signal: never,
        ...more,
      });

    it('lists its model and says that it is well', async () => {
      expect((await subject.provider.health(never)).version).not.toBe('');
      expect((await subject.provider.list(never)).map((each) => each.name)).toContain(subject.model);
    });

    it('streams pieces in their order and ends with one done', async () => {
      subject.answers(['Hel', 'lo ', 'wörld ✓']);
      const parts = await collect(chat());
      expect(textOf(parts)).toBe('Hello wörld ✓');
      expect(parts.filter((part) => part.type === 'done')).toHaveLength(1);
      expect(parts.at(-1)).toMatchObject({ type: 'done', reason: 'stop' });
    });

    it('tells an answer that reached its limit', async () => {
      subject.answers(['Hello'], 'length');
      expect((await collect(chat())).at(-1)).toMatchObject({ type: 'done', reason: 'length' });
    });

    it('turns a call in the text into a tool call where tools were offered', async () => {
      const written = '{"name": "write_file", "arguments": {"path": "a.py", "content": "x = 1"}}';
      subject.answers(['I write it:\n', ...(written.match(/.{1,7}/g) ?? [])]);
      const parts = await collect(chat({ tools: [tool] }));
      expect(parts.filter((part) => part.type === 'tool-call')).toEqual([
        { type: 'tool-call', call: { name: 'write_file', arguments: { path: 'a.py', content: 'x = 1' } } },
      ]);
      expect(textOf(parts).trim()).toBe('I write it:');
    });

    it('leaves the same text alone where no tools were offered', async () => {
      const written = '{"name": "write_file", "arguments": {"path": "a.py", "content": "x = 1"}}';
      subject.answers([written]);
      expect(textOf(await collect(chat()))).toBe(written);
    });

    it('never takes a cut answer for a whole one', async ({ skip }) => {
      if (subject.cuts === null) return skip();
      subject.cuts();
      expect((await failure(collect(chat()))).code).toBe('ANSWER_CUT');
    });

    it('aborts before the answer begins', async () => {
      const controller = new AbortController();
      subject.hangs();
      const answer = failure(collect(chat({ signal: controller.signal })));
      const seen = await subject.chatSeen();
      controller.abort();
      expect((await answer).code).toBe('ABORTED');
      expect(await seen.dropped).toBe(true);
    });

    it('aborts in the middle of an answer', async () => {
      const controller = new AbortController();
      subject.stalls();
      const parts = chat({ signal: controller.signal })[Symbol.asyncIterator]();
      await parts.next();
      const seen = await subject.chatSeen();
      const rest = failure(collect({ [Symbol.asyncIterator]: () => parts }));
      controller.abort();
      expect((await rest).code).toBe('ABORTED');
      expect(await seen.dropped).toBe(true);
    });

    it('stops the work when the reader leaves', async () => {
      subject.stalls();
      for await (const part of chat()) {
        expect(part.type).toBe('text');
        break;
      }
      expect(await (await subject.chatSeen()).dropped).toBe(true);
    });

    it('bounds the wait for the first token and between tokens', async () => {
      subject.hangs();
      expect((await failure(collect(chat({ timeouts: { firstTokenMs: 50 } })))).code).toBe('TIMED_OUT');
      subject.stalls();
      expect((await failure(collect(chat({ timeouts: { stallMs: 50 } })))).code).toBe('TIMED_OUT');
    });

    it('names a missing model, with a remedy', async () => {
      const error = await failure(collect(chat({ model: 'no-such-model' })));
      expect(error.code).toBe('MODEL_MISSING');
      expect(error.message).toContain('no-such-model');
      expect(error.hint).not.toBe('');
    });

    it('says that its server does not answer, with a remedy', async ({ skip }) => {
      if (subject.unreachable === null) return skip();
      for (const work of [subject.unreachable.health(never), subject.unreachable.list(never)]) {
        const error = await failure(work);
        expect([error.code, error.hint === '']).toEqual(['SERVER_UNREACHABLE', false]);
      }
    });

    it('loads, and unloads what is not loaded, without an error', async () => {
      const load = { numCtx: 2048, numThreads: 2 };
      expect(
        (await subject.provider.load(subject.model, load, { signal: never, pin: true })).loadMs,
      ).toBeGreaterThanOrEqual(0);
      await subject.provider.unload(subject.model, { signal: never });
      await subject.provider.unload(subject.model, { signal: never });
      expect(await subject.provider.loaded(never)).toEqual([]);
    });

    it('serves several chats at once', async () => {
      subject.answers(['one']);
      subject.answers(['two']);
      const answers = await Promise.all([collect(chat()), collect(chat())]);
      expect(answers.map(textOf).sort()).toEqual(['one', 'two']);
    });
  });
}

export async function collect(parts: AsyncIterable<ChatPart>): Promise<ChatPart[]> {
  const all: ChatPart[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

export function textOf(parts: readonly ChatPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** The WilsonError that the work rejects with; fails the test when it does not, or with something else. */
export async function failure(work: Promise<unknown>): Promise<WilsonError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(WilsonError);
  return thrown as WilsonError;
}
