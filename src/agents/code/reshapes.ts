import type { CodeRequest } from './request.js';

/** An order at the beginning of a sentence or of a part of one. */
const atOrder = '(?:^|[.;:!?\\n]\\s*|\\b(?:please|and|then|to|you|bitte|und|in\\s+\\S+)\\s+)';
const definitions =
  '(?:functions?|methods?|class(?:es)?|files?|modules?|parameters?|arguments?|imports?|comments?|prints?|variables?|unused|dead|duplicated?|code|lines?|funktion(?:en)?|klassen?|datei(?:en)?|kommentare?)';

const reshaping: readonly RegExp[] = [
  new RegExp(
    `${atOrder}(?:rename|refactor|restructure|reorgani[sz]e|clean\\s+up|tidy(?:\\s+up)?|simplify|reformat|lint|annotate|extract|inline|benenne|strukturiere|refaktorisiere|vereinfache)\\b(?![_(])`,
    'i',
  ),
  new RegExp(
    `${atOrder}(?:move|remove|delete|drop|split|merge|verschiebe|lösche|entferne|teile)\\s+(?:\\S+\\s+){0,4}?${definitions}\\b`,
    'i',
  ),
  /\b(?:convert|port|translate|rewrite|migrate|übersetze)\b[^\n]{0,60}\b(?:in|into|to|nach)\s+(?:python|javascript|typescript|java|go|golang|rust|c\+\+|es\s?modules?|esm|commonjs|async|classes|a\s+class)\b/i,
  /\b(?:add|write|put|ergänze|füge)\b[^\n]{0,40}\b(?:docstrings?|comments?|type\s+(?:hints?|annotations?)|typing|logging|documentation|kommentare?|dokumentation)\b/i,
];

/**
 * Whether a request wants existing code in another shape with the same behaviour: renamed, moved, taken out, commented.
 * No call gives anything else afterwards, so that nothing tells a right answer of a small model from a wrong one. Pure.
 */
export function wantsReshaping(wish: string): boolean {
  return reshaping.some((pattern) => pattern.test(wish));
}

const newThings = new RegExp(
  `${atOrder}(?:(?:also|just)\\s+)?(?:write|create|implement|build|generate|develop|add|append|complete|finish|schreib\\w*|erstell\\w*|ergänz\\w*|füge|programmier\\w*|implementier\\w*)\\b|\\b(?:new|another|neue)\\s+(?:optional\\s+)?(?:function|class|method|file|module|parameter|argument|option|funktion|klasse|datei)\\b`,
  'i',
);

/** Whether a request orders something that is not there yet; what does not speaks of what is there. Pure. */
export function ordersNew(request: Pick<CodeRequest, 'wish' | 'skeleton'>): boolean {
  return request.skeleton !== null || newThings.test(request.wish);
}
