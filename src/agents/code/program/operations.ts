import { collectionOf, type Field, type OutlinedFunction, pluralOf, type Records } from './outline.js';
import { sampleRecord, sampleRecords, sampleValue } from './samples.js';

/** What commands of programs that keep records do, whatever the records are. */
export type Operation = 'add' | 'list' | 'set' | 'unset' | 'remove' | 'find' | 'total' | 'count' | 'change' | 'other';

const verbs: readonly (readonly [Operation, RegExp])[] = [
  ['remove', /^(remove|delete|del|rm|drop|erase|discard)/],
  ['unset', /^(return|give_?back|reopen|uncheck|unmark|undo|restore|incomplete|reset|release|unarchive|activate)/],
  ['find', /^(search|find|filter|look_?up|get|query|match)/],
  ['total', /^(total|sum|balance|spent)/],
  ['count', /^(count|how_?many|number_of)/],
  ['list', /^(list|show|view|display|print|all|ls|report|overview)/],
  ['change', /^(edit|update|change|modify|rename|set)/],
  [
    'set',
    /^(complete|finish|done|check|tick|mark|buy|lend|loan|borrow|rent|pay|read|close|archive|solve|use|take|book|cancel|check_?out|check_?in|toggle)/,
  ],
  ['add', /^(add|create|new|record|log|insert|register|put|append|enter|track|save|store|note)/],
];

/** What a command does by its name; `set` and `unset` need a flag to set, `total` a number to sum up. */
export function operationOf(command: string, fields: readonly Field[]): Operation {
  const found = verbs.find(([, pattern]) => pattern.test(command.toLowerCase()))?.[0] ?? 'other';
  const has = (kind: Field['kind']): boolean => fields.some((field) => field.kind === kind);
  if ((found === 'set' || found === 'unset') && !has('flag')) return 'other';
  if (found === 'total' && !has('number')) return 'other';
  if (found === 'change' && !has('text') && !has('number')) return 'other';
  return found;
}

/**
 * The function behind a command that keeps to one of the known operations, with examples computed from the fields: they
 * say exactly what is wanted, and what is written is held against them. Null for `other`.
 */
