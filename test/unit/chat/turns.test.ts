import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/chat/turns.js';
import type { ChatView } from '../../../src/chat/view.js';
import { systemClock } from '../../../src/clock.js';
import { WilsonError } from '../../../src/errors.js';
import type { ChatMessage } from '../../../src/providers/provider.js';
import { FakeChatModel, newest, type Script } from '../../helpers/fake-chat-model.js';
import { FakeSupervisor, fakeTask } from '../../helpers/fake-supervisor.js';

class RecordingView implements ChatView {
  readonly lines: string[] = [];
  #open = '';

  say(text: string): void {
    this.lines.push(text);
  }

  sayRendered(text: string): void {
    this.lines.push(text);
  }

  answer(text: string): void {
    this.#open += text;
  }

  endAnswer(): void {
    if (this.#open !== '') this.lines.push(this.#open);
    this.#open = '';
  }

  waiting(text: string | null): void {
    if (text !== null) this.lines.push(text);
  }
}

function setUp(script: Script = (request) => `answer to ${newest(request)}`, earlier: ChatMessage[] = []) {
  const supervisor = new FakeSupervisor();
  const model = new FakeChatModel(script);
  const view = new RecordingView();
  const stored: string[] = [];
  const turns = new Turns({
    supervisor,
    model,
    view,
    commands: { ps: async () => 'PS', models: async () => 'MODELS', show: async (args) => `SHOW ${args.join(' ')}` },
    history: {
      load: async () =>
        earlier.map(({ role, content }) => ({ role: role === 'user' ? 'user' : 'assistant', content, by: 'model' })),
      append: async ({ role, content }) => {
        stored.push(`${role}: ${content}`);
      },
    },
    clock: systemClock,
    folder: '/project',
    quit: () => view.say('QUIT'),
  });
  supervisor.onNotice((notice) => turns.notice(notice));
  const controller = new AbortController();
  return {
    supervisor,
    model,
    view,
    turns,
    stored,
    controller,
    handle: (text: string) => turns.handle(text, controller.signal),
  };
}

describe('what the program itself dealt with', () => {
  it('is remembered and stored, but the model does not see it, now or in a later session', async () => {
    const { handle, model, stored } = setUp();
    await handle('write hello.py');
    await handle('what is 2+2?');
    expect(stored[1]).toMatch(/^assistant: TASK-001 accepted/);
    const seen = model.requests
      .at(-1)
      ?.messages.map(({ content }) => content)
      .join('\n');
    expect(seen).toContain('what is 2+2?');
    expect(seen).not.toContain('accepted');
    expect(seen).not.toContain('hello.py');
  });
});

describe('answers', () => {
  it('come from the model and are remembered', async () => {
    const { handle, view, stored, turns, model } = setUp();
    await handle("What's 2+2?");
    await handle('and times two?');
    expect(view.lines).toEqual(["answer to What's 2+2?", 'answer to and times two?']);
    expect(model.requests[1]?.messages.map(({ content }) => content)).toContain("answer to What's 2+2?");
    await turns.recorded();
    expect(stored.slice(0, 2)).toEqual(["user: What's 2+2?", "assistant: answer to What's 2+2?"]);
  });

  it('go on from earlier sessions', async () => {
    const { handle, model, turns } = setUp(undefined, [
      { role: 'user', content: 'my name is Ada' },
      { role: 'assistant', content: 'Hello Ada' },
    ]);
    await handle('what is my name?');
    expect(model.requests[0]?.messages.map(({ content }) => content)).toContain('my name is Ada');
    expect(await turns.typedBefore()).toEqual(['my name is Ada']);
  });

  it('end with one line about a task, once for each progress', async () => {
    const { handle, view, supervisor } = setUp();
    supervisor.add(fakeTask({ progress: { fraction: 0.6, basis: '', message: 'writing auth.js' } }));
    await handle("What's 2+2?");
    await handle("What's 3+3?");
    expect(view.lines).toEqual([
      "answer to What's 2+2?",
      'By the way, TASK-001 is 60% done: writing auth.js.',
      "answer to What's 3+3?",
    ]);
  });

  it('that fail are one line with the remedy, are not remembered, and the chat goes on', async () => {
    let fails = true;
    const { handle, view, model, turns } = setUp((request) => {
      if (fails)
        throw new WilsonError('SERVER_UNREACHABLE', 'nothing answers at 127.0.0.1:11434', {
          hint: 'Start it: ollama serve',
        });
      return `answer to ${newest(request)}`;
    });
    await handle('what is 1+1?');
    fails = false;
    await handle('what is 2+2?');
    expect(view.lines).toEqual([
      'The chat model (fake:1b) could not answer: nothing answers at 127.0.0.1:11434. Start it: ollama serve',
      'answer to what is 2+2?',
    ]);
    expect(turns.failures).toBe(1);
    expect(model.requests[1]?.messages.some(({ content }) => content === 'what is 1+1?')).toBe(false);
  });

  it('can be stopped though the model does not care', async () => {
    const { handle, view, controller } = setUp(async function* () {
      yield 'half an ';
      controller.abort();
      await new Promise(() => undefined);
    });
    await handle('what is the meaning of life?');
    expect(view.lines).toEqual(['half an ', '(stopped)']);
  });

  it('that are empty or cut are called so', async () => {
    const empty = setUp(() => '  ');
    await empty.handle('what is this?');
    expect(empty.view.lines[0]).toContain('empty answer');
    const cut = setUp(() => 'a long story');
    cut.model.reason = 'length';
    await cut.handle('what is a story?');
    expect(cut.view.lines[1]).toContain('cut at 1024 tokens');
  });

  it('wait for a model that is being loaded, visibly, and say why it could not be loaded', async () => {
    const loading = setUp();
    let loaded: () => void = () => undefined;
    loading.model.ready = new Promise((resolve) => {
      loaded = resolve;
    });
    const turn = loading.handle('what is 2+2?');
    await new Promise((resolve) => setTimeout(resolve, 0));
    await new Promise((resolve) => setImmediate(resolve));
    expect(loading.view.lines).toEqual(['Loading the chat model (fake:1b) …']);
    loaded();
    await turn;
    expect(loading.view.lines).toHaveLength(2);

    const failing = setUp();
    failing.model.ready = Promise.reject(
      new WilsonError('MODEL_DAMAGED', 'the file is cut', { hint: 'wilson models pull' }),
    );
    await failing.handle('what is 2+2?');
    expect(failing.view.lines[0]).toContain('the file is cut. wilson models pull');
  });

  it('refuse a message that the context cannot hold, before it is sent', async () => {
    const { handle, view, model } = setUp();
    model.contextTokens = 512;
    await handle(`what is this: ${'words '.repeat(1_000)}`);
    expect(view.lines[0]).toContain('its context is 512 tokens');
    expect(model.requests).toHaveLength(0);
  });

  it('tell when older messages are left out, once', async () => {
    const { handle, view, model } = setUp(() => 'word '.repeat(200));
    model.contextTokens = 1_200;
    for (const question of ['what is one?', 'what is two?', 'what is three?', 'what is four?']) await handle(question);
    expect(view.lines.filter((line) => line.includes('left out')).length).toBeGreaterThan(0);
    expect(new Set(view.lines.filter((line) => line.includes('left out'))).size).toBe(
      view.lines.filter((line) => line.includes('left out')).length,
    );
  });
});

describe('tasks', () => {
  it('are accepted before any notice about them, without the model', async () => {
    const { handle, view, supervisor, model } = setUp();
    await handle('Hey Wilson, could you write slugify.py with tests for it?');
    expect(view.lines).toEqual([
      'TASK-001 accepted: write slugify.py with tests for it (Code Agent)',
      'TASK-001 started: Code Agent (fake): write slugify.py with tests for it',
    ]);
    expect(model.requests).toHaveLength(0);
    expect(supervisor.stored[0]).toMatchObject({
      type: 'code',
      folder: '/project',
      description: 'Hey Wilson, could you write slugify.py with tests for it?',
    });
  });

  it('come from a proposal that is agreed to', async () => {
    const { handle, supervisor } = setUp(() => 'Shall I start a task that adds a login page?');
    await handle('what would a good next step be?');
    await handle('ok do it');
    expect(supervisor.stored[0]).toMatchObject({ type: 'code', title: 'adds a login page' });
    expect(supervisor.stored[0]?.description).toContain('what would a good next step be?');
  });

  it('that point back take along what was said', async () => {
    const { handle, supervisor } = setUp();
    await handle('how does a bloom filter work?');
    await handle('implement that in Python');
    expect(supervisor.stored[0]?.description).toContain('how does a bloom filter work?');
  });

  it('say what is wrong when the supervisor refuses', async () => {
    const { handle, view, supervisor, turns } = setUp();
    supervisor.submit = () =>
      Promise.reject(new WilsonError('BAD_REQUEST', 'The request is empty.', { hint: 'Say what to build.' }));
    await handle('build an app');
    expect(view.lines).toEqual(['The request is empty. Say what to build.']);
    expect(turns.failures).toBe(1);
  });

  it('are asked about without the model', async () => {
    const { handle, view, model } = setUp();
    await handle('build an app');
    await handle('is it finished yet?');
    expect(view.lines.at(-1)).toBe('TASK-001 (Code Agent, qwen2.5-coder:0.5b): build an app');
    expect(model.requests).toHaveLength(0);
  });
});

describe('stopping', () => {
  it('names what it stops', async () => {
    const { handle, view, supervisor } = setUp();
    await handle('build an app');
    await handle('stop the build');
    expect(supervisor.cancelled).toEqual(['TASK-001']);
    expect(view.lines.slice(2)).toEqual(['Stopping TASK-001 (build an app) …', 'TASK-001 is cancelled.']);
  });

  it('asks which, and takes the answer', async () => {
    const { handle, view, supervisor } = setUp();
    await handle('build an app');
    await handle('write unit tests for src/parser.ts');
    await handle('stop the build');
    expect(supervisor.cancelled).toEqual([]);
    expect(view.lines.at(-1)).toContain('TASK-002 (write unit tests for src/parser.ts), TASK-001 (build an app)');
    await handle('the parser one');
    expect(supervisor.cancelled).toEqual(['TASK-002']);
  });

  it('takes another turn for what it is when the question is not answered', async () => {
    const { handle, view, supervisor } = setUp();
    await handle('build an app');
    await handle('add a dark mode to the settings page');
    await handle('stop');
    await handle('what is the capital of France?');
    expect(view.lines.at(-1)).toBe('answer to what is the capital of France?');
    await handle('2');
    expect(supervisor.cancelled).toEqual([]);
  });

  it('says so when there is nothing, something unknown, or something that is over', async () => {
    const { handle, view, supervisor } = setUp();
    await handle('cancel everything');
    expect(view.lines.at(-1)).toContain('nothing to stop');
    supervisor.add(fakeTask({ id: 'TASK-001', status: 'done' }));
    await handle('kill TASK-001 and TASK-009');
    expect(view.lines.at(-1)).toBe('TASK-001 is already over (done).\nThere is no task TASK-009. /tasks lists them.');
  });
});

describe('commands', () => {
  it('show what they rendered', async () => {
    const { handle, view } = setUp();
    for (const text of ['/show TASK-001', 'What models are running?', 'which model is the code agent using?', '/quit'])
      await handle(text);
    expect(view.lines).toEqual(['SHOW TASK-001', 'PS', 'MODELS', 'QUIT']);
  });

  it('that are unknown or fail are told', async () => {
    const { handle, view, turns } = setUp();
    await handle('/sho TASK-001');
    expect(view.lines.at(-1)).toContain('Did you mean /show?');
    expect(turns.failures).toBe(1);
  });

  it('run at once while an answer is written; what needs the conversation waits', () => {
    const { turns } = setUp();
    expect(turns.runsAtOnce('/ps')).toBe(true);
    expect(turns.runsAtOnce('kill TASK-001')).toBe(true);
    expect(turns.runsAtOnce('build an app')).toBe(true);
    expect(turns.runsAtOnce('ok do it')).toBe(false);
    expect(turns.runsAtOnce('what is 2+2?')).toBe(false);
  });
});

describe('turns that rules and learning leave open', () => {
  const open = 'stop sending the welcome mail twice';

  it('go where the model says', async () => {
    const { handle, supervisor } = setUp((request) => (request.schema === undefined ? 'talk' : '{"kind":"code"}'));
    await handle(open);
    expect(supervisor.stored).toHaveLength(1);
  });

  it.each(['{"kind":"dance"}', '{"ki', ''])('are answered when it says %j', async (reply) => {
    const { handle, view, supervisor } = setUp((request) => (request.schema === undefined ? 'talk' : reply));
    await handle(open);
    expect(supervisor.stored).toHaveLength(0);
    expect(view.lines).toEqual(['talk']);
  });
});

describe('questions of agents', () => {
  function asking(question = 'Which database?') {
    const rig = setUp();
    rig.supervisor.add(fakeTask({ id: 'TASK-003' }));
    rig.supervisor.ask('TASK-003', question);
    return rig;
  }

  it('are answered by a plain reply when they are the newest notice, without the model', async () => {
    const { handle, supervisor, view, model, turns, stored } = asking();
    await handle('use SQLite');
    expect(supervisor.answers).toEqual(['TASK-003: use SQLite']);
    expect(view.lines.at(-1)).toBe('Passed to TASK-003: use SQLite');
    expect(model.requests).toEqual([]);
    await turns.recorded();
    expect(stored).toEqual(['user: use SQLite', 'assistant: Passed to TASK-003: use SQLite']);
    await handle('use SQLite');
    expect(supervisor.answers).toHaveLength(1);
  });

  it('leave a turn alone when something else was said since', async () => {
    const { handle, supervisor } = asking();
    await handle("what's 2+2?");
    await handle('SQLite');
    expect(supervisor.answers).toEqual([]);
    supervisor.notify({ kind: 'asks', taskId: 'TASK-003', text: 'TASK-003 asks: Which database?' });
    supervisor.notify({ kind: 'info', taskId: 'TASK-001', text: 'TASK-001 goes on.' });
    await handle('SQLite');
    expect(supervisor.answers).toEqual([]);
    await handle('TASK-003: SQLite');
    expect(supervisor.answers).toEqual(['TASK-003: SQLite']);
  });

  it('stay the newest while the user looks at the task', async () => {
    const { handle, supervisor } = asking();
    await handle('/show 3');
    await handle('SQLite');
    expect(supervisor.answers).toEqual(['TASK-003: SQLite']);
  });

  it('are told again when an order was given instead', async () => {
    const { handle, supervisor, view } = asking();
    await handle('write hello.py');
    expect(supervisor.answers).toEqual([]);
    expect(view.lines.at(-1)).toBe('(Still open: TASK-003 asks: Which database? – /answer answers it.)');
  });

  it('are answered by /answer, in full, and a wrong one is told', async () => {
    const { handle, supervisor, view, turns } = asking();
    await handle('/answer 3 first line\nsecond line');
    expect(supervisor.answers).toEqual(['TASK-003: first line\nsecond line']);
    await handle('/answer 3 again');
    expect(view.lines.at(-1)).toBe('No task of this folder asks anything.');
    expect(turns.failures).toBe(1);
  });

  it('that ended in the moment of the answer are not claimed to be answered', async () => {
    const { handle, supervisor, view } = asking();
    supervisor.answer = async () => false;
    await handle('SQLite');
    expect(view.lines.at(-1)).toBe('TASK-003 asks nothing any more.');
  });
});

describe('what a review said', () => {
  it('comes from the stored reviews', async () => {
    const { handle, supervisor, view, model } = setUp();
    supervisor.add(fakeTask({ id: 'TASK-002', status: 'done' }));
    supervisor.add(fakeTask({ id: 'TASK-004', type: 'review', status: 'done', summary: 'Reviewed.' }));
    const review = {
      taskId: 'TASK-002',
      attempt: 1,
      reviewer: 'TASK-004',
      verdict: 'needs_changes',
      findings: [{ file: 'todo.py', line: 12, severity: 'major', text: 'it never saves' }],
      summary: 'Not yet.',
      diffBytes: 100,
      createdAt: '2026-01-01T00:00:00.000Z',
    } as const;
    await handle('what did the review say?');
    expect(view.lines.at(-1)).toContain('TASK-004 (Code Agent, qwen2.5-coder:0.5b): done. Reviewed.');
    supervisor.storedReviews.push(review);
    await handle('what did the reviewer find?');
    expect(view.lines.at(-1)).toBe(
      'TASK-004 reviewed TASK-002 (attempt 1): needs changes. Not yet.\n  todo.py:12 (major): it never saves',
    );
    supervisor.storedReviews.push({ ...review, taskId: 'TASK-003', findings: [] });
    await handle('what did the reviewer find?');
    expect(view.lines.at(-1)).toMatch(
      /\nTASK-004 reviewed TASK-003 \(attempt 1\): no change wanted, judged again with the rest\.$/,
    );
    supervisor.storedReviews.pop();
    supervisor.storedReviews.push({ ...review, attempt: 2, verdict: 'approved', findings: [], summary: '' });
    await handle('what did the review of TASK-002 say?');
    expect(view.lines.at(-1)).toBe(
      'TASK-004 reviewed TASK-002 (attempt 2): approved.\n  Before: attempt 1 needs changes (1 finding).',
    );
    expect(model.requests).toEqual([]);
  });
});
