import type { Field } from './outline.js';

const texts = ['milk', 'bread', 'tea'];
const numbers = [12.5, 3, 40];

/** A plausible value for a field, as Python source; `which` counts from 0. A flag is unset unless told otherwise. */
export function sampleValue(field: Field, which: number, flag = false): string {
  switch (field.kind) {
    case 'flag':
      return flag ? 'True' : 'False';
    case 'number':
      return String(numbers[which % numbers.length]);
    case 'text':
      return pythonText(sampleText(field.name, which));
  }
}

/** A text that suits the name of a field, so that examples read like what people would type. */
function sampleText(name: string, which: number): string {
  const known: readonly (readonly [RegExp, readonly string[]])[] = [
    [/mail/, ['ann@example.org', 'ben@example.org', 'cy@example.org']],
    [/phone|tel|mobile/, ['555-0101', '555-0102', '555-0103']],
    [/date|day|due|when/, ['2026-01-02', '2026-02-03', '2026-03-04']],
    [/author|person|borrower|contact|name$|owner|user/, ['Ann', 'Ben', 'Cy']],
    [/categor|type|tag|genre/, ['food', 'home', 'travel']],
    [/title|book|movie/, ['Emma', 'Dune', 'Ulysses']],
    [/url|link|site/, ['https://example.org/a', 'https://example.org/b', 'https://example.org/c']],
  ];
  const list = known.find(([pattern]) => pattern.test(name))?.[1] ?? texts;
  return list[which % list.length] ?? 'milk';
}

/** One record as Python source. */
export function sampleRecord(fields: readonly Field[], which: number, flag = false): string {
  return `{${fields.map((field) => `"${field.name}": ${sampleValue(field, which, flag)}`).join(', ')}}`;
}

/** A list of records as Python source, the first ones of the samples. */
export function sampleRecords(fields: readonly Field[], count: number): string {
  return `[${Array.from({ length: count }, (_, which) => sampleRecord(fields, which)).join(', ')}]`;
}

/** A string literal that Python and JSON read alike. */
export function pythonText(text: string): string {
  return JSON.stringify(text);
}
