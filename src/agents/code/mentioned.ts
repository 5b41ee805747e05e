import type { CodeReading } from './language.js';
import { escaped } from './name-pattern.js';
import type { Target } from './targets.js';

/** What stands before a name that is meant as one: "the bug in mean", "make total return", "the function sort". */
const leadsIn =
  /\b(in|of|for|fix|mend|repair|debug|correct|change|extend|improve|make|let|so that|that|does|calls?|calling|functions?|methods?|class(?:es)?|helper|def|funktion|methode|klasse|behebe|repariere|korrigiere|lass)\s+(?:the\s+|die\s+|der\s+)?[`'"]?$/i;
/** What stands behind it: "sort function", "mean crashes", "total returns". */
const leadsOut =
  /^[`'"]?\s+(functions?|methods?|class|helper|funktion|methode|klasse|returns?|gives?|crash(es)?|fails?|raises?|throws?|ignores?|counts?|leaves?|does|doesn'?t|should|must|is|has|never|always|only|still|gibt|liefert|soll(te)?|macht|ist)\b/i;
/** Behind a verb: "add a function", "sort the list". */
const objectFollows =
  /^\s+(an?|the|some|any|more|another|all|this|that|these|it|my|our|your|new|eine?n?|den|das|alle)\b/i;
/** Names of which no sentence is sure to speak unless something marks them. */
const commonWords =
  /^(add|run|get|set|main|test|tests|list|open|read|write|find|sort|count|update|delete|remove|print|show|check|load|save|parse|format|start|stop|help|file|code|error|number|value|name|text|line|lines|item|items|names|files|numbers|tests|data|user|total|first|last|next|call|send|make|fix|change|convert|close|move|copy|filter|search|join|split|search|size|length|index|range|max|min|sum|all|any|done|key|keys|values|input|output|result|program|function|class|method|command|work|working|wrong|right|time|date|day|year|page|task|message|word|words|string|round)$/i;

/** Those of `names` that a request speaks of, in its order. A name that is a plain word must be used as a name. Pure. */
export function mentionedIn(wish: string, names: readonly string[]): string[] {
  const found: { name: string; at: number }[] = [];
  for (const name of new Set(names)) {
    const at = placeOf(wish, name);
    if (at >= 0) found.push({ name, at });
  }
  return found.sort((a, b) => a.at - b.at).map((each) => each.name);
}

function placeOf(wish: string, name: string): number {
  const plain = /^[a-z]+$/.test(name);
  // Not a part of a path or of a longer word.
  for (const match of wish.matchAll(new RegExp(`(?<![\\w/-]|\\w\\.)${escaped(name)}(?![\\w/-]|\\.\\w)`, 'g'))) {
    const before = wish.slice(Math.max(0, match.index - 40), match.index);
    const after = wish.slice(match.index + name.length, match.index + name.length + 40);
    const marked = /^\(/.test(after) || (/[`'"]$/.test(before) && /^[`'"]/.test(after));
    if (marked || !plain) return match.index;
    if (objectFollows.test(after)) continue;
    const common = commonWords.test(name);
    if (leadsOut.test(after) || (leadsIn.test(before) && !(common && /\b(?:of|for)\s+$/i.test(before))))
      return match.index;
    if (name.length > 3 && !common) return match.index;
  }
  return -1;
}

/**
 * What a request means among the things that a module defines: functions by their names, classes by theirs or by one of
 * their methods. Pure.
 */
export function meantIn(wish: string, reading: CodeReading): Target[] {
  const functions = new Map(reading.functions.map((each) => [each.name, each]));
  const classOf = new Map<string, string>();
  for (const each of reading.classes) for (const method of each.methods) classOf.set(method, each.name);
  for (const each of reading.classes) classOf.set(each.name, each.name);
  const targets = new Map<string, Target>();
  for (const name of mentionedIn(wish, [...functions.keys(), ...classOf.keys()])) {
    const shape = functions.get(name);
    const owner = shape?.name ?? classOf.get(name) ?? name;
    if (targets.has(owner)) continue;
    targets.set(owner, {
      kind: shape === undefined ? 'class' : 'function',
      name: owner,
      params: shape?.params ?? null,
    });
  }
  return [...targets.values()];
}
