import { describe, expect, it } from 'vitest';
import { toPromptTurns } from '../../../src/providers/llama-cpp-prompt.js';
import { toGrammarSchema } from '../../../src/providers/llama-cpp-schema.js';
import { parseToolCalls } from '../../../src/providers/tool-call-parser.js';

const tool = {
  name: 'read_file',
  description: 'Reads a file.',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};

describe('a conversation for llama.cpp', () => {
  it('ends with the turn that the model is to write', () => {
    expect(toPromptTurns([{ role: 'user', content: 'hi' }], [])).toEqual([
      { type: 'user', text: 'hi' },
      { type: 'model', text: '' },
    ]);
    const begun = toPromptTurns(
      [
        { role: 'user', content: 'hi' },
        { role: 'assistant', content: 'Hel' },
      ],
      [],
    );
    expect(begun.at(-1)).toEqual({ type: 'model', text: 'Hel' });
  });

  it('lets the roles alternate', () => {
    const turns = toPromptTurns(
      [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
        { role: 'tool', toolName: 'read_file', content: 'c' },
      ],
      [],
    );
    expect(turns).toEqual([
      { type: 'user', text: 'a\n\nb\n\n<tool_response>\nc\n</tool_response>' },
      { type: 'model', text: '' },
    ]);
  });

  it('describes tools at the end of the system message, so that its start stays cached', () => {
    const [system] = toPromptTurns(
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'x' },
      ],
      [tool],
    );
    expect(system?.text.startsWith('Be brief.\n\n# Tools')).toBe(true);
    expect(system?.text).toContain('"name":"read_file"');
    expect(toPromptTurns([{ role: 'user', content: 'x' }], [tool])[0]?.type).toBe('system');
  });

  it('writes earlier calls as the parser reads them', () => {
    const calls = [{ name: 'read_file', arguments: { path: 'a.py' } }];
    const turns = toPromptTurns([{ role: 'assistant', content: 'I look.', toolCalls: calls }], [tool]);
    expect(parseToolCalls(turns.at(-1)?.text ?? '', [tool]).calls).toEqual(calls);
  });
});

describe('a schema for the grammar', () => {
  it('keeps what the grammar knows and drops the rest', () => {
    const schema = {
      $schema: 'x',
      title: 'T',
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['a', 'b'], description: 'd' },
        n: { type: 'integer', minimum: 1, maximum: 3 },
        tags: { type: 'array', items: { type: 'string', pattern: '^a' }, maxItems: 2 },
        when: { type: 'string', format: 'date' },
        mail: { type: 'string', format: 'email' },
      },
      required: ['kind'],
      additionalProperties: false,
    };
    expect(toGrammarSchema(schema)).toEqual({
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['a', 'b'] },
        n: { type: 'integer' },
        tags: { type: 'array', items: { type: 'string' }, maxItems: 2 },
        when: { type: 'string', format: 'date' },
        mail: { type: 'string' },
      },
    });
  });

  it('reads anyOf as oneOf, and an open schema as any scalar instead of null', () => {
    const any = { type: ['string', 'number', 'boolean', 'null'] };
    expect(toGrammarSchema({ anyOf: [{ type: 'string' }, { type: 'null' }] })).toEqual({
      oneOf: [{ type: 'string' }, { type: 'null' }],
    });
    expect(toGrammarSchema({})).toEqual(any);
    expect(toGrammarSchema({ type: 'object' })).toEqual({ type: 'object', additionalProperties: any });
    expect(toGrammarSchema({ type: 'array' })).toEqual({ type: 'array', items: any });
  });

  it('keeps definitions and references', () => {
    const schema = {
      $defs: { id: { type: 'string', title: 'x' } },
      type: 'object',
      properties: { id: { $ref: '#/$defs/id' } },
    };
    expect(toGrammarSchema(schema)).toEqual({
      type: 'object',
      properties: { id: { $ref: '#/$defs/id' } },
      $defs: { id: { type: 'string' } },
    });
  });
});
