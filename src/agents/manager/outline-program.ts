import { findFileNames } from '../code/file-names.js';
import { functionFor, operationOf } from '../code/program/operations.js';
import {
  collectionOf,
  type Field,
  type OutlinedFunction,
  type ProgramOutline,
  pluralOf,
  type Records,
} from '../code/program/outline.js';
import { commandsIn, singularOf } from './command-words.js';
import { pythonName } from './python-names.js';

/** What the small schema asks for; nothing of it is certain. */
export interface OutlineAnswer {
  readonly kind?: unknown;
  readonly file?: unknown;
  readonly fields?: unknown;
  readonly commands?: unknown;
}

export interface Outlined {
  readonly outline: ProgramOutline;
  /** What was put right, and why. */
  readonly notes: readonly string[];
}

const commandLimit = 6;
/** Beyond so many the 0.5B takes minutes to read the examples. */
const fieldLimit = 3;
const paramLimit = 4;

/**
 * Makes an outline of what a model said about a program: names are put into Python's form, commands that the request lists
 * are added, known operations get their exact meaning with examples, and what cannot be used is left out. Null when nothing
 * usable is left. Pure.
 */
export function outlineProgram(answer: OutlineAnswer, request: string, about: string): Outlined | null {
  const notes: string[] = [];
  const said = commandsOf(answer.commands);
  const listed = commandsIn(request);
  const file = fileOf(answer.file, request, notes);
  const keeps = /\b(stor(e[sd]?|ing)|sav(e[sd]?|ing)|kept|keeps?|json|csv|database|persist\w*|tracker)\b/i.test(
    request,
  );
  if (answer.kind === 'records' || keeps) {
    const records = recordsOf(
      answer,
      request,
      file,
      [...listed.verbs, ...said.map((each) => each.name)],
      listed.noun,
      notes,
    );
    const functions = recordFunctions(said, listed.verbs, records, notes);
    return { outline: { file, about, records, functions }, notes };
  }
  const functions = calculations(said);
  if (functions.length === 0) return null;
  return { outline: { file, about, records: null, functions }, notes };
}

interface SaidCommand {
  readonly name: string;
  readonly params: readonly string[];
  readonly does: string;
}

function commandsOf(raw: unknown): SaidCommand[] {
  if (!Array.isArray(raw)) return [];
  const found = new Map<string, SaidCommand>();
  for (const each of raw.slice(0, 2 * commandLimit) as unknown[]) {
    if (typeof each !== 'object' || each === null) continue;
    const { name, arguments: args, does } = each as Readonly<Record<string, unknown>>;
    const plain = typeof name === 'string' ? name.trim() : '';
    if (!/[a-z]/i.test(plain) || found.has(plain)) continue;
    const params = (Array.isArray(args) ? (args as unknown[]) : []).flatMap((arg) =>
      typeof arg === 'string' ? (pythonName(arg) ?? []) : [],
    );
    found.set(plain, { name: plain, params: [...new Set(params)].slice(0, paramLimit), does: sentence(does) });
  }
  return [...found.values()];
}

