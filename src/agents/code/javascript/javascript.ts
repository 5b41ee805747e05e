import path from 'node:path';
import type { CommandResult } from '../../../platform/command.js';
import type { RunInWorkspace } from '../commands.js';
import type { Language, TestRun } from '../language.js';
import { readJudgement } from '../read-judgement.js';
import type { WorkspaceFiles } from '../workspace-files.js';
import { scriptJudgeProgram } from './judge-program.js';
import { mergeScript } from './merge-script.js';
import { readScript } from './read-script.js';
import { type ModuleStyle, renderNodeTest } from './render-node-test.js';

const caseTimeoutMs = 2_000;
const judgeTimeoutMs = 20_000;
const mark = '@wilson ';

/** JavaScript for Node: tests are written for `node --test`. CommonJS unless the package or the file says otherwise. */
export async function createJavaScript(run: RunInWorkspace, files: WorkspaceFiles): Promise<Language> {
  const manifest = await files.read('package.json').catch(() => null);
  const packageStyle: ModuleStyle = /"type"\s*:\s*"module"/.test(manifest ?? '') ? 'module' : 'commonjs';
  const styleOf = (file: string): ModuleStyle =>
    file.endsWith('.mjs') ? 'module' : file.endsWith('.cjs') ? 'commonjs' : packageStyle;

  return {
    id: 'javascript',
    name: 'JavaScript',
    fence: 'javascript',
    extensions: ['.js', '.mjs', '.cjs'],
    assertionExample: (call) => `assert.deepStrictEqual(${call}, ...);`,
    defaultModulePath: (name) => `${name}.js`,
    defaultTestPath(modulePath) {
      const { dir, name, ext } = path.posix.parse(modulePath);
      return path.posix.join(dir, `${name}.test${ext}`);
    },
    read: async (code, options) => readScript(code, options),
    async judge(code, cases) {
      const plain = withoutModuleSyntax(code);
      const input = { code: plain, cases: cases.map((each) => each.steps), mark, caseTimeoutMs };
      const command = ['node', '-e', scriptJudgeProgram, JSON.stringify(input)];
      return readJudgement(await run(command, { timeoutMs: judgeTimeoutMs, own: true }), cases.length, mark);
    },
    // Versions in JavaScript are told apart by the request's examples alone.
    probes: async () => [],
    repairs: async () => [],
    observe: async (_code, calls) => calls.map(() => null),
    merge: async (base, code) => {
      const text = 'path' in base ? ((await files.read(base.path)) ?? '') : base.text;
      return mergeScript(text, code);
    },
    finish: (code, file, names) => withExports(code, names, styleOf(file)),
    renderTests: (tests) => renderNodeTest(tests, styleOf(tests.testPath)),
    async checkSyntax(file) {
      const result = await run(['node', '--check', file], { own: true });
      return result.exitCode === 0 ? null : (/^\w*Error: .*$/m.exec(result.stderr)?.[0] ?? 'it does not parse');
    },
    async runTests(paths) {
      const command = ['node', '--test', '--test-reporter=tap', ...paths];
      return readTap(await run(command, {}), command);
    },
    async runProgram(name, options) {
      const command = ['node', name];
      return { ...(await run(command, options)), command };
    },
  };
}

/** Counts from the summary of `node --test` in TAP. */
export function readTap(result: CommandResult, command: readonly string[]): TestRun {
  const count = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)`, 'm').exec(result.stdout)?.[1] ?? 0);
  const skipped = count('skipped') + count('todo');
  const failed = count('fail') + count('cancelled');
  const ran = Math.max(0, count('tests') - skipped);
  const output = `${result.stdout}\n${result.stderr}`.trim().slice(-2_000);
  return { ran, failed: result.exitCode === 0 ? failed : Math.max(1, failed), output, command };
}

function withoutModuleSyntax(code: string): string {
  return code
    .replace(/^\s*export\s+default\s+(?=function|class|async)/gm, '')
    .replace(/^\s*export\s+(?=function|class|async|const|let|var)/gm, '')
    .replace(/^\s*export\s*\{[^}]*\}.*$/gm, '')
    .replace(/^\s*import\s+(?:\*\s+as\s+)?(\w+)\s+from\s+(['"][^'"]+['"]);?$/gm, 'const $1 = require($2);')
    .replace(/^\s*import\s*(\{[^}]*\})\s*from\s+(['"][^'"]+['"]);?$/gm, 'const $1 = require($2);');
}

/** Makes the names importable, in the way the file already does it. */
function withExports(code: string, names: readonly string[], style: ModuleStyle): string {
  const missing = names.filter((name) => !isExported(code, name));
  if (missing.length === 0) return code;
  const object = /^module\.exports\s*=\s*\{([^}]*)\}/m.exec(code);
  if (object !== null) {
    const inside = object[1]?.trim().replace(/,$/, '') ?? '';
    const list = [...(inside === '' ? [] : [inside]), ...missing].join(', ');
    return code.replace(object[0], `module.exports = { ${list} }`);
  }
  if (style === 'commonjs') return `${code.trimEnd()}\n\nmodule.exports = { ${missing.join(', ')} };\n`;
  return `${code.trimEnd()}\n\nexport { ${missing.join(', ')} };\n`;
}

function isExported(code: string, name: string): boolean {
  const patterns = [
    `^export\\s+(?:default\\s+)?(?:async\\s+)?(?:function|class|const|let|var)\\s*\\*?\\s*${name}\\b`,
    `^export\\s*\\{[^}]*\\b${name}\\b`,
    `^(?:module\\.)?exports\\.${name}\\b`,
    `^module\\.exports\\s*=\\s*\\{[^}]*\\b${name}\\b`,
  ];
  return patterns.some((pattern) => new RegExp(pattern, 'm').test(code));
}
