import path from 'node:path';
import type { RenderedTests, TestCase } from '../language.js';
import { nameOfCall, uniqueNames } from '../test-name.js';

export type ModuleStyle = 'commonjs' | 'module';

/** A file for `node --test`: one test a case, named after what it tests. */
export function renderNodeTest({ modulePath, testPath, names, cases }: RenderedTests, style: ModuleStyle): string {
  const relative = path.posix.relative(path.posix.dirname(testPath), modulePath);
  const from = relative.startsWith('.') ? relative : `./${relative}`;
  const imports =
    style === 'module'
      ? [
          "import assert from 'node:assert';",
          "import test from 'node:test';",
          `import { ${names.join(', ')} } from '${from}';`,
        ]
      : [
          "const assert = require('node:assert');",
          "const test = require('node:test');",
          `const { ${names.join(', ')} } = require('${from}');`,
        ];
  const titles = uniqueNames(cases.map((each) => titleOf(each)));
  const tests = cases.map((each, index) => {
    const body = each.steps.map((step) => `  ${step.check ?? step.run}`).join('\n');
    return `test('${(titles[index] ?? 'case').replace(/_/g, ' ')}', () => {\n${body}\n});`;
  });
  return `${imports.join('\n')}\n\n${tests.join('\n\n')}\n`;
}

function titleOf(each: TestCase): string {
  const call = each.steps.at(-1)?.call ?? '';
  const name = /^(\w+)\(/.exec(call)?.[1] ?? 'it';
  return each.name ?? `${name} of ${nameOfCall(call)}`;
}