/** One line without a full stop, safe to stand in a plan. */
function sentence(text: unknown): string {
  if (typeof text !== 'string') return '';
  return text
    .replace(/\s+/g, ' ')
    .replace(/[.\s]+$/, '')
    .replace(/[():`]/g, '')
    .trim()
    .slice(0, 160);
}

function fileOf(raw: unknown, request: string, notes: string[]): string {
  const named = findFileNames(request).find((file) => file.language === 'python' && !/^tests?_/.test(file.path));
  if (named !== undefined) return named.path;
  const said = typeof raw === 'string' ? raw : '';
  const base = pythonName(said.replace(/\.\w+$/, ''))?.replace(/_$/, '_program') ?? 'program';
  const file = `${base.replace(/^tests?_/, '')}.py`;
  if (file !== said) notes.push(`The program is called ${file} instead of "${said.slice(0, 40)}".`);
  return file;
}

function recordsOf(
  answer: OutlineAnswer,
  request: string,
  file: string,
  commands: readonly string[],
  listedNoun: string | null,
  notes: string[],
): Records {
  const noun = nounOf(answer, listedNoun, file);
  const fields = fieldsOf(answer.fields, noun);
  const setting = commands.find((name) => /^(set|unset)$/.test(operationOf(name, [{ name: 'done', kind: 'flag' }])));
  if (setting !== undefined && !fields.some((field) => field.kind === 'flag')) {
    fields.push({ name: 'done', kind: 'flag' });
    notes.push(`A ${noun} got the field "done", which ${setting} sets.`);
  }
  const format = /\bcsv\b/i.test(request) ? 'csv' : 'json';
  const named = findFileNames(request).find((each) => each.path.endsWith(`.${format}`))?.path;
  return { noun, fields, storePath: named ?? file.replace(/\.py$/, `.${format}`), format };
}

function nounOf(answer: OutlineAnswer, listed: string | null, file: string): string {
  const does = commandsOf(answer.commands)
    .map((each) => each.does)
    .join('. ');
  const told =
    listed ??
    /\badds? (?:a|an|one)(?: new)? ([a-z]+)/i.exec(does)?.[1] ??
    /\blists? (?:all )?(?:the )?([a-z]+)/i.exec(does)?.[1] ??
    'item';
  const noun = pythonName(singularOf(told.toLowerCase())) ?? 'item';
  const module = file.replace(/^.*\/|\.py$/g, '');
  // Names that the program needs otherwise, and words that say nothing.
  const taken = pluralOf(noun) === noun || noun === 'file' || noun === 'number' || pluralOf(noun) === module;
  return taken ? 'item' : noun;
}

function fieldsOf(raw: unknown, noun: string): Field[] {
  const found = new Map<string, Field>();
  let flagged = false;
  let typed = 0;
  for (const each of Array.isArray(raw) ? (raw as unknown[]) : []) {
    if (typeof each !== 'object' || each === null) continue;
    const { name, type } = each as Readonly<Record<string, unknown>>;
    const plain = typeof name === 'string' ? pythonName(name) : null;
    if (plain === null || /^(id_?|number|file|index|path)$/.test(plain) || plain === pluralOf(noun)) continue;
    const kind = type === 'number' ? 'number' : type === 'yes/no' ? 'flag' : 'text';
    if (found.has(plain) || (kind !== 'flag' && typed >= fieldLimit) || (kind === 'flag' && flagged)) continue;
    flagged ||= kind === 'flag';
    if (kind !== 'flag') typed += 1;
    found.set(plain, { name: plain, kind });
  }
  const fields = [...found.values()];
  if (!fields.some((field) => field.kind === 'text')) fields.unshift({ name: 'text', kind: 'text' });
  // A flag is what commands change, not what one types.
  return [...fields.filter((field) => field.kind !== 'flag'), ...fields.filter((field) => field.kind === 'flag')];
}

function recordFunctions(
  said: readonly SaidCommand[],
  listed: readonly string[],
  records: Records,
  notes: string[],
): OutlinedFunction[] {
  const many = collectionOf(records);
  const names = listed.length > 0 ? [...listed] : said.map((each) => each.name);
  const does = (operation: string): boolean => names.some((name) => operationOf(name, records.fields) === operation);
  for (const [operation, name] of [
    ['list', 'list'],
    ['add', 'add'],
  ] as const) {
    if (does(operation)) continue;
    names.unshift(name);
    notes.push(`The command ${name} was added: without it the program has nothing to show.`);
  }
  const found = new Map<string, OutlinedFunction>();
  for (const name of names) {
    const own = said.find((each) => each.name.toLowerCase().startsWith(name)) ?? { name, params: [], does: '' };
    const command = (pythonName(name) ?? 'run').replace(/_$/, '').split('_')[0] ?? name;
    const operation = operationOf(command, records.fields);
    const known = functionFor(operation, command, records);
    const each = known ?? otherFunction(own, command, many, records.noun);
    if (found.size < commandLimit && each !== null && !found.has(each.name)) found.set(each.name, each);
    else notes.push(`The command ${name} was left out.`);
  }
  return [...found.values()];
}

function otherFunction(own: SaidCommand, command: string, many: string, noun: string): OutlinedFunction | null {
  if (own.does === '') return null;
  const changes = /\b(add|mark|set|change|update|remove|move|increase|decrease|delete|store|assign)s?\b/i.test(
    own.does,
  );
  return {
    name: `${command}_${noun}`,
    params: [many, ...own.params.filter((name) => name !== many)],
    does: `${own.does}${changes ? `, and returns the list of ${many}` : ''}`,
    examples: [],
    command,
    effect: changes ? 'changes' : 'answers',
  };
}

function calculations(said: readonly SaidCommand[]): OutlinedFunction[] {
  const found = new Map<string, OutlinedFunction>();
  for (const each of said) {
    const name = pythonName(each.name);
    if (name === null || each.does === '' || found.has(name) || found.size >= commandLimit) continue;
    found.set(name, { name, params: each.params, does: each.does, examples: [], command: name, effect: 'answers' });
  }
  return [...found.values()];
}
