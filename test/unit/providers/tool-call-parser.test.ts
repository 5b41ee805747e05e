import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ToolSpec } from '../../../src/providers/provider.js';
import { checkToolCall, parseToolCalls } from '../../../src/providers/tool-call-parser.js';
import { recordedLines } from '../../helpers/ollama-double-wire.js';

const writeFile: ToolSpec = {
  name: 'write_file',
  description: 'Writes a file.',
  parameters: {
    type: 'object',
    properties: { path: { type: 'string' }, content: { type: 'string' } },
    required: ['path', 'content'],
    additionalProperties: false,
  },
};
const readFile: ToolSpec = {
  name: 'read_file',
  description: 'Reads a file.',
  parameters: {
    type: 'object',
    properties: { path: { type: 'string' }, from: { type: 'integer', minimum: 1 }, numbered: { type: 'boolean' } },
    required: ['path'],
  },
};
const runTests: ToolSpec = {
  name: 'run_tests',
  description: 'Runs the tests.',
  parameters: { type: 'object', properties: {} },
};
const setMode: ToolSpec = {
  name: 'set_mode',
  description: 'Sets the mode.',
  parameters: { type: 'object', properties: { mode: { type: 'string', enum: ['fast', 'slow'] } }, required: ['mode'] },
};
const tools = [writeFile, readFile, runTests, setMode];
const wanted = { name: 'read_file', arguments: { path: 'a.py' } };

