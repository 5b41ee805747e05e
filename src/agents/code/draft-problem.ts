import type { CodeReading } from './language.js';
import type { Target } from './targets.js';

/** Why a draft is not what was asked for; null when it is. `mustReturn`: what only prints cannot be tested. Pure. */
export function problemOf(
  reading: CodeReading,
  code: string,
  targets: readonly Target[],
  mustReturn: boolean,
): string | null {
  if (code.trim() === '') return 'the answer holds no code';
  if (reading.error !== null) return `it does not parse (${reading.error})`;
  if (reading.clean.trim() === '' || targets.length === 0) return 'it defines no function and no class';
  for (const target of targets) {
    if (target.kind === 'class') {
      if (!reading.classes.some((each) => each.name === target.name)) return `there is no class ${target.name}`;
      continue;
    }
    const shape = reading.functions.find((each) => each.name === target.name);
    if (shape === undefined) return `there is no function ${target.name}`;
    if (shape.empty === true) return `${target.name} is left empty`;
    if (shape.prints && mustReturn) return `${target.name} prints its result, but it must return it`;
    const wanted = target.params?.length ?? shape.params.length;
    const least = shape.params.length - shape.optional;
    if (!shape.variadic && (wanted < least || wanted > shape.params.length)) {
      return `${target.name} takes ${shape.params.length} arguments instead of ${wanted}`;
    }
  }
  return null;
}

/** The code with its only function renamed to the one that was asked for; null when that is not what is wrong. Pure. */
export function underTheRightName(reading: CodeReading, code: string, targets: readonly Target[]): string | null {
  const [target, second] = targets;
  if (target?.kind !== 'function' || second !== undefined) return null;
  const [only, other] = reading.functions.filter((each) => !each.helper);
  if (only === undefined || other !== undefined || reading.functions.some((each) => each.name === target.name))
    return null;
  if (target.params !== null && only.params.length !== target.params.length) return null;
  return code.replace(new RegExp(`\\b${only.name}(?=\\()`, 'g'), target.name);
}

/** A repair that merely spells out the value it was told is worth nothing. Pure. */
export function fitsOnlyTheCase(code: string, faults: readonly string[]): string | null {
  for (const fault of faults) {
    const given = /^\w+\(((['"]).{4,}?\2|-?\d{3,})/.exec(fault)?.[1];
    if (given !== undefined && code.includes(given)) return 'it only spells out the expected answer';
  }
  return null;
}
