const keywords = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield none true false match case'.split(
    ' ',
  ),
);
const builtins = new Set(
  'abs all any bin bool bytes chr dict dir divmod enumerate eval exec filter float format hash help hex id input int iter len list map max min next object oct open ord pow print range repr reversed round set slice sorted str sum super tuple type vars zip main argparse json csv os sys'.split(
    ' ',
  ),
);

/** A name in snake_case that Python takes for a variable; null when nothing is left of the text. */
export function pythonName(text: string): string | null {
  const name = text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, 30)
    .replace(/_+$/, '');
  if (name === '') return null;
  return keywords.has(name) || builtins.has(name) ? `${name}_` : name;
}
