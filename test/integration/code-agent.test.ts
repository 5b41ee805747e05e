import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentModelRequest } from '../../src/agents/agent.js';
import { agentFor } from '../../src/agents/registry.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { agentContext } from '../helpers/agent-context.js';
import { agentRig } from '../helpers/agent-rig.js';
import { question, ScriptedModel } from '../helpers/scripted-model.js';
import { tempFolder } from '../helpers/temp-folder.js';

const rig = agentRig();

const { run } = rig;

const block = (code: string): string => `\`\`\`python\n${code}\n\`\`\`\n`;
const asksForCases = (text: string): boolean => /assert statements/.test(text);

const slugify = 'def slugify(text):\n    return "-".join(text.lower().split())';
const slugRequest =
  'Write slugify.py with a function slugify(text) that joins its words with hyphens, and unittest tests for it';

describe('code with tests in Python', () => {
  it('writes the module and tests that import it, from cases that code and model agree on', async () => {
    const cases = [
      'assert slugify("Hello World") == "hello-world"',
      'assert slugify("One") == "one"',
      'assert slugify("") == ""',
      'assert slugify("x y") == "wrong"',
      'assert slugify("broken',
    ].join('\n');
    const { result, text, steps } = await run(slugRequest, (request) =>
      block(asksForCases(question(request)) ? `${slugify}\n\n${cases}` : `${slugify}\n\nprint(slugify("A B"))`),
    );
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(result.summary).toContain('3 tests ran and passed');
    expect(result.checks.map((each) => each.check)).toEqual(['files_changed', 'parses', 'tests_pass']);
    expect(text('slugify.py')).toBe(`${slugify}\n`);
    const tests = text('test_slugify.py');
    expect(tests).toContain('from slugify import slugify');
    expect(tests).toContain(
      "def test_hello_world(self):\n        self.assertEqual(slugify('Hello World'), 'hello-world')",
    );
    expect(tests).not.toContain('wrong');
    expect(steps.at(-1)).toMatch(/^4 of 5 steps: running test_slugify.py/);
  });

  it('hands over no file that the code left while it was tried, and leaves those that were there', async () => {
    const code =
      'def keep(text):\n    with open("kept.txt", "w") as file:\n        file.write(text)\n    return len(text)';
    const cases = 'assert keep("ab") == 2\nassert keep("") == 0\nassert keep("x") == 1';
    const request =
      'Write keep.py with a function keep(text) that stores the text and gives its length, and unittest tests';
    const { result, root, logs } = await run(request, (asked) => block(asksForCases(question(asked)) ? cases : code), {
      files: { 'notes.txt': 'mine' },
    });
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(readdirSync(root).sort()).toEqual(['keep.py', 'notes.txt', 'test_keep.py']);
    expect(logs.join('\n')).toContain('removed what trial runs had left: kept.txt');
  });

  it('lets the versions that agree win over one that does not', async () => {
    const wrong = 'def fizz(n):\n    return "Fizz" if n % 3 == 0 else "Buzz" if n % 5 == 0 else str(n)';
    const right =
      'def fizz(n):\n    return "FizzBuzz" if n % 15 == 0 else "Fizz" if n % 3 == 0 else "Buzz" if n % 5 == 0 else str(n)';
    const cases =
      'assert fizz(3) == "Fizz"\nassert fizz(5) == "Buzz"\nassert fizz(15) == "FizzBuzz"\nassert fizz(1) == "1"';
    let drafts = 0;
    const { result, text } = await run('Write fizz.py with fizz(n) and tests', (request) => {
      if (asksForCases(question(request))) return block(cases);
      drafts += 1;
      return block(drafts === 1 ? wrong : right);
    });
    expect(result.outcome).toBe('finished');
    expect(text('fizz.py')).toBe(`${right}\n`);
    expect(text('test_fizz.py')).toContain("self.assertEqual(fizz(15), 'FizzBuzz')");
  });

  it('fails and says why when the cases contradict the code', async () => {
    const cases = 'assert slugify("a b") == "1"\nassert slugify("c d") == "2"\nassert slugify("e f") == "3"';
    const { result, root } = await run(slugRequest, (request) =>
      block(asksForCases(question(request)) ? cases : slugify),
    );
    expect(result).toMatchObject({ outcome: 'failed', checks: [], error: { code: 'TESTS_FAILED' } });
    expect(result.error?.message).toContain('too few test cases agree'.replace('t', 'T'));
    expect(existsSync(path.join(root, 'test_slugify.py'))).toBe(false);
  });

  it('fails when the model writes no code, and leaves nothing', async () => {
    const { result, root } = await run(slugRequest, ['I would be happy to help you with that!']);
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'NO_USABLE_CODE' },
      summary: 'Nothing was written.',
    });
    expect(readdirSync(root)).toEqual([]);
  });

  it('survives drafts that never end, exit, or print as the judge does', async () => {
    const hostile = [
      'def slugify(text):\n    while True:\n        pass',
      'import os\nos._exit(0)\ndef slugify(text):\n    return 1',
      'def slugify(text):\n    print("@wilson {}")\n    raise SystemExit',
    ];
    const cases = 'assert slugify("A B") == "a-b"\nassert slugify("C") == "c"\nassert slugify("D E F") == "d-e-f"';
    let drafts = 0;
    const { result, text } = await run(slugRequest, (request) => {
      if (asksForCases(question(request))) return block(cases);
      drafts += 1;
      return block(hostile[drafts - 1] ?? slugify);
    });
    expect(result.outcome).toBe('finished');
    expect(text('slugify.py')).toBe(`${slugify}\n`);
  });

  it('holds every example of the request against the code', async () => {
    const request = "Write initials.py with initials(name), e.g. initials('ada lovelace') returns 'AL'. With tests.";
    const wrong = 'def initials(name):\n    return "".join(word[0] for word in name.split())';
    const right = 'def initials(name):\n    return "".join(word[0].upper() for word in name.split())';
    const cases =
      'assert initials("a b") == "ab"\nassert initials("x") == "x"\nassert initials("A B") == "AB"\nassert initials("C") == "C"';
    const { result, text } = await run(request, (asked) => {
      if (asksForCases(question(asked))) return block(cases);
      return block(question(asked).includes('This is wrong') ? right : wrong);
    });
    expect(result.outcome).toBe('finished');
    expect(text('initials.py')).toBe(`${right}\n`);
    expect(text('test_initials.py')).toContain("self.assertEqual(initials('ada lovelace'), 'AL')");
  });

  it('tests a class by what its methods do one after the other', async () => {
    const stack = [
      'class Stack:',
      '    def __init__(self):',
      '        self.items = []',
      '    def push(self, item):',
      '        self.items.append(item)',
      '    def pop(self):',
      '        return self.items.pop()',
    ].join('\n');
    const tests = [
      'def test_push_pop():\n    s = Stack()\n    s.push(1)\n    s.push(2)\n    assert s.pop() == 2\n    assert s.pop() == 9',
      'def test_one():\n    s = Stack()\n    s.push("a")\n    assert s.pop() == "a"',
      'def test_three():\n    s = Stack()\n    s.push(3)\n    assert s.items == [3]',
    ].join('\n\n');
    const { result, text } = await run(
      'Write stack.py with a class Stack with push(item) and pop(), and tests',
      (request) => block(/test functions/.test(question(request)) ? tests : stack),
    );
    expect(result.outcome).toBe('finished');
    expect(text('test_stack.py')).toContain('class StackTest(unittest.TestCase)');
    expect(text('test_stack.py')).toContain('self.assertEqual(s.pop(), 2)');
    expect(text('test_stack.py')).not.toContain('9');
  });

  it('adds a function to a file without touching the rest, and its tests to the tests', async () => {
    const calc =
      '"""Sums."""\n\n\ndef add(a, b):\n    # kept\n    return a + b\n\n\nif __name__ == "__main__":\n    print(add(1, 2))\n';
    const before =
      'import unittest\n\nfrom calc import add\n\n\nclass AddTest(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n\n\nif __name__ == "__main__":\n    unittest.main()\n';
    const cases = 'assert multiply(2, 3) == 6\nassert multiply(0, 3) == 0\nassert multiply(-1, 3) == -3';
    const { result, text } = await run(
      'add a function multiply(a, b) to calc.py and test it',
      (request) => block(asksForCases(question(request)) ? cases : 'def multiply(a, b):\n    return a * b'),
      { files: { 'calc.py': calc, 'test_calc.py': before } },
    );
    expect(result.outcome).toBe('finished');
    expect(result.summary).toContain('4 tests ran and passed');
    expect(text('calc.py')).toBe(calc.replace('\n\n\nif', '\n\n\ndef multiply(a, b):\n    return a * b\n\n\nif'));
    expect(text('test_calc.py')).toContain('class AddTest');
    expect(text('test_calc.py')).toContain('class MultiplyTest');
  });

  it('completes a function that is given, keeping what stands around it', async () => {
    const given =
      'import math\n\n\ndef helper(x):\n    return x + 1\n\n\ndef area(r):\n    """Area of a circle.\n    >>> area(0)\n    0.0\n    """\n';
    const { result, text } = await run(`Complete this function:\n\n${given}`, (request) =>
      block(asksForCases(question(request)) ? 'assert area(0) == 0.0' : 'def area(r):\n    return math.pi * r * r'),
    );
    expect(result.outcome).toBe('finished');
    expect(text('area.py')).toContain('import math');
    expect(text('area.py')).toContain('def helper(x)');
    expect(text('area.py')).toContain('return math.pi * r * r');
  });
});

