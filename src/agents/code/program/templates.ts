import { operationOf } from './operations.js';
import { collectionOf, type OutlinedFunction, type Records } from './outline.js';

/**
 * A plain way to write a function whose operation is one of the known ones, for a model that did not get it right in
 * several tries; it is held against the same examples. Null for any other function. Pure.
 */
export function templateFor(each: OutlinedFunction, records: Records): string | null {
  const { fields, noun } = records;
  const many = collectionOf(records);
  const operation = operationOf(each.command, fields);
  const typed = fields.filter((field) => field.kind !== 'flag');
  const flag = fields.find((field) => field.kind === 'flag');
  const checked = [
    `    if number < 1 or number > len(${many}):`,
    `        raise ValueError(f'there is no ${noun} {number}')`,
  ];
  const body = (): readonly string[] | null => {
    switch (operation) {
      case 'add': {
        const values = typed.map((field) => `'${field.name}': ${field.name}`);
        if (flag !== undefined) values.push(`'${flag.name}': False`);
        return [`    ${many}.append({${values.join(', ')}})`, `    return ${many}`];
      }
      case 'list': {
        const values = typed.map((field) => `{${noun}["${field.name}"]}`).join(', ');
        const box = flag === undefined ? '' : `{"[x]" if ${noun}["${flag.name}"] else "[ ]"} `;
        const line = `f'{number}. ${box}${values}'`;
        return [
          '    return [',
          `        ${line}`,
          `        for number, ${noun} in enumerate(${many}, start=1)`,
          '    ]',
        ];
      }
      case 'set':
      case 'unset': {
        const value = operation === 'set' ? 'True' : 'False';
        return flag === undefined
          ? null
          : [...checked, `    ${many}[number - 1]['${flag.name}'] = ${value}`, `    return ${many}`];
      }
      case 'remove':
        return [...checked, `    del ${many}[number - 1]`, `    return ${many}`];
      case 'find': {
        const field = fields.find((one) => one.kind === 'text');
        if (field === undefined) return null;
        return [`    return [${noun} for ${noun} in ${many} if text.lower() in ${noun}['${field.name}'].lower()]`];
      }
      case 'total': {
        const field = fields.find((one) => one.kind === 'number');
        return field === undefined ? null : [`    return sum(${noun}['${field.name}'] for ${noun} in ${many})`];
      }
      case 'count':
        return [`    return len(${many})`];
      case 'change': {
        const field = typed[0];
        if (field === undefined) return null;
        return [...checked, `    ${many}[number - 1]['${field.name}'] = ${field.name}`, `    return ${many}`];
      }
      case 'other':
        return null;
    }
  };
  const lines = body();
  if (lines === null) return null;
  return [`def ${each.name}(${each.params.join(', ')}):`, ...lines].join('\n');
}
