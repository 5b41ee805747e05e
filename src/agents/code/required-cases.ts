import type { TestCase } from './language.js';
import { definitionsIn } from './source-outline.js';
import type { Target } from './targets.js';
import type { Subject } from './workbench.js';

/** Words for doing something and for taking it back. */
const opposites: readonly (readonly [string, string])[] = [
  ['encode', 'decode'],
  ['encrypt', 'decrypt'],
  ['compress', 'decompress'],
  ['serialize', 'deserialize'],
  ['pack', 'unpack'],
  ['escape', 'unescape'],
];
/** Values that are done to and taken back; those that the given function refuses are left out. */
const roundTripValues = ["'abc'", "'hello'", "'xyz'", "'banana'", '[1, 2, 3]', '[5, 1, 4, 4]', '7', '1234'];

/**
 * What every version of a function has to meet: the examples that the request shows, and, where the request brings the
 * function that this one takes back (`encode_x` beside `decode_x`), that it does.
 */
export async function requiredCases(subject: Subject, target: Target, skeleton: string): Promise<TestCase[]> {
  const { language, request } = subject;
  const examples =
    request.examples.length === 0
      ? []
      : (await language.read('', { functions: [target.name], classes: [], lines: request.examples })).cases;
  return [...examples, ...(await roundTrips(subject, target, skeleton))];
}

async function roundTrips({ language }: Subject, target: Target, skeleton: string): Promise<TestCase[]> {
  const other = counterpartOf(target.name, definitionsIn(skeleton));
  if (other === null || (target.params !== null && target.params.length !== 1)) return [];
  const done = await language.observe(
    skeleton,
    roundTripValues.map((value) => `${other}(${value})`),
  );
  const lines = roundTripValues
    .filter((value, index) => typeof done[index] === 'string' && done[index] !== value)
    .map((value) => `assert ${target.name}(${other}(${value})) == ${value}`);
  const reading = await language.read('', { functions: [target.name, other], classes: [], lines });
  return [...reading.cases];
}

/** The function of the request that `name` takes back; null when there is none. Pure. */
export function counterpartOf(name: string, given: readonly string[]): string | null {
  for (const [doing, undoing] of opposites) {
    if (!name.startsWith(undoing)) continue;
    const other = `${doing}${name.slice(undoing.length)}`;
    if (given.includes(other)) return other;
  }
  return null;
}
