/** What a field of a record holds; `number` is read and written as a number, `flag` is true or false. */
export const fieldKinds = ['text', 'number', 'flag'] as const;
export type FieldKind = (typeof fieldKinds)[number];

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
}

/** One function of the program, reached by one command. */
export interface OutlinedFunction {
  readonly name: string;
  readonly params: readonly string[];
  /** A sentence without its subject: `adds an item to the list and returns the list`. */
  readonly does: string;
  /** Python expressions that have to hold: `f(1) == 2`, or `f(0) raises ValueError`. */
  readonly examples: readonly string[];
  readonly command: string;
  /** `changes`: its result is the new list of records; `answers`: its result is printed. */
  readonly effect: 'changes' | 'answers';
}

/** What a program keeps between two runs. */
export interface Records {
  /** One record, in the singular: `item`. */
  readonly noun: string;
  readonly fields: readonly Field[];
  readonly storePath: string;
  readonly format: 'json' | 'csv';
}

/**
 * A command line program, cut so small that each part can be asked for and tried alone: functions that take values and
 * return values, with storage and command line around them.
 */
export interface ProgramOutline {
  readonly file: string;
  /** The request, without what it says about tests and reviews; one line. */
  readonly about: string;
  /** Null for a program that keeps nothing. */
  readonly records: Records | null;
  readonly functions: readonly OutlinedFunction[];
}

/** The name of the list of records, which functions take and return. */
export function collectionOf(records: Records): string {
  return pluralOf(records.noun);
}

export function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** The parameters of the function that the user types as arguments of its command. */
export function argumentsOf(outline: ProgramOutline, each: OutlinedFunction): readonly string[] {
  return outline.records !== null && each.params[0] === collectionOf(outline.records)
    ? each.params.slice(1)
    : each.params;
}
