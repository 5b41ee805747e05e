import { describe, expect, it } from 'vitest';
import { coverageAskedFor } from '../../../src/task/coverage-wish.js';
import { isTestCommand, readTestWish } from '../../../src/task/test-wish.js';
import { planChecks } from '../../../src/verification/plan-checks.js';

const wish = (text: string): string => readTestWish(text, coverageAskedFor(text));

describe('readTestWish', () => {
  it.each([
    'run the test suite',
    'Run all the tests and tell me how many pass',
    'please run the unit tests',
    'Do the tests pass?',
    'check whether the tests still pass',
    'make sure all tests pass',
    'Are all tests green?',
    'run pytest',
    'execute the specs in test/',
    'What is the test coverage of this project?',
    'measure the coverage',
    "run the tests, but don't write any new ones",
    'run the tests and write no new ones',
    'run the test suite without adding anything',
    'Führe die Tests aus',
    'Lass die Tests laufen',
    'Exécute les tests',
    'Ejecuta las pruebas',
    'Esegui i test',
    'Execute os testes',
    'Voer de tests uit',
    'Запусти тесты',
    '运行测试',
    'テストを実行して',
    'run the tests and check that the coverage is at least 80%',
  ])('only runs: %s', (text) => {
    expect(wish(text)).toBe('run');
  });

  it.each([
    'write tests for calc.py',
    'write unit tests for calc.py and run them',
    'Add tests for the parser, then run the test suite',
    'test calc.py',
    'Unit tests for slugify',
    'create a test suite for utils.js',
    'run the tests and fix what fails',
    'Test todo.py with unit tests: adding, listing and completing',
    'cover the edge cases of parse() with tests',
    'Schreibe Tests für calc.py und führe sie aus',
    'Écris des tests pour calc.py et exécute-les',
    'Escribe pruebas para calc.py',
    '为calc.py写测试并运行',
    'write tests for calc.py with at least 90% coverage',
  ])('writes: %s', (text) => {
    expect(wish(text)).toBe('write');
  });

  it.each([
    'raise the coverage to 80%',
    'Improve the test coverage of calc.py to 90 percent',
    'get coverage up to 75%',
  ])('raises: %s', (text) => {
    expect(wish(text)).toBe('raise');
  });
});

describe('isTestCommand', () => {
  it.each([
    ['npm', 'test'],
    ['npm', 'run', 'test:unit'],
    ['python3', '-m', 'pytest'],
    ['pytest', '-q'],
    ['go', 'test', './...'],
    ['make', 'test'],
    ['node', '--test'],
  ])('is one: %s %s', (...command) => {
    expect(isTestCommand(command)).toBe(true);
  });

  it.each([
    ['python3', '-c', 'pass'],
    ['python3', 'test.py'],
    ['npm', 'run', 'build'],
    ['npx', 'jest'],
    ['sh', '-c', 'npm test'],
    ['true'],
    [],
  ])('is none: %s %s', (...command) => {
    expect(isTestCommand(command)).toBe(false);
  });
});

describe('the checks of a run', () => {
  const plan = (
    description: string,
    changed: Parameters<typeof planChecks>[0]['changed'],
    proposed: Parameters<typeof planChecks>[0]['proposed'],
  ) => planChecks({ description, type: 'test', changed, proposed });
  const file = { path: 'a.py', kind: 'modified', bytes: 1 } as const;

  it('are the tests that are there, and no change of files', () => {
    expect(plan('run the test suite', [], [])).toEqual([{ check: 'tests_pass' }]);
  });

  it('may be the own command of the project alone, but no other, and not where files changed', () => {
    const npm = { check: 'command_succeeds', command: ['npm', 'test'] } as const;
    const vain = { check: 'command_succeeds', command: ['python3', '-c', 'pass'] } as const;
    expect(plan('run the test suite', [], [npm])).toEqual([npm]);
    expect(plan('run the test suite', [], [npm, { check: 'tests_pass' }])).toEqual([{ check: 'tests_pass' }, npm]);
    expect(plan('run the test suite', [], [vain])).toEqual([{ check: 'tests_pass' }, vain]);
    expect(plan('run the test suite', [file], [npm])).toEqual([{ check: 'parses' }, { check: 'tests_pass' }, npm]);
  });

  it('hold to the coverage that was asked about', () => {
    expect(plan('run the tests and check that the coverage is at least 80%', [], [])).toEqual([
      { check: 'tests_pass' },
      { check: 'coverage_at_least', percent: 80 },
    ]);
    expect(plan('raise the coverage to 80%', [], [])).toContainEqual({ check: 'coverage_at_least', percent: 80 });
    expect(plan('raise the coverage to 80%', [{ ...file, path: 'test_a.py' }], [])).toContainEqual({
      check: 'files_changed',
    });
  });

  it('stay as they were for tests that are to be written', () => {
    expect(plan('write tests for a.py', [], []).map(({ check }) => check)).toEqual([
      'files_changed',
      'parses',
      'tests_pass',
    ]);
  });
});
