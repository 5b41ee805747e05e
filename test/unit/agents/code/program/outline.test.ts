import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framedCases } from '../../../../../src/agents/code/program/framed-cases.js';
import { functionFor, operationOf } from '../../../../../src/agents/code/program/operations.js';
import type { Field, ProgramOutline, Records } from '../../../../../src/agents/code/program/outline.js';
import { pluralOf } from '../../../../../src/agents/code/program/outline.js';
import { outlinedStepText, readOutlinedStep } from '../../../../../src/agents/code/program/outline-text.js';
import { programTail, withDocstring } from '../../../../../src/agents/code/program/scaffold.js';
import { trialSteps } from '../../../../../src/agents/code/program/trial.js';
import { readRequest } from '../../../../../src/agents/code/request.js';

const records: Records = {
  noun: 'item',
  fields: [
    { name: 'text', kind: 'text' },
    { name: 'price', kind: 'number' },
    { name: 'done', kind: 'flag' },
  ],
  storePath: 'todo.json',
  format: 'json',
};

function outlineOf(commands: readonly string[], kept: Records = records): ProgramOutline {
  const functions = commands.flatMap((name) => functionFor(operationOf(name, kept.fields), name, kept) ?? []);
  return { file: 'todo.py', about: 'A todo list that can add, list and complete items.', records: kept, functions };
}

describe('the operations of programs that keep records', () => {
  it.each([
    ['add', 'add'],
    ['list', 'list'],
    ['complete', 'set'],
    ['return', 'unset'],
    ['delete', 'remove'],
    ['search', 'find'],
    ['total', 'total'],
    ['count', 'count'],
    ['edit', 'change'],
    ['frobnicate', 'other'],
  ])('knows %s as %s', (command, operation) => {
    expect(operationOf(command, records.fields)).toBe(operation);
  });

  it('does not set what is not there', () => {
    const text: Field[] = [{ name: 'text', kind: 'text' }];
    expect(operationOf('complete', text)).toBe('other');
    expect(operationOf('total', text)).toBe('other');
  });

  it('says what a function does by examples computed from the fields', () => {
    expect(functionFor('add', 'add', records)).toMatchObject({
      name: 'add_item',
      params: ['items', 'text', 'price'],
      effect: 'changes',
      examples: [
        'add_item([], "milk", 12.5) == [{"text": "milk", "price": 12.5, "done": False}]',
        'add_item([{"text": "milk", "price": 12.5, "done": False}], "bread", 3) == [{"text": "milk", "price": 12.5, "done": False}, {"text": "bread", "price": 3, "done": False}]',
      ],
    });
    expect(functionFor('list', 'list', records)?.examples).toContain(
      'list_items([{"text": "milk", "price": 12.5, "done": False}]) == ["1. [ ] milk, 12.5"]',
    );
    expect(functionFor('total', 'total', records)?.examples).toEqual([
      'total_price([]) == 0',
      'total_price([{"text": "milk", "price": 12.5, "done": False}, {"text": "bread", "price": 3, "done": False}]) == 15.5',
    ]);
    expect(functionFor('set', 'complete', records)?.examples).toContain('complete_item([], 1) raises ValueError');
  });

  it.each([
    ['item', 'items'],
    ['entry', 'entries'],
    ['key', 'keys'],
    ['box', 'boxes'],
  ])('makes %s plural', (noun, plural) => {
    expect(pluralOf(noun)).toBe(plural);
  });
});

describe('the text of an outline', () => {
  const outline = outlineOf(['add', 'list', 'complete', 'delete', 'search', 'total']);

  it.each(['code', 'tests'] as const)('is read back as it was written, for %s', (what) => {
    expect(readOutlinedStep(outlinedStepText(what, outline))).toEqual({ what, outline });
  });

  it('is read back whatever the program keeps', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(_[a-z]{1,4})?$/).map((text) => `f${text}`);
    const field = fc.record({ name, kind: fc.constantFrom('text', 'number', 'flag') }) as fc.Arbitrary<Field>;
    const fields = fc.uniqueArray(field, { minLength: 1, maxLength: 4, selector: (each) => each.name });
    const verbs = fc.uniqueArray(
      fc.constantFrom('add', 'list', 'complete', 'return', 'delete', 'search', 'total', 'edit', 'count'),
      {
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(fields, verbs, name, fc.constantFrom('json', 'csv'), (kept, commands, noun, format) => {
        const one = outlineOf(['add', ...commands.filter((verb) => verb !== 'add')], {
          noun,
          fields: kept,
          storePath: `store.${format}`,
          format: format as 'json' | 'csv',
        });
        expect(readOutlinedStep(outlinedStepText('code', one))).toEqual({ what: 'code', outline: one });
      }),
    );
  });

  it('wants no tests of the Code Agent, and only tests of the Test Agent', () => {
    expect(readRequest(outlinedStepText('code', outline))).toMatchObject({ modulePath: 'todo.py', wantsTests: false });
    expect(readRequest(outlinedStepText('tests', outline))).toMatchObject({ modulePath: 'todo.py', kind: 'tests' });
  });

  it.each([
    '',
    'Write todo.py.',
    'Write todo.py.\n\nFunctions:\n- nonsense',
    'Build an app\n\nFunctions:\n\nCommands:\n',
  ])('is not found in %j', (text) => {
    expect(readOutlinedStep(text)).toBeNull();
  });
});

describe('what stands around the functions', () => {
  it('tries two records and then every command, the removing ones last', () => {
    const steps = trialSteps(outlineOf(['delete', 'add', 'list', 'complete']));
    expect(steps.map((step) => step.args)).toEqual([
      ['add', 'milk', '12.5'],
      ['add', 'bread', '3'],
      ['list'],
      ['complete', '2'],
      ['delete', '2'],
    ]);
    expect(steps[2]?.shows).toBe('milk');
  });

  it('gives every command its arguments and stores what changes', () => {
    const tail = programTail(outlineOf(['add', 'list', 'complete']));
    expect(tail).toContain("command.add_argument('text')");
    expect(tail).toContain("command.add_argument('price', type=read_value)");
    expect(tail).toContain("command.add_argument('number', type=int)");
    expect(tail).toContain('save_items(options.file, add_item(items, options.text, options.price))');
    expect(tail).toContain('print_result(list_items(items))');
  });

  it('gives a function without a docstring one', () => {
    const add = functionFor('add', 'add', records);
    if (add === null) throw new Error('add is a known operation');
    const bare = 'def add_item(items, text, price):\n    return items';
    expect(withDocstring(bare, add)).toBe(
      'def add_item(items, text, price):\n    """Appends a new item."""\n    return items',
    );
    const told = 'def add_item(items, text, price):\n    """Adds."""\n    return items';
    expect(withDocstring(told, add)).toBe(told);
  });

  it('tests storage and every command with examples', () => {
    const names = framedCases(outlineOf(['add', 'list', 'complete'])).map((each) => each.name);
    expect(names).toEqual([
      'load_items_without_file',
      'save_items_and_load_items',
      'add_command_stores',
      'list_command',
      'complete_command',
      'complete_command_without_items',
    ]);
  });
});
