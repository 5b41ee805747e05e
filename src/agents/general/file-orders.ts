import { findFileNames } from '../code/file-names.js';

/** Work on files that a request wants. */
export type FileOrder =
  /** One file gets another name or place. */
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** All files with one ending get another. */
  | { readonly kind: 'ending'; readonly from: string; readonly to: string }
  /** A table becomes JSON, or a list of objects a table. */
  | { readonly kind: 'convert'; readonly from: string; readonly to: string }
  /** Something else that changes files, which takes a model that uses tools. */
  | { readonly kind: 'other' };

const verbs =
  /\b(?:rename|move|convert|organi[sz]e|sort|group|delete|remove|copy|merge|split|clean ?up|tidy|restructure|extract|unzip|zip|replace|reformat|umbenennen|verschiebe|sortiere)\b/i;
const objects =
  /\b(?:files?|folders?|director(?:y|ies)|images?|photos?|documents?|endings?|extensions?|dateien|ordner)\b|\.\w{1,5}\b/i;

/** What a request wants done to files, by its wording; null for one that wants a text. Pure. */
export function readFileOrder(request: string): FileOrder | null {
  const text = request.slice(0, 2_000);
  if (!verbs.test(text) || !objects.test(text)) return null;
  const endings =
    /\b(?:rename|change|convert)\s+(?:all|every|the)\s+(?:of\s+)?(?:the\s+|my\s+)?\*?(\.\w{1,5})(?:\s+files?)?\s+(?:in)?to\s+\*?(\.\w{1,5})\b/i.exec(
      text,
    );
  const [, oldEnding, newEnding] = endings ?? [];
  const isRename = /\b(?:rename|umbenennen)\b/i.test(text);
  if (oldEnding !== undefined && newEnding !== undefined && isRename) {
    return { kind: 'ending', from: oldEnding.toLowerCase(), to: newEnding.toLowerCase() };
  }
  const names = findFileNames(text).map(({ path }) => path);
  const [from, to, third] = names;
  if (third !== undefined || from === undefined) return { kind: 'other' };
  // More than one order in one request is more than these rules can tell.
  if (/\b(?:and|then|also)\b[^.]*\b(?:update|change|edit|fix|add|write|delete|import)/i.test(text))
    return { kind: 'other' };
  if (/\b(?:rename|move)\b/i.test(text)) {
    if (to !== undefined) return { kind: 'rename', from, to };
    const folder =
      /\b(?:to|into)\s+(?:the\s+|a\s+)?(?:folder\s+|directory\s+)?`?([\w-]+(?:\/[\w-]+)*)\/?`?(?:\s+(?:folder|directory))?\s*[.!]?$/i.exec(
        text,
      )?.[1];
    const isMove = /\bmove\b/i.test(text) && folder !== undefined;
    return isMove ? { kind: 'rename', from, to: `${folder}/${from.split('/').at(-1) ?? from}` } : { kind: 'other' };
  }
  if (/\bconvert\b/i.test(text)) {
    const target = to ?? targetOf(text, from);
    const isKnown = target !== null && /\.(?:csv|tsv)$/i.test(from) && /\.json$/i.test(target);
    const isBack = target !== null && /\.json$/i.test(from) && /\.csv$/i.test(target);
    if (target !== null && (isKnown || isBack)) return { kind: 'convert', from, to: target };
  }
  return { kind: 'other' };
}

function targetOf(text: string, from: string): string | null {
  const ending = /\b(?:in)?to\s+(?:a\s+)?\.?(json|csv)\b/i.exec(text)?.[1];
  return ending === undefined ? null : from.replace(/\.\w+$/, `.${ending.toLowerCase()}`);
}
