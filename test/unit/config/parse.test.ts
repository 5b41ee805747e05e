import { describe, expect, it } from 'vitest';
import { looksLikeWilson, parseConfig } from '../../../src/config/parse.js';
import { WilsonError } from '../../../src/errors.js';

function problemsIn(text: string): { code: string; lines: string[]; hint: string } {
  try {
    parseConfig(text, '/c.yaml');
  } catch (error) {
    if (error instanceof WilsonError) {
      return { code: error.code, lines: error.message.split('\n').slice(1), hint: error.hint };
    }
    throw error;
  }
  throw new Error('it was accepted');
}

describe('problems of a configuration', () => {
  it('names all of them at once, in the order of their lines', () => {
    const { code, lines, hint } = problemsIn(
      [
        'llms:',
        '  chat:',
        '    provider: olama',
        '    temperature: 3',
        'workers:',
        '  max_conccurent: 2',
        '  kill_after_task: yes',
        'resources:',
        '  max_memory_mb: 16 GB',
      ].join('\n'),
    );
    expect(code).toBe('CONFIG_INVALID');
    expect(lines).toEqual([
      '/c.yaml:3:15 llms.chat.provider: found "olama"; allowed: ollama, llamacpp, openai, embedded; did you mean ollama?',
      '/c.yaml:4:18 llms.chat.temperature: found 3; allowed: a number from 0 to 2',
      '/c.yaml:6:3 workers.max_conccurent: unknown key; did you mean max_concurrent?',
      '/c.yaml:7:20 workers.kill_after_task: found "yes"; allowed: true or false (YAML 1.2 takes yes for text)',
      '/c.yaml:9:18 resources.max_memory_mb: found "16 GB"; allowed: a whole number of megabytes from 256 to 16777216',
    ]);
    expect(hint).toContain('/c.yaml');
  });

  it.each([
    ['workers: {max_concurrent: 0}', 'workers.max_concurrent: found 0; allowed: a whole number from 1 to 64'],
    ['workers: {max_concurrent: 65}', 'workers.max_concurrent: found 65; allowed: a whole number from 1 to 64'],
    ['workers: {max_concurrent: 1.5}', 'workers.max_concurrent: found 1.5; allowed: a whole number from 1 to 64'],
    ['workers: {max_concurrent: .inf}', 'workers.max_concurrent: found Infinity; allowed: a whole number from 1 to 64'],
    ['workers: {spawn_mode: always}', 'workers.spawn_mode: found "always"; allowed: on_demand'],
    ['workers: {apply: never}', 'workers.apply: found "never"; allowed: ask, auto'],
    ['workers: [1, 2]', 'workers: found a list; allowed: a mapping (indented keys below it)'],
    ['llms: {chat: llama3}', 'llms.chat: found "llama3"; allowed: a mapping (indented keys below it)'],
    ['llms: {chat: {model: 7}}', 'llms.chat.model: found 7; allowed: the name of a model as text, e.g. llama3:latest'],
    [
      'llms: {chat: {model: ""}}',
      'llms.chat.model: found ""; allowed: the name of a model as text, e.g. llama3:latest',
    ],
    [
      'llms: {chat: {model: }}',
      'llms.chat.model: found nothing; allowed: the name of a model as text, e.g. llama3:latest',
    ],
    ['llms: {chat: {temperature: .nan}}', 'llms.chat.temperature: found NaN; allowed: a number from 0 to 2'],
    ['llms: {chat: {temperature: -0.1}}', 'llms.chat.temperature: found -0.1; allowed: a number from 0 to 2'],
    [
      'llms: {code: {num_ctx: 255}}',
      'llms.code.num_ctx: found 255; allowed: a whole number of tokens from 256 to 1048576',
    ],
    [
      'llms: {code: {num_ctx: 1048577}}',
      'llms.code.num_ctx: found 1048577; allowed: a whole number of tokens from 256 to 1048576',
    ],
    ['llms: {code: {num_threads: 0}}', 'llms.code.num_threads: found 0; allowed: a whole number from 1 to 1024'],
    [
      'llms: {code: {idle_timeout: -1}}',
      'llms.code.idle_timeout: found -1; allowed: a whole number of seconds from 0 to 86400',
    ],
    [
      'llms: {code: {idle_timeout: 86401}}',
      'llms.code.idle_timeout: found 86401; allowed: a whole number of seconds from 0 to 86400',
    ],
    ['llms: {fallback: maybe}', 'llms.fallback: found "maybe"; allowed: allow, forbid'],
    [
      'resources: {max_memory_mb: 255}',
      'resources.max_memory_mb: found 255; allowed: a whole number of megabytes from 256 to 16777216',
    ],
    [
      'resources: {max_memory_mb: 1000, warn_threshold_mb: 1001}',
      'resources.warn_threshold_mb: found 1001; allowed: at most max_memory_mb, which is 1000',
    ],
    [
      'resources: {warn_threshold_mb: 20000}',
      'resources.warn_threshold_mb: found 20000; allowed: at most max_memory_mb, which is 16384',
    ],
    ['max_concurrent: 3', 'max_concurrent: unknown key here; it belongs in workers'],
    ['workers: {maxConcurrent: 3}', 'workers.maxConcurrent: unknown key; did you mean max_concurrent?'],
    [
      'workers: {colour: red}',
      'workers.colour: unknown key; allowed here: max_concurrent, spawn_mode, kill_after_task, preload_models, apply',
    ],
    [
      'workers: {__proto__: 1}',
      'workers.__proto__: unknown key; allowed here: max_concurrent, spawn_mode, kill_after_task, preload_models, apply',
    ],
    [
      'llms: {chat: {provider: openai, model: x}}',
      'llms.chat: no host; with provider openai the address of the server has to be named, e.g. http://localhost:8080/v1',
    ],
    [
      'llms: {chat: {provider: llamacpp, host: "localhost:1"}}',
      'llms.chat.host: found "localhost:1"; allowed: nothing, an embedded model has no server',
    ],
  ])('%s', (text, expected) => {
    const { code, lines } = problemsIn(text);
    expect(code).toBe('CONFIG_INVALID');
    expect(lines.map((line) => line.replace(/^\/c\.yaml:\d+:\d+ /, ''))).toContain(expected);
  });

  it('names each purpose that needs a model', () => {
    const { lines } = problemsIn('llms:\n  code:\n    provider: openai\n    host: http://gpu:8080/v1\n');
    expect(lines).toEqual(['/c.yaml:2:3 llms.code: no model; with provider openai it has to be named']);
  });

  it('says what the chat lacks once, not again for the purposes like it', () => {
    const { lines } = problemsIn('llms:\n  chat:\n    provider: openai\n');
    expect(lines).toEqual([
      '/c.yaml:2:3 llms.chat: no model; with provider openai it has to be named',
      '/c.yaml:2:3 llms.chat: no host; with provider openai the address of the server has to be named, e.g. http://localhost:8080/v1',
    ]);
  });

  it('refuses two sets of load options for one model', () => {
    const { lines } = problemsIn('llms:\n  chat: {model: m, num_ctx: 4096}\n  analysis: {model: m, num_ctx: 8192}\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\/c\.yaml:3:33 llms\.analysis\.num_ctx: found 8192; allowed: 4096, as llms\.chat has it/,
    );
  });

  it('never repeats what may be a key or a password', () => {
    const { lines } = problemsIn(
      'llms:\n  chat:\n    api_key_env: sk-secret-123\n    api_key: sk-secret-123\n    host: http://me:secret@host\n',
    );
    expect(lines).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('secret');
    expect(lines[1]).toContain('did you mean api_key_env?');
  });

  it('finds a key that stands twice', () => {
    const { code, lines } = problemsIn('workers:\n  max_concurrent: 1\n  max_concurrent: 2\n');
    expect(code).toBe('CONFIG_INVALID');
    expect(lines).toEqual(['/c.yaml:3:3 a key stands here twice']);
  });

  it('names an unknown tag', () => {
    const { code, lines } = problemsIn('llms:\n  chat:\n    model: !js/function "x"\n');
    expect(code).toBe('CONFIG_INVALID');
    expect(lines[0]).toMatch(/^\/c\.yaml:3:12 .*js\/function/);
  });

  it('does not unfold an alias bomb', () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) {
      const name = String.fromCharCode(97 + level);
      const before = String.fromCharCode(96 + level);
      levels.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
    }
    const started = performance.now();
    const { code, lines } = problemsIn(`${levels.join('\n')}\nllms: *l\n`);
    expect(code).toBe('CONFIG_INVALID');
    expect(lines[0]).toContain('aliases');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each(['', '\n', '# nothing but a comment\n', '---\n', 'null\n'])('refuses %j, which says nothing', (text) => {
    expect(problemsIn(text)).toMatchObject({
      code: 'CONFIG_INVALID',
      lines: [expect.stringContaining('nothing is in it')],
    });
  });

  it.each(['- a\n- b\n', 'just text\n', '42\n'])('refuses %j, which has no keys at the top', (text) => {
    const { code, lines } = problemsIn(text);
    expect(code).toBe('CONFIG_INVALID');
    expect(lines[0]).toMatch(/^\/c\.yaml:1:1 \(top\): found .*; allowed: a mapping/);
  });
});

