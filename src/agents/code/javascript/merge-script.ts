import { WilsonError } from '../../../errors.js';
import { type TopLevel, topLevelPieces } from './top-level.js';

/**
 * A script with the definitions of `code` put in: those of the same name are replaced where they stand, in the way they
 * were exported and with the comment above them unless the new one brings its own; new ones go in front of the exports.
 * The rest stays as it is, line endings too. Throws `MERGE_REFUSED` where either cannot be parsed. Pure.
 */
export function mergeScript(base: string, code: string): string {
  if (base.includes('\r')) return mergeScript(base.replaceAll('\r\n', '\n'), code).replaceAll('\n', '\r\n');
  let merged = base;
  const added: string[] = [];
  for (const piece of piecesOf(code, 'The new code')) {
    if (piece.kind === 'export') continue;
    const old = piecesOf(merged, 'The existing file').find((each) => each.name !== null && each.name === piece.name);
    if (old !== undefined) {
      const start = piece.start < piece.codeStart ? old.start : old.codeStart;
      merged = merged.slice(0, start) + replacing(piece, old.exported) + merged.slice(old.end);
    } else if (piece.kind === 'import') {
      if (!merged.includes(piece.text)) merged = withImport(merged, piece.text);
    } else added.push(piece.text);
  }
  if (added.length === 0) return merged;
  const exports = piecesOf(merged, 'The existing file').find((piece) => piece.kind === 'export');
  const block = added.join('\n\n');
  if (exports === undefined) return `${merged.trimEnd()}\n\n${block}\n`.trimStart();
  return `${merged.slice(0, exports.start)}${block}\n\n${merged.slice(exports.start)}`;
}

function replacing(piece: TopLevel, exported: string): string {
  const comment = piece.text.slice(0, piece.codeStart - piece.start);
  const code = piece.text.slice(piece.codeStart - piece.start);
  return `${comment}${exported}${code.slice(piece.exported.length)}`;
}

/** Above the first statement, but below a hashbang, `'use strict'` and the comment that opens the file. */
function withImport(text: string, line: string): string {
  const pieces = piecesOf(text, 'The existing file');
  const at = pieces.find(({ node }) => !('directive' in node))?.start ?? text.length;
  return `${text.slice(0, at)}${line}\n${text.slice(at)}`;
}

function piecesOf(code: string, what: string): TopLevel[] {
  try {
    return topLevelPieces(code);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new WilsonError(
      'MERGE_REFUSED',
      `The new code was not put into the file: ${what} does not parse: ${error.message}.`,
      {
        hint: 'Mend the existing file first, or ask for a new file.',
      },
    );
  }
}
