import { diffLines } from 'diff';
import type { CaseFault } from './case-fault.js';
import type { Choice, WeighedCase } from './choice.js';
import { balanced } from './example-text.js';
import { blocksOf, headOf } from './source-outline.js';
import { parameterNames, type Target } from './targets.js';
import { agreement } from './trust.js';

/** Share of the model's own expectations that must hold for a version that nothing else speaks for. */
const leastAgreement = 0.5;

/**
 * Whether a version is to be believed: two do the same, nothing that has to hold is missed, and something that did not hold
 * before does now. Where that was only the model's idea, most of its ideas must hold, and two of them or one that came up
 * twice must be new. Pure.
 */
export function isSure(choice: Choice, changed: readonly WeighedCase[]): boolean {
  if (choice.failing.some((each) => each.required) || choice.support < 2) return false;
  if (changed.some((each) => each.required)) return true;
  const told = changed.length > 1 || changed.some((each) => each.votes > 1);
  return told && agreement(choice) >= leastAgreement;
}

/** The version with the fewest lines that are not in the file as it was; the earlier of equals. Pure. */
export function leastChanged(before: string, versions: readonly string[]): string {
  const cost = (text: string): number => {
    const changes = diffLines(before, text);
    return changes.reduce((sum, each) => sum + (each.added || each.removed ? each.count : 0), 0);
  };
  const costs = versions.map(cost);
  return versions[costs.indexOf(Math.min(...costs))] ?? before;
}

/**
 * Whether a version of a definition still reads the fields that it read: one that does not has mistaken what it is given
 * (`sum += item` for `sum += item.price`). A field that the request speaks of may go. Pure.
 */
export function keepsFields(before: string, version: string, name: string, wish: string): boolean {
  const blockOf = (text: string): string => blocksOf(text).find((each) => each.name === name)?.text ?? '';
  const now = new Set(fieldsIn(blockOf(version)));
  return fieldsIn(blockOf(before)).every((field) => now.has(field) || new RegExp(`\\b${field}\\b`).test(wish));
}

function fieldsIn(code: string): string[] {
  const keys = [...code.matchAll(/\[\s*(['"])([A-Za-z_]\w*)\1\s*\]/g)].map((match) => match[2] ?? '');
  const properties = [...code.matchAll(/\w\)?\]?\.([A-Za-z_]\w*)\b(?!\s*\()/g)].map((match) => match[1] ?? '');
  return [...keys, ...properties.filter((each) => each !== 'length')];
}

/**
 * A version in which the function still has the signature, docstring and decorators that it had, when it takes the same
 * parameters: a model leaves out what it was not asked about. Pure.
 */
export function withHeadOf(before: string, version: string, { name, kind }: Target): string {
  if (kind !== 'function') return version;
  const [old, fresh] = [headOf(before, name), headOf(version, name)];
  if (old === null || fresh === null || parametersIn(old, name) !== parametersIn(fresh, name)) return version;
  return version.replace(fresh, () => old);
}

/** The names in a parameter list, without annotations and defaults; null where it cannot be read. */
function parametersIn(head: string, name: string): string | null {
  const at = head.search(new RegExp(`\\b${name}\\s*\\(`));
  const list = at < 0 ? null : balanced(head, head.indexOf('(', at));
  return list === null ? null : (parameterNames(list.slice(1, -1))?.join() ?? null);
}

/** What a call gave, out of the words of an assertion that does not hold; the words themselves for an error. Pure. */
export function valueIn(fault: string): string {
  return /^(.+?) (?:!=|is not) /.exec(fault)?.[1] ?? fault.replace(/^it gave /, '');
}

/** Whether a case fails for something that was never there, which says nothing about a fault. Pure. */
export function isForeign(fault: string): boolean {
  return /^(AttributeError|NameError|ReferenceError)\b|is not a function/.test(fault);
}

/** Whether all that was wrong is that the code raised an error: then nothing else that it gives may change. Pure. */
export function onlyCrashed(faults: readonly CaseFault[]): boolean {
  return faults.every(({ said }) => /^(?:\w*(?:Error|Exception)|took too long)/.test(said));
}
