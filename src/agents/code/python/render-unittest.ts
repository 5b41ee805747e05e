import path from 'node:path';
import type { RenderedTests, TestCase } from '../language.js';
import { nameOfCall, uniqueNames } from '../test-name.js';

/** A unittest file: one class for each name that is tested, one method a case, each named after what it tests. */
export function renderUnittest({ modulePath, names, cases }: RenderedTests): string {
  const { lines, module } = importLines(modulePath);
  const groups = groupByName(names, cases);
  const classes = [...groups].map(([name, members]) => renderClass(name, members));
  return [
    ...lines.before,
    'import unittest',
    ...lines.after,
    '',
    `from ${module} import ${names.join(', ')}`,
    '',
    '',
    classes.join('\n\n'),
    '',
    "if __name__ == '__main__':",
    '    unittest.main()',
    '',
  ].join('\n');
}

/** A module is imported by its dotted path from the workspace root, which is where tests are started. */
function importLines(modulePath: string): { lines: { before: string[]; after: string[] }; module: string } {
  const parts = modulePath.replace(/\.py$/, '').split('/');
  if (parts.every((part) => /^[A-Za-z_]\w*$/.test(part))) {
    return { lines: { before: [], after: [] }, module: parts.join('.') };
  }
  const folder = path.posix.dirname(modulePath);
  return {
    lines: { before: ['import os', 'import sys'], after: ['', `sys.path.insert(0, os.path.abspath('${folder}'))`] },
    module: parts.at(-1) ?? modulePath,
  };
}

function groupByName(names: readonly string[], cases: readonly TestCase[]): Map<string, TestCase[]> {
  const groups = new Map<string, TestCase[]>();
  for (const each of cases) {
    const text = each.steps.map((step) => `${step.run} ${step.check ?? ''}`).join(' ');
    const name = names.find((candidate) => new RegExp(`\\b${candidate}\\(`).test(text)) ?? names[0] ?? 'module';
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  return groups;
}

function renderClass(name: string, cases: readonly TestCase[]): string {
  const titles = uniqueNames(cases.map((each) => `test_${caseName(each)}`));
  const methods = cases.map((each, index) =>
    [`    def ${titles[index]}(self):`, ...bodyLines(each).map((line) => `        ${line}`)].join('\n'),
  );
  return `class ${pascalCase(name)}Test(unittest.TestCase):\n${methods.join('\n\n')}\n`;
}

function caseName(each: TestCase): string {
  if (each.name !== null) return each.name.replace(/^test_?/i, '').replace(/\W+/g, '_') || 'case';
  const checked = each.steps.find((step) => step.check !== null);
  const called = checked === undefined || each.steps.length > 1 ? (each.steps.at(-1)?.call ?? '') : checked.call;
  if (each.steps.length > 1) return /\.(\w+)\(/.exec(called)?.[1] ?? 'case';
  return nameOfCall(called);
}

function bodyLines(each: TestCase): string[] {
  return each.steps.flatMap((step) => (step.check ?? step.run).split('\n')).filter((line) => line !== '');
}

function pascalCase(name: string): string {
  return name
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
