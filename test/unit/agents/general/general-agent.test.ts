import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { csvToJson, jsonToCsv } from '../../../../src/agents/general/convert-table.js';
import { readFileOrder } from '../../../../src/agents/general/file-orders.js';
import { agentFor } from '../../../../src/agents/registry.js';
import { agentContext } from '../../../helpers/agent-context.js';
import { type AgentScript, ScriptedModel, type ScriptedModelOptions } from '../../../helpers/scripted-model.js';
import { tempFolder } from '../../../helpers/temp-folder.js';

async function run(
  description: string,
  files: Readonly<Record<string, string>>,
  script: AgentScript = [''],
  options: ScriptedModelOptions = {},
) {
  const root = tempFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const model = new ScriptedModel(script, options);
  const context = agentContext({ root, model, description, taskType: 'general' });
  return { result: await agentFor(context.order)(context), root, model };
}

describe('readFileOrder', () => {
  it.each([
    ['rename a.txt to b.txt', { kind: 'rename', from: 'a.txt', to: 'b.txt' }],
    ['Move notes.md into docs', { kind: 'rename', from: 'notes.md', to: 'docs/notes.md' }],
    ['rename all .txt files to .md', { kind: 'ending', from: '.txt', to: '.md' }],
    ['convert data.csv to JSON', { kind: 'convert', from: 'data.csv', to: 'data.json' }],
    ['convert data.json to table.csv', { kind: 'convert', from: 'data.json', to: 'table.csv' }],
    ['rename a.txt to b.txt and update the links in index.md', { kind: 'other' }],
    ['rename utils.py to helpers.py and fix the imports', { kind: 'other' }],
    ['organise my files by their endings', { kind: 'other' }],
    ['convert photo.png to JPEG', { kind: 'other' }],
    ['delete all log files', { kind: 'other' }],
  ])('%s', (text, expected) => {
    expect(readFileOrder(text)).toEqual(expected);
  });

  it.each(['write a poem about the sea', 'summarise notes.txt', 'explain how sorting works', 'what does main.py do?'])(
    'is none: %s',
    (text) => {
      expect(readFileOrder(text)).toBeNull();
    },
  );
});

describe('the general agent', () => {
  it('renames by rule, asks no model and says what it did not do', async () => {
    const { result, root, model } = await run('rename a.txt to docs/b.txt', { 'a.txt': 'x' });
    expect(result).toMatchObject({
      outcome: 'finished',
      checks: [{ check: 'files_changed' }, { check: 'file_exists', paths: ['docs/b.txt'] }],
    });
    expect(result.summary).toContain('What mentions the old name was not changed.');
    expect(readFileSync(path.join(root, 'docs/b.txt'), 'utf8')).toBe('x');
    expect(existsSync(path.join(root, 'a.txt'))).toBe(false);
    expect(model.requests).toEqual([]);
  });

  it('renames all or none', async () => {
    const files = { 'a.txt': '1', 'b.txt': '2', 'sub/b.md': 'old', 'sub/b.txt': '3' };
    const { result, root } = await run('rename all .txt files to .md', files);
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'FILE_EXISTS' },
      summary: 'Nothing was changed.',
    });
    expect(readdirSync(root).sort()).toEqual(['a.txt', 'b.txt', 'sub']);
  });

  it.each([
    ['rename a.txt to ../b.txt', 'failed'],
    ['rename missing.txt to b.txt', 'failed'],
    ['rename a.txt to a.txt', 'failed'],
  ])('refuses: %s', async (text, outcome) => {
    const { result, root } = await run(text, { 'a.txt': 'x' });
    expect(result.outcome).toBe(outcome);
    expect(readFileSync(path.join(root, 'a.txt'), 'utf8')).toBe('x');
  });

  it('converts a table', async () => {
    const { result, root } = await run('convert data.csv to JSON', { 'data.csv': 'id,name\n007,"a, b"\n' });
    expect(result.outcome).toBe('finished');
    expect(JSON.parse(readFileSync(path.join(root, 'data.json'), 'utf8'))).toEqual([{ id: '007', name: 'a, b' }]);
  });

  it('says that a small model is too small for the rest', async () => {
    const { result, model } = await run('organise my files into folders by type', { 'a.txt': 'x' });
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'MODEL_TOO_SMALL' },
      summary: 'Nothing was changed.',
    });
    expect(model.requests).toEqual([]);
  });

  const large = { name: 'chat:7b', supportsTools: true, contextTokens: 8_000 };

  it('lets a large model work with tools, and believes the folder, not its words', async () => {
    const script: AgentScript = [
      'I have organised everything.',
      { calls: [{ name: 'write_file', arguments: { path: 'docs/index.md', content: 'Index\n' } }] },
      'Done.',
    ];
    const { result, model } = await run('organise the files of this folder', { 'a.txt': 'x' }, script, large);
    expect(model.requests[1]?.messages.at(-1)?.content).toBe('That is not done yet: no file was changed.');
    expect(result).toMatchObject({
      outcome: 'finished',
      checks: [{ check: 'files_changed', paths: ['docs/index.md'] }],
    });
    expect(result.summary).toBe('Written or changed: docs/index.md.');
  });

  it('fails when a large model only says that it did', async () => {
    const { result } = await run('organise the files of this folder', { 'a.txt': 'x' }, ['All done!'], large);
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'NOTHING_WRITTEN' },
      summary: 'Nothing was changed.',
    });
  });

  it('stops with a question', async () => {
    const ask = { calls: [{ name: 'ask_user', arguments: { question: 'By type or by date?' } }] };
    const { result } = await run('organise the files of this folder', { 'a.txt': 'x' }, [ask], large);
    expect(result).toMatchObject({
      outcome: 'blocked',
      question: 'By type or by date?',
      summary: 'Nothing was changed.',
    });
  });

  it('writes a text where one is wanted', async () => {
    const words = Array.from({ length: 50 }, (_, index) => `w${String.fromCharCode(97 + (index % 26))}${index}`).join(
      ' ',
    );
    const { result, root } = await run('Write a poem about the sea into poem.md', {}, [words]);
    expect(result).toMatchObject({ outcome: 'finished', checks: [{ check: 'report_written', paths: ['poem.md'] }] });
    expect(existsSync(path.join(root, 'poem.md'))).toBe(true);
  });
});

describe('tables', () => {
  it('become JSON and come back', () => {
    const csv = 'id,name\n007,"a, ""b"""\n8,\n';
    expect(jsonToCsv(csvToJson(csv).json)).toEqual({ csv, rows: 2 });
  });

  it.each([['a,a\n1,2\n'], ['a,b\n1\n'], ['']])('are refused when they are none: %j', (text) => {
    expect(() => csvToJson(text)).toThrow();
  });

  it.each([['{"a": 1}'], ['[]'], ['[{"a": {"b": 1}}]'], ['nonsense']])('of nested JSON are refused: %s', (text) => {
    expect(() => jsonToCsv(text)).toThrow();
  });
});
