import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionFor, operationOf } from '../../src/agents/code/program/operations.js';
import type { OutlinedFunction, ProgramOutline, Records } from '../../src/agents/code/program/outline.js';
import { outlinedStepText } from '../../src/agents/code/program/outline-text.js';
import { agentFor } from '../../src/agents/registry.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { agentContext } from '../helpers/agent-context.js';
import { type AgentScript, question, ScriptedModel } from '../helpers/scripted-model.js';
import { tempFolder } from '../helpers/temp-folder.js';

const commands = await createCommandRunner({ ownerToken: `outlined-${process.pid}`, env: process.env });
const block = (code: string): string => `\`\`\`python\n${code}\n\`\`\`\n`;

function outlineOf(format: Records['format'], names: readonly string[]): ProgramOutline {
  const records: Records = {
    noun: 'entry',
    fields: [
      { name: 'label', kind: 'text' },
      { name: 'amount', kind: 'number' },
      { name: 'done', kind: 'flag' },
    ],
    storePath: `store.${format}`,
    format,
  };
  const functions = names.flatMap((name) => functionFor(operationOf(name, records.fields), name, records) ?? []);
  return { file: 'book.py', about: 'A book of "entries", 100% local', records, functions };
}

async function work(
  root: string,
  what: 'code' | 'tests',
  outline: ProgramOutline,
  script: AgentScript,
  findings: string[] = [],
) {
  const model = new ScriptedModel(script);
  const taskType = what === 'code' ? 'code' : 'test';
  const description = outlinedStepText(what, outline);
  const context = agentContext({ root, model, commands, description, taskType, findings });
  const result = await agentFor(context.order)(context);
  const text = (file: string): string => readFileSync(path.join(root, file), 'utf8');
  return { result, model, logs: context.logs, text };
}

/** Every known operation in one of the two. */
const operations = {
  json: ['add', 'list', 'complete', 'delete', 'search'],
  csv: ['add', 'list', 'return', 'total', 'edit', 'count'],
} as const;