describe('a function that is given by its head', () => {
  const head = 'def double(x: int):\n    """Twice x.\n    >>> double(3)\n    6\n    double(4) => 8\n    """\n';
  const request = `Complete this function.\n\n${head}`;
  const version = (body: string): string => block(`def double(x: int):\n    return ${body}`);
  const isFirst = (asked: AgentModelRequest): boolean => asked.temperature === 0;

  it('is asked for as one would without an agent, and that answer stays when nothing speaks against it', async () => {
    const { result, text, model } = await run(request, (asked) =>
      isFirst(asked) ? version('x * 2') : '    return x + x',
    );
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(result.summary).toContain('the 2 examples of the request hold, and another version does the same');
    expect(text('double.py')).toContain('return x * 2');
    expect(model.requests[0]).toMatchObject({
      temperature: 0,
      messages: [
        {
          role: 'user',
          content: `Complete this Python function. Reply with one code block holding the whole function.\n\n${head.trim()}`,
        },
      ],
    });
    expect(model.requests).toHaveLength(2);
  });

  it('is asked for again until the examples hold', async () => {
    const { result, text, model } = await run(request, (_asked, turn) =>
      turn < 3 ? version('x + 3') : version('x * 2'),
    );
    expect(result.outcome).toBe('finished');
    expect(text('double.py')).toContain('return x * 2');
    // The third question shows what was wrong.
    expect(model.requests[3]?.messages[0]?.content).toContain('double(4) should give 8, but: 7 != 8');
  });

  it('fails with the example that does not hold, and leaves what meets the most', async () => {
    const { result, text } = await run(request, (_asked, turn) => version(turn % 2 === 0 ? 'x' : 'x + 3'));
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NO_USABLE_CODE' } });
    expect(result.summary).toContain('double(4) should give 8, but: 7 != 8');
    expect(text('double.py')).toContain('return x + 3');
  });

  it('keeps an answer that only other versions speak against, unless they are many and agree', async () => {
    const plain = 'Complete this function.\n\ndef double(x: int):\n    """Twice x."""\n';
    const scattered = await run(plain, (asked, turn) => version(isFirst(asked) ? 'x * 3' : `x + ${turn % 3}`));
    expect(scattered.text('double.py')).toContain('x * 3');
    const agreed = await run(plain, (asked) => version(isFirst(asked) ? 'x * 3' : 'x * 2'));
    expect(agreed.text('double.py')).toContain('x * 2');
    expect(agreed.result.summary).toContain('it loads, and 4 other versions do the same on other calls');
  });

  it('is mended in one small place where no version meets all examples', async () => {
    const sum =
      'def weigh(xs: list):\n    """Each times its place, from one.\n    >>> weigh([3, 1])\n    [3, 2]\n    >>> weigh([])\n    []\n    >>> weigh([5])\n    [5]\n    """\n';
    const { result, text, model } = await run(`Complete this function.\n\n${sum}`, () =>
      block('def weigh(xs: list):\n    # counted\n    return [i * x for i, x in enumerate(xs)]'),
    );
    expect(result.outcome).toBe('finished');
    expect(text('weigh.py')).toContain('enumerate(xs, 1)');
    expect(model.requests).toHaveLength(4);
  });

  it('is believed against one of two examples when all versions do the same', async () => {
    const doubtful =
      'def half(x: int):\n    """Half of x.\n    >>> half(4)\n    2.0\n    >>> half(6)\n    4.0\n    """\n';
    const { result, text, model } = await run(`Complete this function.\n\n${doubtful}`, () =>
      block('def half(x: int):\n    return x / 2'),
    );
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NO_USABLE_CODE' } });
    expect(text('half.py')).toContain('return x / 2');
    expect(model.requests).toHaveLength(4);
  });

  it('is asked for once where versions cannot be compared', async () => {
    const script = '```javascript\nfunction twice(x) {\n  // twice x: twice(2) returns 4\n}\n```\n';
    const { result, text, model } = await run(`Complete this function.\n\n${script}`, () =>
      block('function twice(x) {\n  return 2 * x;\n}').replace('python', 'javascript'),
    );
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(result.summary).toContain('the example of the request holds');
    expect(text('twice.js')).toContain('return 2 * x;');
    expect(model.requests).toHaveLength(1);
  });

  it('has to take back what the function beside it does', async () => {
    const given =
      'def encode(s: str):\n    return "".join(chr(ord(c) + 1) for c in s)\n\n\ndef decode(s: str):\n    """Takes what encode returned."""\n';
    const answer = (sign: string): string =>
      block(`def decode(s: str):\n    return "".join(chr(ord(c) ${sign} 1) for c in s)`);
    const { result, text } = await run(`Complete this function.\n\n${given}`, (asked) =>
      answer(isFirst(asked) ? '+' : '-'),
    );
    expect(result.outcome).toBe('finished');
    expect(text('decode.py')).toContain('ord(c) - 1');
    expect(text('decode.py')).toContain('def encode(s: str)');
  });

  it('is left out when no answer can be used', async () => {
    const { root, result } = await run(request, () => 'I cannot help with that.');
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NO_USABLE_CODE' } });
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('other work', () => {
  it('writes a JavaScript function with tests for node --test', async () => {
    const js = (code: string): string => `\`\`\`javascript\n${code}\n\`\`\`\n`;
    const cases =
      "assert.deepStrictEqual(reverse('abc'), 'cba');\nassert.deepStrictEqual(reverse(''), '');\nassert.deepStrictEqual(reverse('ab'), 'ba');";
    const code = "function reverse(text) {\n  return text.split('').reverse().join('');\n}";
    const { result, text } = await run('Write a function reverse(text) in utils.js, with tests', (request) =>
      js(asksForCases(question(request)) ? cases : `${code}\n\nconsole.log(reverse('x'));`),
    );
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(result.summary).toContain('3 tests ran and passed');
    expect(text('utils.js')).toBe(`${code}\n\nmodule.exports = { reverse };\n`);
    expect(text('utils.test.js')).toContain("require('./utils.js')");
  });

  it('runs a program in an empty folder and mends what fails', async () => {
    const { result, root, text } = await run(
      'Write hello.py that prints Hello',
      [block('def hello():\n    print("Hello")'), block('import os\nprint("Hello", os.listdir("."))')],
      { files: { 'private.txt': 'mine' } },
    );
    expect(result.outcome).toBe('finished');
    expect(result.summary).toContain("Hello ['hello.py']");
    expect(text('hello.py')).toContain('import os');
    expect(readdirSync(root).sort()).toEqual(['hello.py', 'private.txt']);
  });

  it('mends the code under a failing test, and never the test', async () => {
    const files = {
      'calc.py': 'def add(a, b):\n    return a + b\n\n\ndef mean(xs):\n    return sum(xs) / (len(xs) + 1)\n',
      'test_calc.py':
        'import unittest\nfrom calc import mean\n\nclass T(unittest.TestCase):\n    def test_mean(self):\n        self.assertEqual(mean([2, 4]), 3)\n',
    };
    const answers = [block('def mean(xs):\n    return 0'), block('def mean(xs):\n    return sum(xs) / len(xs)')];
    const { result, text } = await run('fix the failing test in test_calc.py', answers, { files });
    expect(result.outcome).toBe('finished');
    expect(text('calc.py')).toBe('def add(a, b):\n    return a + b\n\n\ndef mean(xs):\n    return sum(xs) / len(xs)\n');
    expect(text('test_calc.py')).toBe(files['test_calc.py']);

    const hopeless = await run('fix the failing test in test_calc.py', [block('def mean(xs):\n    return 0')], {
      files,
    });
    expect(hopeless.result).toMatchObject({ outcome: 'failed', error: { code: 'TESTS_FAILED' } });
    expect(hopeless.text('calc.py')).toBe(files['calc.py']);
  });

  it('writes tests for code that exists and leaves the code as it is', async () => {
    const code = 'def double(x):\n    return 2 * x\n';
    const cases =
      'assert double(2) == 4\nassert double(0) == 0\nassert double(-1) == -2\nassert double(5) == 11\nassert double(7) == 14';
    const { result, text } = await run('write tests for double.py', [block(cases)], {
      files: { 'double.py': code },
      taskType: 'test',
    });
    expect(result).toMatchObject({ outcome: 'finished' });
    expect(text('double.py')).toBe(code);
    expect(text('test_double.py')).not.toContain('11');
  });

  it('lets a big model work with tools, and believes only what it sees', async () => {
    const write = (file: string, content: string) => ({
      calls: [{ name: 'write_file', arguments: { path: file, content } }],
    });
    const options = { name: 'qwen2.5-coder:14b', supportsTools: true };
    const honest = await run(
      'Build a small inventory package in Python with tests',
      [
        'It is all done and tested!',
        write('stock.py', 'def count(items):\n    return len(items)\n'),
        write(
          'test_stock.py',
          'import unittest\nfrom stock import count\n\nclass T(unittest.TestCase):\n    def test_two(self):\n        self.assertEqual(count([1, 2]), 2)\n',
        ),
        'Done.',
      ],
      options,
    );
    expect(honest.result).toMatchObject({ outcome: 'finished', summary: expect.stringContaining('stock.py') });
    expect(honest.logs.join('\n')).toContain('no file was written');

    const liar = await run(
      'Build a small inventory package in Python with tests',
      ['All done, all tests pass.'],
      options,
    );
    expect(liar.result).toMatchObject({ outcome: 'failed', error: { code: 'NOTHING_WRITTEN' } });
  });

  it('says so when a request is too open for a small model, instead of guessing', async () => {
    const files = { 'settings.html': '<h1>Settings</h1>\n' };
    const { result, model } = await run('add a dark mode to the settings page', [''], { files });
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'REQUEST_TOO_OPEN' } });
    expect(result.error?.hint).toContain('3B or more');
    expect(model.requests).toEqual([]);
  });

  it('asks a function that prints to return its result, so that a test can see it', async () => {
    const prints = 'def half(n):\n    print(n / 2)';
    const returns = 'def half(n):\n    return n / 2';
    const cases = 'assert half(4) == 2\nassert half(1) == 0.5\nassert half(0) == 0';
    const { result, text } = await run('Write half.py with half(n) and tests', (request) => {
      const asked = question(request);
      return block(asksForCases(asked) ? cases : asked.includes('must return') ? returns : prints);
    });
    expect(result.outcome).toBe('finished');
    expect(text('half.py')).toBe(`${returns}\n`);
  });

  it('writes a report, and no note instead of one', async () => {
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    const good = await run('Explain calc.py', [words], { files: { 'calc.py': 'x = 1\n' }, taskType: 'analysis' });
    expect(good.result).toMatchObject({
      outcome: 'finished',
      checks: [{ check: 'report_written', paths: ['report.md'] }],
    });
    expect(question(good.model.requests[0] ?? { messages: [], maxTokens: 1 })).toContain('x = 1');
    const bad = await run('Explain calc.py', ['No.'], { taskType: 'analysis' });
    expect(bad.result).toMatchObject({ outcome: 'failed', error: { code: 'REPORT_TOO_SHORT' } });
  });

  it('works where nothing isolates commands', async () => {
    const bare = await createCommandRunner({ ownerToken: rig.owner, env: process.env, force: 'none' });
    const cases = 'assert slugify("A B") == "a-b"\nassert slugify("C") == "c"\nassert slugify("") == ""';
    const { result } = await run(slugRequest, (request) => block(asksForCases(question(request)) ? cases : slugify), {
      commands: bare,
    });
    expect(result.outcome).toBe('finished');
  });

  it('stops within a second, also in the middle of a command', async () => {
    const root = tempFolder();
    const abort = new AbortController();
    const model = new ScriptedModel([block('import time\ntime.sleep(60)')]);
    const context = agentContext({
      root,
      model,
      description: 'Write sleepy.py that prints a line',
      commands: rig.commands,
      signal: abort.signal,
    });
    const started = agentFor(context.order)(context);
    // The program runs once its trial folder is there.
    while (ownedProcesses(rig.owner).length === 0) await new Promise((resolve) => setImmediate(resolve));
    const at = performance.now();
    abort.abort('stop');
    await expect(started).rejects.toMatchObject({ code: 'ABORTED' });
    expect(performance.now() - at).toBeLessThan(1_000);
    expect(readdirSync(root)).toEqual([]);
  });
});