describe('shapes that are one call', () => {
  const shapes: [string, string][] = [
    ['a bare object', '{"name": "read_file", "arguments": {"path": "a.py"}}'],
    ['an object over several lines', '{\n  "name": "read_file",\n  "arguments": {\n    "path": "a.py"\n  }\n}'],
    ['a json fence', '```json\n{"name": "read_file", "arguments": {"path": "a.py"}}\n```'],
    ['a fence without a language', '```\n{"name": "read_file", "arguments": {"path": "a.py"}}\n```'],
    ['a fence on one line', '```json {"name": "read_file", "arguments": {"path": "a.py"}} ```'],
    ['a fence that is not closed', '```json\n{"name": "read_file", "arguments": {"path": "a.py"}}'],
    ['a fence of tildes', '~~~json\n{"name": "read_file", "arguments": {"path": "a.py"}}\n~~~'],
    ['a tag', '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py"}}\n</tool_call>'],
    ['a tag on one line', '<tool_call>{"name": "read_file", "arguments": {"path": "a.py"}}</tool_call>'],
    ['a tag that is not closed', '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py"}}'],
    [
      'a tag closed by an opening one',
      '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py"}}\n<tool_call>',
    ],
    [
      'a fence within a tag',
      '<tool_call>\n```json\n{"name": "read_file", "arguments": {"path": "a.py"}}\n```\n</tool_call>',
    ],
    [
      'a tag within a fence',
      '```xml\n<tool_call>{"name": "read_file", "arguments": {"path": "a.py"}}</tool_call>\n```',
    ],
    ['<tools> of Qwen coder', '<tools>\n{"name": "read_file", "arguments": {"path": "a.py"}}\n</tools>'],
    ['[TOOL_CALLS] of Mistral', '[TOOL_CALLS][{"name": "read_file", "arguments": {"path": "a.py"}}]'],
    ['<|python_tag|> of Llama', '<|python_tag|>{"name": "read_file", "parameters": {"path": "a.py"}}'],
    ['functools of Phi', 'functools[{"name": "read_file", "arguments": {"path": "a.py"}}]'],
    ['<function=name> with JSON', '<function=read_file>{"path": "a.py"}</function>'],
    ['<function=name> with parameters', '<function=read_file>\n<parameter=path>\na.py\n</parameter>\n</function>'],
    [
      'that within a tag',
      '<tool_call>\n<function=read_file>\n<parameter=path>\na.py\n</parameter>\n</function>\n</tool_call>',
    ],
    [
      '<invoke>',
      '<function_calls>\n<invoke name="read_file">\n<parameter name="path">a.py</parameter>\n</invoke>\n</function_calls>',
    ],
    ['a tag named as the tool', '<read_file>\n<path>a.py</path>\n</read_file>'],
    ['JSON in angle brackets', '<{"name": "read_file", "arguments": {"path": "a.py"}}>'],
    ['a tag with attributes', '<read_file path="a.py" />'],
    ['a tag with attributes and an end', '<read_file path="a.py"></read_file>'],
    ['a tag with its arguments as an attribute', '<read_file arguments={"path": "a.py"}/>'],
    ['tool and args', '{"tool": "read_file", "args": {"path": "a.py"}}'],
    ['tool_name and parameters', '{"tool_name": "read_file", "parameters": {"path": "a.py"}}'],
    ['function with arguments as text', '{"function": {"name": "read_file", "arguments": "{\\"path\\": \\"a.py\\"}"}}'],
    ['type function', '{"type": "function", "function": {"name": "read_file", "arguments": {"path": "a.py"}}}'],
    ['function as the name', '{"function": "read_file", "arguments": {"path": "a.py"}}'],
    ['action and action_input', '{"action": "read_file", "action_input": {"path": "a.py"}}'],
    ['action with flat arguments', '{"thought": "I look", "action": "read_file", "path": "a.py"}'],
    ['name with flat arguments', '{"name": "read_file", "path": "a.py"}'],
    ['the tool as the key', '{"read_file": {"path": "a.py"}}'],
    [
      'tool_calls',
      '{"tool_calls": [{"id": "1", "function": {"name": "read_file", "arguments": "{\\"path\\":\\"a.py\\"}"}}]}',
    ],
    ['an array of one', '[{"name": "read_file", "arguments": {"path": "a.py"}}]'],
    ['single quotes', "{'name': 'read_file', 'arguments': {'path': 'a.py'}}"],
    ['trailing commas', '{"name": "read_file", "arguments": {"path": "a.py",},}'],
    ['keys without quotes', '{name: "read_file", arguments: {path: "a.py"}}'],
    ['comments', '{"name": "read_file", // look\n "arguments": {"path": "a.py"} /* done */}'],
    ['stray brackets after it', '{"name": "read_file", "arguments": {"path": "a.py"}}}'],
    ['Python', 'read_file(path="a.py")'],
    ['Python without a name', "read_file('a.py')"],
    ['Python with an object', 'read_file({"path": "a.py"})'],
    ['Python in a fence', '```python\nread_file(path="a.py")\n```'],
    ['Python in tool_code', '```tool_code\nread_file(path="a.py")\n```'],
    ['a prefix', '{"name": "functions.read_file", "arguments": {"path": "a.py"}}'],
    ['another spelling', '{"name": "ReadFile", "arguments": {"path": "a.py"}}'],
    ['Windows line ends', '```json\r\n{"name": "read_file",\r\n "arguments": {"path": "a.py"}}\r\n```\r\n'],
    [
      'the same call twice',
      '{"name":"read_file","arguments":{"path":"a.py"}}\n{"name":"read_file","arguments":{"path":"a.py"}}',
    ],
  ];

  it.each(shapes)('%s', (_name, text) => {
    expect(parseToolCalls(text, tools)).toEqual({ calls: [wanted], rest: '', problem: null });
  });

  it.each(shapes)('%s, announced and explained', (_name, text) => {
    const closed = text.startsWith('```') && !/```\s*$/.test(text) ? `${text}\n\`\`\`` : text;
    const parsed = parseToolCalls(`I will read the file:\n\n${closed}\n\nThis shows its content.`, tools);
    expect(parsed.problem).toBeNull();
    expect(parsed.calls).toEqual([wanted]);
    expect(parsed.rest).toBe('I will read the file:\n\nThis shows its content.');
  });

  it('finds the recorded call of a real model', () => {
    const text = recordedLines('chat-tools.ndjson')
      .map((line) => JSON.parse(line).message.content)
      .join('');
    const delegate = {
      name: 'delegate_task',
      description: '',
      parameters: { type: 'object', properties: { title: {}, type: { enum: ['code'] } }, required: ['title', 'type'] },
    };
    expect(parseToolCalls(text, [delegate]).calls).toEqual([
      { name: 'delegate_task', arguments: { title: 'Build a Todo App', type: 'code' } },
    ]);
  });
});

