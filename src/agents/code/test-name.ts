const spoken: Readonly<Record<string, string>> = {
  "''": 'empty_string',
  '""': 'empty_string',
  '[]': 'empty_list',
  '{}': 'empty_dict',
  '()': 'empty_tuple',
  "' '": 'space',
};

/**
 * A test's name in snake_case after what its call is given, e.g. `hello_world` for `slugify('Hello World')`; falls back to
 * `case`. Not unique by itself.
 */
export function nameOfCall(call: string): string {
  const open = call.indexOf('(');
  const inside = open < 0 ? call : call.slice(open + 1, call.lastIndexOf(')'));
  const trimmed = inside.trim();
  if (trimmed === '') return 'no_arguments';
  const known = spoken[trimmed];
  if (known !== undefined) return known;
  const words = trimmed
    .replace(/-(?=\d)/g, ' minus ')
    .replace(/(\d)\.(\d)/g, '$1 point $2')
    .normalize('NFKD')
    .replace(/\[\]/g, ' empty list ')
    .replace(/''|""/g, ' empty ')
    .match(/[A-Za-z0-9]+/g);
  if (words === null) return 'case';
  const name = words.join('_').toLowerCase().slice(0, 40).replace(/_+$/, '');
  return name === '' ? 'case' : name;
}

/** Makes names unique by counting: `hello`, `hello_2`, … */
export function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  });
}
