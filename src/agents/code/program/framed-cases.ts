import type { CaseStep, TestCase } from '../language.js';
import { argumentsOf, collectionOf, type OutlinedFunction, type ProgramOutline, type Records } from './outline.js';
import { sampleRecord, sampleRecords, sampleValue } from './samples.js';
import { storageNames } from './scaffold.js';
import { typed } from './trial.js';

/**
 * Test cases for what no assertion of one line reaches: that records come back as they were stored, and what the commands
 * do, in a folder of their own. Built by rules from the outline alone. Pure.
 */
export function framedCases(outline: ProgramOutline): TestCase[] {
  const { records } = outline;
  return [...(records === null ? [] : storageCases(records)), ...commandCases(outline)];
}

/** Names from the module that these cases use. */
export function framedNames(outline: ProgramOutline): string[] {
  const { records } = outline;
  if (records === null) return [];
  const { load, save } = storageNames(records);
  return [load, save];
}

const folder = [prepare('folder = tempfile.TemporaryDirectory()'), prepare('self.addCleanup(folder.cleanup)')];
const inFolder: readonly CaseStep[] = [prepare('import os, tempfile'), ...folder];
/** For cases that catch what is printed. */
const inFolderCaught: readonly CaseStep[] = [prepare('import contextlib, io, os, tempfile'), ...folder];

function storageCases(records: Records): TestCase[] {
  const { load, save } = storageNames(records);
  const two = sampleRecords(records.fields, 2);
  const path = prepare(`path = os.path.join(folder.name, ${JSON.stringify(fileName(records))})`);
  const back = `${load}(path)`;
  return [
    { name: `${load}_without_file`, steps: [...inFolder, path, equal(back, '[]')] },
    { name: `${save}_and_${load}`, steps: [...inFolder, path, prepare(`${save}(path, ${two})`), equal(back, two)] },
  ];
}

function commandCases(outline: ProgramOutline): TestCase[] {
  const { records } = outline;
  if (records === null) return [];
  const add = outline.functions.find((each) => each.command === 'add');
  if (add === undefined) return [];
  const { load, save } = storageNames(records);
  const path = prepare(`path = os.path.join(folder.name, ${JSON.stringify(fileName(records))})`);
  const line = (each: OutlinedFunction): string =>
    `main(['--file', path, ${[each.command, ...typed(outline, each, 0)].map((part) => `'${part}'`).join(', ')}])`;
  const stored = prepare(`${save}(path, ${sampleRecords(records.fields, 2)})`);
  const cases: TestCase[] = [
    {
      name: 'add_command_stores',
      steps: [...inFolder, path, equal(line(add), '0'), equal(`${load}(path)`, `[${sampleRecord(records.fields, 0)}]`)],
    },
  ];
  for (const each of outline.functions.filter((one) => one !== add && one.examples.length > 0)) {
    const output = prepare('output = io.StringIO()');
    const run = prepare(`with contextlib.redirect_stdout(output):\n    code = ${line(each)}`);
    const shown =
      each.effect === 'answers' && /^(list|show|view)/.test(each.command) ? [shows(records)] : ([] as CaseStep[]);
    const two = sampleRecords(records.fields, 2);
    const call = `${each.name}(${[two, ...literals(outline, each)].join(', ')})`;
    const changed = each.effect === 'changes' ? [equal(`${load}(path)`, call)] : [];
    cases.push({
      name: `${each.command}_command`,
      steps: [...inFolderCaught, path, stored, output, run, equal('code', '0'), ...shown, ...changed],
    });
  }
  const numbered = outline.functions.find(
    (each) => argumentsOf(outline, each)[0] === 'number' && each.examples.length > 0,
  );
  if (numbered !== undefined) {
    const errors = prepare('errors = io.StringIO()');
    const run = prepare(`with contextlib.redirect_stderr(errors):\n    code = ${line(numbered)}`);
    const said = `There is no ${records.noun} to change: the exit code says so.`;
    cases.push({
      name: `${numbered.command}_command_without_${collectionOf(records)}`,
      steps: [...inFolderCaught, path, errors, run, { ...equal('code', '1'), call: said }],
    });
  }
  return cases;
}

/** The arguments that {@link typed} types, as the function gets them. */
function literals(outline: ProgramOutline, each: OutlinedFunction): string[] {
  const kindOf = (name: string): string | undefined =>
    outline.records?.fields.find((field) => field.name === name)?.kind ?? (name === 'number' ? 'number' : 'text');
  const names = argumentsOf(outline, each);
  return typed(outline, each, 0).map((text, index) =>
    kindOf(names[index] ?? '') === 'number' ? text : JSON.stringify(text),
  );
}

function shows(records: Records): CaseStep {
  const field = records.fields.find((each) => each.kind === 'text');
  const text = field === undefined ? '"1"' : sampleValue(field, 0);
  return { run: '', check: `self.assertIn(${text}, output.getvalue())`, call: 'output.getvalue()', expected: text };
}

function fileName(records: Records): string {
  return records.storePath.split('/').at(-1) ?? records.storePath;
}

function prepare(run: string): CaseStep {
  return { run, check: null, call: '', expected: '' };
}

function equal(actual: string, expected: string): CaseStep {
  return { run: actual, check: `self.assertEqual(${actual}, ${expected})`, call: actual, expected };
}