describe('content of files', () => {
  const code = 'def f(x):\n    """Doc."""\n    return {"a": \'b\'}  # ```\n';

  it.each([
    ['JSON', JSON.stringify({ name: 'write_file', arguments: { path: 'a.py', content: code } })],
    [
      'a fence',
      `\`\`\`json\n${JSON.stringify({ name: 'write_file', arguments: { path: 'a.py', content: code } })}\n\`\`\``,
    ],
    [
      'line breaks within the string',
      JSON.stringify({ name: 'write_file', arguments: { path: 'a.py', content: code } }).replaceAll('\\n', '\n'),
    ],
    [
      'parameters',
      `<function=write_file>\n<parameter=path>\na.py\n</parameter>\n<parameter=content>\n${code}\n</parameter>\n</function>`,
    ],
    ['triple quotes', `write_file(path="a.py", content='''${code.replace("'b'", "\\'b\\'")}''')`],
  ])('come through whole: %s', (_name, text) => {
    expect(parseToolCalls(text, tools)).toEqual({
      calls: [{ name: 'write_file', arguments: { path: 'a.py', content: code } }],
      rest: '',
      problem: null,
    });
  });

  it('keeps escapes that JSON does not know', () => {
    const text = '{"name": "write_file", "arguments": {"path": "a.py", "content": "re.match(r\'\\d+\')"}}';
    expect(parseToolCalls(text, tools).calls[0]?.arguments.content).toBe("re.match(r'\\d+')");
  });

  it('takes __proto__ as a key like any other', () => {
    const text = '{"name": "read_file", "arguments": {"path": "a.py", "__proto__": {"x": 1}}}';
    const [call] = parseToolCalls(text, tools).calls;
    expect(Object.hasOwn(call?.arguments ?? {}, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('several calls', () => {
  const two = [wanted, { name: 'run_tests', arguments: {} }];

  it.each([
    ['an array', '[{"name":"read_file","arguments":{"path":"a.py"}},{"name":"run_tests","arguments":{}}]'],
    ['lines', '{"name":"read_file","arguments":{"path":"a.py"}}\n{"name":"run_tests"}'],
    [
      'lines of a fence',
      '```json\n{"name":"read_file","arguments":{"path":"a.py"}}\n{"name":"run_tests","arguments":{}}\n```',
    ],
    [
      'tags',
      '<tool_call>\n{"name":"read_file","arguments":{"path":"a.py"}}\n</tool_call>\n<tool_call>\n{"name":"run_tests","arguments":null}\n</tool_call>',
    ],
    [
      'fences with prose between',
      'First:\n```json\n{"name":"read_file","arguments":{"path":"a.py"}}\n```\nThen:\n```json\n{"name":"run_tests","arguments":{}}\n```',
    ],
    ['Python', '```python\nread_file(path="a.py")\nrun_tests()\n```'],
  ])('%s', (_name, text) => {
    const parsed = parseToolCalls(text, tools);
    expect([parsed.calls, parsed.problem]).toEqual([two, null]);
  });

  it('runs none when one of them has a problem', () => {
    const text = '{"name":"read_file","arguments":{"path":"a.py"}}\n{"name":"erase","arguments":{"path":"a.py"}}';
    const parsed = parseToolCalls(text, tools);
    expect(parsed.calls).toEqual([]);
    expect(parsed.problem).toBe('There is no tool "erase". The tools are: write_file, read_file, run_tests, set_mode.');
  });
});

describe('what is no call', () => {
  it.each([
    ['prose', 'You can call read_file with a path.'],
    ['JSON within a sentence', 'Use {"name": "read_file", "arguments": {"path": "a.py"}} to read it.'],
    ['inline code', 'Use `{"name": "read_file", "arguments": {"path": "a.py"}}` to read it.'],
    ['a tag within a sentence', 'Write <tool_call>{"name": "run_tests", "arguments": {}}</tool_call> for that.'],
    [
      'an example',
      'For example:\n\n```json\n{"name": "read_file", "arguments": {"path": "a.py"}}\n```\nshows the file.',
    ],
    ['a warning', 'Never send this:\n{"name": "read_file", "arguments": {"path": "a.py"}}'],
    ['a quotation', '> {"name": "read_file", "arguments": {"path": "a.py"}}'],
    ['a list', '- {"name": "read_file", "arguments": {"path": "a.py"}}'],
    ['data with a name', '{"name": "Alice", "age": 7}'],
    [
      'data in a fence',
      'Here is the file:\n```json\n{"name": "demo", "version": "1.0.0", "scripts": {"test": "vitest"}}\n```',
    ],
    ['code', '```python\ndef read_file(path):\n    return open(path).read()\n\nread_file("a.py")\n```'],
    ['a shell block', '```bash\nread_file("a.py")\n```'],
    ['a call of Python that is no tool', 'print("hello")'],
    ['a call within code', 'x = read_file("a.py")'],
    ['an empty text', ''],
    ['an empty array', '[]'],
    ['half an object that is no call', '{"title": "a", "items": ['],
    ['a fence that is not closed', '```python\nread_file(path'],
  ])('%s', (_name, text) => {
    expect(parseToolCalls(text, tools)).toEqual({ calls: [], rest: text.trim(), problem: null });
  });

  it('is nothing where no tools are offered', () => {
    const text = '{"name": "read_file", "arguments": {"path": "a.py"}}';
    expect(parseToolCalls(text, [])).toEqual({ calls: [], rest: text, problem: null });
  });
});

describe('problems', () => {
  it.each([
    [
      'an unknown tool',
      '{"name": "delete", "arguments": {"path": "a"}}',
      /There is no tool "delete"\. The tools are: write_file/,
    ],
    [
      'an unknown tool in a tag',
      '<tool_call>{"name": "delete", "arguments": {}}</tool_call>',
      /There is no tool "delete"/,
    ],
    [
      'something missing',
      '{"name": "write_file", "arguments": {"path": "a"}}',
      /write_file: "content" is missing\. It takes: path \(string, required\), content/,
    ],
    ['a wrong type', '{"name": "read_file", "arguments": {"path": ["a"]}}', /"path" must be string, not array/],
    [
      'a value out of its list',
      '{"name": "set_mode", "arguments": {"mode": "x"}}',
      /"mode" must be one of "fast", "slow"/,
    ],
    [
      'a number out of bounds',
      '{"name": "read_file", "arguments": {"path": "a", "from": 0}}',
      /"from" must be at least 1/,
    ],
    ['arguments that are none', '{"name": "run_tests", "arguments": "now"}', /must be an object/],
    [
      'a cut object',
      '{"name": "write_file", "arguments": {"path": "a.py", "content": "def',
      /write_file was cut off before its end/,
    ],
    ['a cut fence', '```json\n{"name": "write_file", "arguments": {"path": "a.py", "content": "def', /cut off/],
    ['a cut tag', '<tool_call>\n{"name": "write_file", "argum', /cut off/],
    ['a tag with nothing in it', '<tool_call>', /cut off/],
    [
      'a cut function',
      '<function=write_file>\n<parameter=path>\na.py\n</parameter>\n<parameter=content>\ndef',
      /cut off/,
    ],
    ['a cut Python call', 'write_file(path="a.py", content="def', /cut off/],
    ['a tag that says what it does', '<read_file description="Reads." parameters={"path":"a.py"}}', /not valid JSON/],
    ['a cut attribute', '<read_file path="a', /cut off/],
    ['broken JSON', '{"name": "read_file", "arguments": {"path" "a.py"}}', /not valid JSON/],
  ])('%s', (_name, text, expected) => {
    const parsed = parseToolCalls(text, tools);
    expect(parsed.calls).toEqual([]);
    expect(parsed.problem).toMatch(expected);
  });
});

describe('arguments', () => {
  it('puts right what can mean only one thing', () => {
    const text = '{"name": "read_file", "arguments": {"path": 12, "from": "3", "numbered": "True", "extra": null}}';
    expect(parseToolCalls(text, tools).calls[0]?.arguments).toEqual({
      path: '12',
      from: 3,
      numbered: true,
      extra: null,
    });
  });

  it('drops what a closed schema does not know, and null for what may be left out', () => {
    const write = '{"name": "write_file", "arguments": {"path": "a", "content": "b", "why": "c"}}';
    expect(parseToolCalls(write, tools).calls[0]?.arguments).toEqual({ path: 'a', content: 'b' });
    const read = '{"name": "read_file", "arguments": {"path": "a", "from": null}}';
    expect(parseToolCalls(read, tools).calls[0]?.arguments).toEqual({ path: 'a' });
  });

  it('checks the calls that a server found as well', () => {
    expect(checkToolCall({ name: 'read_file', arguments: {} }, tools)).toEqual({
      ok: false,
      problem: expect.stringContaining('"path" is missing'),
    });
    expect(checkToolCall(wanted, tools)).toEqual({ ok: true, call: wanted });
  });
});

describe('properties', () => {
  const anyArguments = fc.record({ path: fc.string(), content: fc.string({ unit: 'grapheme' }) });
  const write = (args: { path: string; content: string }) => {
    const call = { name: 'write_file', arguments: args };
    return {
      bare: JSON.stringify(call),
      fenced: `\`\`\`json\n${JSON.stringify(call, null, 2)}\n\`\`\``,
      tagged: `<tool_call>\n${JSON.stringify(call)}\n</tool_call>`,
      text: JSON.stringify({ function: { name: 'write_file', arguments: JSON.stringify(args) } }),
      python: `write_file(path=${JSON.stringify(args.path)}, content=${JSON.stringify(args.content)})`,
    };
  };

  it('reads back every call in every shape', () => {
    fc.assert(
      fc.property(anyArguments, fc.constantFrom('bare', 'fenced', 'tagged', 'text', 'python'), (args, shape) => {
        const parsed = parseToolCalls(write(args)[shape], tools);
        expect(parsed).toEqual({ calls: [{ name: 'write_file', arguments: args }], rest: '', problem: null });
      }),
      { numRuns: 300 },
    );
  });

  it('never runs a call that was cut anywhere', () => {
    fc.assert(
      fc.property(
        anyArguments,
        fc.constantFrom('bare', 'tagged', 'text', 'python'),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (args, shape, where) => {
          const whole = write(args)[shape];
          const body = shape === 'tagged' ? whole.lastIndexOf('\n</tool_call>') : whole.length;
          const cut = whole.slice(0, Math.floor(where * (body - 1)));
          expect(parseToolCalls(cut, tools).calls).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never throws and never finds a tool that was not offered', () => {
    const noise = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '`',
        '```',
        '\n',
        ':',
        ',',
        '<tool_call>',
        '</tool_call>',
        '"name"',
        'read_file',
        '(',
        ')',
        '\\',
        '"arguments"',
        ' ',
        '<function=',
        '>',
        '"""',
        'a',
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(noise, (pieces) => {
        const { calls } = parseToolCalls(pieces.join(''), [readFile]);
        for (const call of calls) expect(call.name).toBe('read_file');
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves prose alone, with JSON in its sentences', () => {
    const word = fc.constantFrom(
      'The',
      'file',
      'is',
      'read',
      'with',
      '{"name":"run_tests","arguments":{}}',
      'run_tests()',
      'and',
      '`x`.',
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), (words) => {
        expect(parseToolCalls(`So ${words.join(' ')} then.`, tools).calls).toEqual([]);
      }),
    );
  });

  it('stays quick on texts that open much and close nothing', () => {
    for (const piece of [
      '{"a":\n',
      '[\n',
      '```json\n{"name":"read_file",\n',
      '<tool_call>\n',
      'read_file(\n',
      `${'{'.repeat(50)}\n`,
    ]) {
      const started = performance.now();
      parseToolCalls(piece.repeat(20_000), tools);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});
