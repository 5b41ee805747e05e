const readLimit = 4_000;
const fileLimit = 20;
/** A file by its name; what has no ending of letters could be a figure or a word. */
const fileName = String.raw`[\w./-]*\w\.[a-z][a-z0-9]{0,4}`;
/** What may stand between an order and the name of its file. */
const filler =
  'an?|the|my|our|this|that|new|old|small|short|simple|empty|python|javascript|node|text|markdown|file|files|module|script|program|test|tests|report|page|called|named|both';
const quote = '[`"\']?';
/** `slugify.py`, `slugify.py and README.md`, `a.py, b.py and c.py`. */
const list = String.raw`${quote}${fileName}${quote}(?:(?:,\s*(?:and\s+)?|\s+and\s+)${quote}${fileName}${quote})*`;
/** What may come after it; "a node.js server" names no file. */
const end = String.raw`(?=["'\`]?\s*(?:$|[.,;:!?)\n]|(?:with|that|which|in|for|of|and|using|where|so|as|containing|holding|defining|has|having|then|please|to(?!\s+(?:the|my|our|\S*\.\w)))\b))`;
const refusals = /\b(?:do not|don['’]?t|without|never|not|no)\b[^.;,!?\n]{0,60}/gi;

function after(verbs: string): RegExp {
  return new RegExp(`\\b(?:${verbs})\\s+(?:(?:${filler})\\s+){0,5}(${list})${end}`, 'gi');
}

const ordered = after('write|create|generate|add|delete|remove|make(?=\\s+(?:an?|the)\\s)');
const claimed = after('wrote|written|created|generated|added|made');

/** Files whose making or deleting a request orders by name: "Write slugify.py", "delete old.txt". Pure. */
export function orderedFiles(request: string): string[] {
  return filesAfter(ordered, request.slice(0, readLimit).replace(refusals, ' '));
}

/** Files that a summary says were made: "Wrote slugify.py and README.md". Pure. */
export function claimedFiles(summary: string): string[] {
  return filesAfter(claimed, summary.slice(0, readLimit).replace(refusals, ' '));
}

function filesAfter(pattern: RegExp, text: string): string[] {
  const found = [...text.matchAll(pattern)].flatMap(([, names = '']) => names.match(new RegExp(fileName, 'gi')) ?? []);
  const inside = found.map((name) => name.replace(/^\.\//, '')).filter((name) => !/^\/|\.\.|^\W*$/.test(name));
  return [...new Set(inside)].slice(0, fileLimit);
}