export function functionFor(operation: Operation, command: string, records: Records): OutlinedFunction | null {
  const { noun, fields } = records;
  const many = collectionOf(records);
  const named = (verb: string, object: string): string => `${verb.replace(/_(?:\w+)$/, '')}_${object}`;
  const typed = fields.filter((field) => field.kind !== 'flag');
  const flag = fields.find((field) => field.kind === 'flag');
  const two = sampleRecords(fields, 2);
  const first = sampleRecord(fields, 0);
  const second = sampleRecord(fields, 1);
  const noSuch = (name: string, rest = ''): string[] => [
    `${name}([], 1${rest}) raises ValueError`,
    `${name}([${first}], 0${rest}) raises ValueError`,
  ];
  const range = `raises ValueError when number is less than 1 or greater than len(${many})`;
  switch (operation) {
    case 'add': {
      const name = named(command, noun);
      const values = (which: number): string => typed.map((field) => sampleValue(field, which)).join(', ');
      const unset = flag === undefined ? '' : `, whose "${flag.name}" is False,`;
      return {
        name,
        params: [many, ...typed.map((field) => field.name)],
        does: `appends a new ${noun}${unset} to the list and returns the list`,
        examples: [`${name}([], ${values(0)}) == [${first}]`, `${name}([${first}], ${values(1)}) == ${two}`],
        command,
        effect: 'changes',
      };
    }
    case 'list': {
      const name = named(command, pluralOf(noun));
      const line = (which: number, set: boolean): string => lineOf(fields, which, set);
      const set = sampleRecord(fields, 1, true);
      return {
        name,
        params: [many],
        does: `returns a list with one string for each ${noun}: ${lineInWords(fields)}`,
        examples: [
          `${name}([]) == []`,
          `${name}([${first}]) == [${line(0, false)}]`,
          `${name}([${first}, ${set}]) == [${line(0, false)}, ${line(1, true)}]`,
        ],
        command,
        effect: 'answers',
      };
    }
    case 'set':
    case 'unset': {
      if (flag === undefined) return null;
      const to = operation === 'set';
      const name = named(command, noun);
      const changed = sampleRecord(fields, 1, to);
      const from = `[${first}, ${sampleRecord(fields, 1, !to)}]`;
      return {
        name,
        params: [many, 'number'],
        does: `sets "${flag.name}" of the ${noun} at index number - 1 to ${to ? 'True' : 'False'} and returns the list; ${range}`,
        examples: [`${name}(${from}, 2) == [${first}, ${changed}]`, ...noSuch(name)],
        command,
        effect: 'changes',
      };
    }
    case 'remove': {
      const name = named(command, noun);
      return {
        name,
        params: [many, 'number'],
        does: `removes the ${noun} at index number - 1 from the list and returns the list; ${range}`,
        examples: [`${name}(${two}, 1) == [${second}]`, `${name}(${two}, 2) == [${first}]`, ...noSuch(name)],
        command,
        effect: 'changes',
      };
    }
    case 'find': {
      const text = fields.find((field) => field.kind === 'text');
      if (text === undefined) return null;
      const name = named(command, pluralOf(noun));
      const wanted = sampleValue(text, 1);
      return {
        name,
        params: [many, 'text'],
        does: `returns a list of the ${many} whose "${text.name}" contains text, ignoring upper and lower case`,
        examples: [
          `${name}(${two}, ${wanted}) == [${second}]`,
          `${name}(${two}, ${wanted.toUpperCase()}) == [${second}]`,
          `${name}(${two}, "nothing like it") == []`,
        ],
        command,
        effect: 'answers',
      };
    }
    case 'total': {
      const amount = fields.find((field) => field.kind === 'number');
      if (amount === undefined) return null;
      const name = `total_${amount.name}`;
      return {
        name,
        params: [many],
        does: `returns the sum of "${amount.name}" over all ${many}, 0 for an empty list`,
        examples: [`${name}([]) == 0`, `${name}(${two}) == ${sampleSum(amount, 2)}`],
        command,
        effect: 'answers',
      };
    }
    case 'count': {
      const name = `count_${many}`;
      return {
        name,
        params: [many],
        does: `returns how many ${many} there are`,
        examples: [`${name}([]) == 0`, `${name}(${two}) == 2`],
        command,
        effect: 'answers',
      };
    }
    case 'change': {
      const field = typed[0];
      if (field === undefined) return null;
      const name = named(command, noun);
      const value = sampleValue(field, 2);
      const changed = second.replace(`"${field.name}": ${sampleValue(field, 1)}`, `"${field.name}": ${value}`);
      return {
        name,
        params: [many, 'number', field.name],
        does: `sets "${field.name}" of the ${noun} at index number - 1 to ${field.name} and returns the list; ${range}`,
        examples: [`${name}(${two}, 2, ${value}) == [${first}, ${changed}]`, ...noSuch(name, `, ${value}`)],
        command,
        effect: 'changes',
      };
    }
    case 'other':
      return null;
  }
}

/** `"1. [x] milk, 12.5"`: the line of a record in a list, as Python source. */
function lineOf(fields: readonly Field[], which: number, set: boolean): string {
  const box = fields.some((field) => field.kind === 'flag') ? `[${set ? 'x' : ' '}] ` : '';
  const values = fields
    .filter((field) => field.kind !== 'flag')
    .map((field) => sampleValue(field, which).replace(/^"|"$/g, ''));
  return JSON.stringify(`${which + 1}. ${box}${values.join(', ')}`);
}

/** The same form in words. */
function lineInWords(fields: readonly Field[]): string {
  const flag = fields.find((field) => field.kind === 'flag');
  const box = flag === undefined ? '' : `, then "[x] " if "${flag.name}" is True or "[ ] " if it is False`;
  const typed = fields.filter((field) => field.kind !== 'flag').map((field) => `"${field.name}"`);
  const values = typed.length === 1 ? typed[0] : `${typed.join(', ')}, joined by ", "`;
  return `its number counted from 1 and ". "${box}, then ${values}`;
}

function sampleSum(field: Field, count: number): number {
  return Array.from({ length: count }, (_, which) => Number(sampleValue(field, which))).reduce((a, b) => a + b, 0);
}