describe('text that is no YAML', () => {
  it.each([
    ['a tab as indentation', 'llms:\n\tchat:\n\t\tmodel: x\n', ':2:1 '],
    ['a bracket that is never closed', 'workers: {max_concurrent: 1\nresources: [', ':'],
    ['a quote that is never closed', 'llms:\n  chat:\n    model: "llama3\n', ':'],
    ['a template', 'llms: {{ .Values.llms }}\n  chat: x\n', ':'],
    ['two documents', 'workers:\n  max_concurrent: 1\n---\nworkers: {}\n', ':3:1 '],
    ['a colon within a value', 'llms:\n  chat: model: x\n', ':2:'],
  ])('%s', (_name, text, position) => {
    const { code, lines, hint } = problemsIn(text);
    expect(code).toBe('CONFIG_NOT_YAML');
    expect(lines[0]).toContain(`/c.yaml${position}`);
    expect(lines[0]).toMatch(/^\/c\.yaml:\d+:\d+ \S/);
    expect(hint).toContain('Indent with spaces');
  });
});

describe('forms that are accepted', () => {
  it('takes CRLF, a mapping without values and JSON', () => {
    expect(parseConfig('llms:\r\n  chat:\r\n    model: m\r\n', '/c').llms.chat.model).toBe('m');
    expect(parseConfig('llms:\n  vision:\nworkers:\n  max_concurrent: 3\n', '/c').workers.maxConcurrent).toBe(3);
    expect(parseConfig('{"workers": {"max_concurrent": 5}}', '/c').workers.maxConcurrent).toBe(5);
  });

  it('takes a few aliases', () => {
    const config = parseConfig('llms:\n  chat: &m\n    model: m\n  code: *m\n', '/c');
    expect(config.llms.code.model).toBe('m');
  });

  it('sees whose file it is by the keys at the top', () => {
    expect(looksLikeWilson('workers:\n  max_concurrent: broken: yaml\n')).toBe(true);
    expect(looksLikeWilson('{"llms": {}}')).toBe(true);
    expect(looksLikeWilson('spec:\n  resources:\n    limits: 1\n')).toBe(false);
    expect(looksLikeWilson('name: {{ x }}\n  y: : z\n')).toBe(false);
    expect(looksLikeWilson('')).toBe(false);
  });
});
