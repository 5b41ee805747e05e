import { type Document, isMap, isNode, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';
import { WilsonError } from '../errors.js';
import type { Config } from './config.js';
import { type KeyPath, keyText, type Problem } from './problem.js';
import { problemsOf } from './problems-of.js';
import { resolveConfig } from './resolve.js';
import { configSchema } from './schema.js';

/** Aliases that one document may use; more is an attempt to make a small file huge. */
const maxAliases = 50;

/**
 * The configuration in the text of `file`.
 *
 * Throws `CONFIG_NOT_YAML` (with line and column) or `CONFIG_INVALID`, whose message lists every problem at once, each
 * with file, line, column, key, what was found and what is allowed.
 */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  const broken = document.errors.filter((error) => error.code !== 'DUPLICATE_KEY');
  if (broken.length > 0) throw notYaml(file, broken);
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    throw invalid(file, [
      { where: file, text: 'nothing is in it but comments; allowed: the keys llms, workers and resources' },
    ]);
  }

  const located: Located[] = [];
  for (const error of document.errors) located.push(at(file, error.linePos?.[0], `a key stands here twice`));
  for (const warning of document.warnings) located.push(at(file, warning.linePos?.[0], firstLine(warning.message)));
  const data = plainData(document, file);
  const checked = configSchema.safeParse(data);
  const problems = checked.success ? [] : problemsOf(checked.error, data);
  const resolved = checked.success ? resolveConfig(checked.data, file) : null;
  for (const problem of [...problems, ...(resolved?.problems ?? [])]) {
    const text = `${keyText(problem.path)}: ${problem.text}`;
    located.push(at(file, positionOf(document, lines, problem), text));
  }
  if (located.length > 0 || resolved === null) throw invalid(file, located);
  return resolved.config;
}

/**
 * Whether a text is, or was meant to be, a configuration of Wilson: one of its keys stands at the top. It is also
 * answered for text that is no YAML, by its lines.
 */
export function looksLikeWilson(text: string): boolean {
  const document = parseDocument(text);
  if (document.errors.length > 0) return /^['"]?(llms|workers|resources)['"]?[ \t]*:/m.test(text);
  return ['llms', 'workers', 'resources'].some((key) => pairAt(document, [key]) !== undefined);
}

interface Position {
  readonly line: number;
  readonly col: number;
}

interface Located {
  readonly where: string;
  readonly text: string;
  readonly line?: number;
}

function at(file: string, position: Position | undefined, text: string): Located {
  if (!position) return { where: file, text };
  return { where: `${file}:${position.line}:${position.col}`, text, line: position.line };
}

function plainData(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    // The library throws a ReferenceError for too many aliases, and nothing else here.
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(file, [
      { where: file, text: `its aliases (*name) expand too far (${reason}); write the values out instead` },
    ]);
  }
}

/** Where a key or its value stands; for a key that is missing, the nearest one above it. */
function positionOf(document: Document, lines: LineCounter, problem: Problem): Position | undefined {
  for (let length = problem.path.length; length > 0; length--) {
    const pair = pairAt(document, problem.path.slice(0, length));
    if (!pair) continue;
    const aboutValue = length === problem.path.length && !problem.aboutKey && isNode(pair.value);
    const node = aboutValue && !isEmpty(pair.value) ? pair.value : pair.key;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]);
  }
  return { line: 1, col: 1 };
}

function pairAt(document: Document, path: KeyPath): Pair | undefined {
  const key = path[path.length - 1];
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  return parent.items.find((item) => (isScalar(item.key) ? String(item.key.value) : String(item.key)) === String(key));
}

/** An empty value has its place after the colon, often on the next line; the key says more. */
function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}

function notYaml(file: string, errors: readonly { message: string; linePos?: readonly Position[] }[]): WilsonError {
  const text = errors
    .slice(0, 5)
    .map((error) => {
      const position = error.linePos?.[0];
      const where = position ? `${file}:${position.line}:${position.col}` : file;
      return `${where} ${firstLine(error.message)}`;
    })
    .join('\n');
  return new WilsonError('CONFIG_NOT_YAML', `The configuration is not valid YAML.\n${text}`, {
    hint: 'Indent with spaces (no tabs), put a space after each colon, and quote values that contain a colon or a #.',
  });
}

function invalid(file: string, problems: readonly Located[]): WilsonError {
  const sorted = [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const count = sorted.length === 1 ? 'a problem' : `${sorted.length} problems`;
  const list = sorted.map((problem) => `${problem.where} ${problem.text}`).join('\n');
  return new WilsonError('CONFIG_INVALID', `The configuration has ${count}.\n${list}`, {
    hint: `Mend ${sorted.length === 1 ? 'it' : 'them'} in ${file}, or take a working profile (wilson config use midrange).`,
  });
}

/** The library adds the place and a picture of the line to its message; the place is given in our own form. */
function firstLine(message: string): string {
  const line = message.split('\n')[0] ?? '';
  return line.replace(/ at line \d+, column \d+:?$/, '').replace(/:$/, '');
}
