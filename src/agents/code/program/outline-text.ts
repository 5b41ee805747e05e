import {
  argumentsOf,
  collectionOf,
  type Field,
  fieldKinds,
  type OutlinedFunction,
  type ProgramOutline,
  type Records,
} from './outline.js';
import { sampleRecord } from './samples.js';

/** The outline in plain words: what a plan tells the Code Agent and the Test Agent, which read it back. */
export function outlineText(outline: ProgramOutline): string {
  const { records } = outline;
  const about = `It is a command line program in Python. ${outline.about}`;
  const lines = [about, ''];
  if (records !== null) lines.push(recordText(records), '');
  lines.push('Functions:');
  for (const each of outline.functions) {
    lines.push(`- ${each.name}(${each.params.join(', ')}): ${each.does}.`);
    for (const example of each.examples) lines.push(`  ${example}`);
  }
  lines.push('', 'Commands:');
  for (const each of outline.functions) {
    const words = argumentsOf(outline, each).map((name) => name.toUpperCase());
    const effect = each.effect === 'changes' ? 'stores' : 'prints';
    lines.push(`- ${[each.command, ...words].join(' ')}: ${effect} what ${each.name} returns`);
  }
  return lines.join('\n');
}

function recordText(records: Records): string {
  const stored = `stored as ${records.format.toUpperCase()} in ${records.storePath}`;
  return `${shapeText(records)} All ${collectionOf(records)} are in a list, ${stored}.`;
}

/** What a record looks like, without a word about storage: told of a file, the 0.5B writes to it in every function. */
export function shapeText(records: Records): string {
  const keys = records.fields.map((field) => `"${field.name}" (${field.kind})`).join(', ');
  return `Each ${records.noun} is a dict with the keys ${keys}, for example ${sampleRecord(records.fields, 0)}.`;
}

/** Reads what {@link outlineText} wrote, wherever it stands in a description; null when it is not there. Pure. */
export function readOutline(description: string, file: string): ProgramOutline | null {
  const text = description.replace(/\r\n/g, '\n');
  const about = /^It is a command line program in Python\. (.*)$/m.exec(text)?.[1];
  const functions = /^Functions:\n((?:(?:- | {2}).*\n)+)/m.exec(text)?.[1];
  const commands = /^Commands:\n((?:- .*(?:\n|$))+)/m.exec(text)?.[1];
  if (about === undefined || functions === undefined || commands === undefined) return null;
  const records = readRecords(text);
  const effects = new Map<string, Pick<OutlinedFunction, 'command' | 'effect'>>();
  for (const match of commands.matchAll(/^- (\S+).*: (stores|prints) what (\w+) returns$/gm)) {
    const [, command = '', effect, name = ''] = match;
    effects.set(name, { command, effect: effect === 'stores' ? 'changes' : 'answers' });
  }
  const found: OutlinedFunction[] = [];
  for (const block of functions.split(/^- /m).slice(1)) {
    const [head = '', ...examples] = block.trimEnd().split('\n');
    const match = /^(\w+)\(([\w, ]*)\): (.*)\.$/.exec(head);
    const name = match?.[1] ?? '';
    const how = effects.get(name);
    if (match === null || how === undefined) return null;
    const params = (match[2] ?? '').split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));
    found.push({ name, params, does: match[3] ?? '', examples: examples.map((line) => line.trim()), ...how });
  }
  return found.length === 0 ? null : { file, about, records, functions: found };
}

function readRecords(text: string): Records | null {
  const match = /^Each (\w+) is a dict with the keys (.*?), for example .*, stored as (JSON|CSV) in (\S+)\.$/m.exec(
    text,
  );
  if (match === null) return null;
  const [, noun = '', keys = '', format, storePath = ''] = match;
  const fields = [...keys.matchAll(/"(\w+)" \((\w+)\)/g)].flatMap((each): Field[] => {
    const kind = fieldKinds.find((known) => known === each[2]);
    return kind === undefined || each[1] === undefined ? [] : [{ name: each[1], kind }];
  });
  return { noun, fields, storePath, format: format === 'CSV' ? 'csv' : 'json' };
}

/** The step of a plan that an outline was made for, as {@link outlineText} and the first line of its description say it. */
export interface OutlinedStep {
  readonly what: 'code' | 'tests';
  readonly outline: ProgramOutline;
}

/** The first line of the description of a step; the outline follows after an empty line. */
export function outlinedStepText(what: OutlinedStep['what'], outline: ProgramOutline): string {
  const order = what === 'code' ? `Write ${outline.file}.` : `Write unit tests for ${outline.file}.`;
  return `${order}\n\n${outlineText(outline)}`;
}

/** Reads what {@link outlinedStepText} wrote; null for any other description. Pure. */
export function readOutlinedStep(description: string): OutlinedStep | null {
  const first = /^Write (unit tests for )?([\w./-]+\.py)\.\n/.exec(description);
  const outline = first?.[2] === undefined ? null : readOutline(description, first[2]);
  return outline === null ? null : { what: first?.[1] === undefined ? 'code' : 'tests', outline };
}