describe('a program that a plan has outlined', () => {
  it.each(['json', 'csv'] as const)(
    'is written and tested with every operation, stored as %s, also where the model gives nothing',
    async (format) => {
      const root = tempFolder();
      const outline = outlineOf(format, operations[format]);
      const coded = await work(root, 'code', outline, ['I cannot do that.']);
      expect(coded.result).toMatchObject({ outcome: 'finished', error: null });
      expect(coded.result.summary).toContain('none of its functions is the model’s own');
      expect(existsSync(path.join(root, '.wilson-trial'))).toBe(false);
      expect(existsSync(path.join(root, outline.records?.storePath ?? ''))).toBe(false);

      const tested = await work(root, 'tests', outline, ['I cannot do that.']);
      expect(tested.result).toMatchObject({ outcome: 'finished', error: null });
      expect(tested.result.checks).toContainEqual({ check: 'tests_pass', paths: ['test_book.py'] });
      const ran = Number(/(\d+) tests ran and passed/.exec(tested.result.summary)?.[1]);
      expect(ran).toBeGreaterThan(15);

      const run = (...args: string[]): string =>
        execFileSync('python3', ['book.py', ...args], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
      run('add', 'tea', '2.5');
      run('add', 'milk', '3');
      expect(run('list')).toBe('1. [ ] tea, 2.5\n2. [ ] milk, 3\n');
      expect(() => run(format === 'json' ? 'complete' : 'return', '7')).toThrow(/book.py: /);
      if (format === 'csv') expect(run('total')).toBe('5.5\n');
      else expect(run('search', 'MILK')).toBe('label: milk, amount: 3, done: False\n');
    },
    240_000,
  );

  it('takes what the model writes when the examples hold, and asks again with the example that does not', async () => {
    const root = tempFolder();
    const outline = outlineOf('json', ['add', 'count']);
    let adds = 0;
    const script: AgentScript = (request) => {
      const asked = request.messages.map((message) => message.content).join('\n');
      if (/assert statements/.test(question(request))) return 'none';
      if (asked.includes('function count_entries'))
        return block('def count_entries(entries):\n    return len(entries)');
      adds += 1;
      return adds === 1
        ? block('def add_entry(entries, label, amount):\n    return entries')
        : block(
            'def add_entry(entries, label, amount):\n    return entries + [{"label": label, "amount": amount, "done": False}]',
          );
    };
    const { result, model, text } = await work(root, 'code', outline, script);
    expect(result.outcome).toBe('finished');
    expect(result.summary).toContain('add_entry, count_entries were written by the model');
    expect(text('book.py')).toContain('"""Appends a new entry."""');
    expect(model.requests.some((request) => question(request).includes('This is wrong'))).toBe(true);
  });

  it('fails with the reason when nobody can write a function', async () => {
    const odd: OutlinedFunction = {
      name: 'twice',
      params: ['value'],
      does: 'returns twice the value',
      examples: ['twice(2) == 4'],
      command: 'twice',
      effect: 'answers',
    };
    const outline: ProgramOutline = {
      file: 'twice.py',
      about: 'A program that doubles',
      records: null,
      functions: [odd],
    };
    const root = tempFolder();
    const { result } = await work(root, 'code', outline, [block('def twice(value):\n    return value * 3')]);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NO_USABLE_CODE' } });
    expect(result.error?.message).toContain('twice(2) should give 4');
    expect(existsSync(path.join(root, 'twice.py'))).toBe(false);
  });

  it('takes no function that nothing speaks for: neither an example nor a test case', async () => {
    const bare: OutlinedFunction = {
      name: 'twice',
      params: ['value'],
      does: 'returns twice the value',
      examples: [],
      command: 'twice',
      effect: 'answers',
    };
    const outline: ProgramOutline = {
      file: 'twice.py',
      about: 'A program that doubles',
      records: null,
      functions: [bare],
    };
    const root = tempFolder();
    const code = 'def twice(value):\n    return value * 3';
    const coded = await work(root, 'code', outline, [block(code)]);
    expect(coded.result).toMatchObject({ outcome: 'failed', error: { code: 'NO_USABLE_CODE' } });
    writeFileSync(path.join(root, 'twice.py'), `${code}\n`);
    const tested = await work(root, 'tests', outline, [block('assert twice(2) == 4\nassert twice(0) == 0')]);
    expect(tested.result).toMatchObject({ outcome: 'failed', error: { code: 'TESTS_FAILED' } });
  });

  it('does not write tests for code that breaks an example of the plan', async () => {
    const root = tempFolder();
    const outline = outlineOf('json', ['add', 'count']);
    writeFileSync(
      path.join(root, 'book.py'),
      'def add_entry(entries, label, amount):\n    return []\n\n\ndef count_entries(entries):\n    return 1\n',
    );
    const { result } = await work(root, 'tests', outline, ['none']);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'TESTS_FAILED' } });
    expect(existsSync(path.join(root, 'test_book.py'))).toBe(false);
  });

  it('tells the model what a reviewer found about the function that it is about', async () => {
    const root = tempFolder();
    const outline = outlineOf('json', ['add', 'count']);
    const good: AgentScript = (request) =>
      question(request).includes('The function count_entries')
        ? block('def count_entries(entries):\n    return len(entries)')
        : block(
            'def add_entry(entries, label, amount):\n    entries.append({"label": label, "amount": amount, "done": False})\n    return entries',
          );
    await work(root, 'code', outline, good);
    const { model, result } = await work(root, 'code', outline, good, [
      'book.py (major): count_entries should not fail for None',
    ]);
    expect(result.outcome).toBe('finished');
    const told = model.requests.map(question).filter((text) => text.includes('should not fail for None'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('The function count_entries');
  });
});
