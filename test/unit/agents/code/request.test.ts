import { describe, expect, it } from 'vitest';
import { readRequest } from '../../../../src/agents/code/request.js';

const names = (text: string): string[] => readRequest(text).targets.map((each) => each.name);

describe('readRequest', () => {
  it('reads file, function, parameters and the wish for tests', () => {
    const request = readRequest(
      'Write slugify.py with a function slugify(text) that lowercases text and joins its words with hyphens, and unittest tests for it',
    );
    expect(request).toMatchObject({
      kind: 'write',
      language: 'python',
      modulePath: 'slugify.py',
      testPath: null,
      wantsTests: true,
      program: false,
      targets: [{ kind: 'function', name: 'slugify', params: ['text'] }],
    });
    expect(request.wish).toBe(
      'Write slugify.py with a function slugify(text) that lowercases text and joins its words with hyphens',
    );
  });

  it.each([
    ['Write a.py with f(x) and tests', 'Write a.py with f(x)'],
    ['Write a.py with f(x), with tests', 'Write a.py with f(x)'],
    ['Write a.py with f(x). Include unittest tests.', 'Write a.py with f(x).'],
    ['Please write f(x) in a.py and test it', 'Please write f(x) in a.py'],
    ['Write a.py with f(x), and a unittest for it in test_a.py', 'Write a.py with f(x)'],
    ['Schreib eine Funktion f(x) in a.py, mit Tests', 'Schreib eine Funktion f(x) in a.py'],
    ['Write a.py with f(x) and g(y), plus some unit tests for both', 'Write a.py with f(x) and g(y)'],
  ])('takes the wish for tests out of %j', (text, wish) => {
    const request = readRequest(text);
    expect(request.wantsTests).toBe(true);
    expect(request.wish).toBe(wish);
  });

  it.each([
    'Write primes.py with is_prime(n) that tests whether n is prime',
    'Write a.py with f(x), no tests please',
    'Write a.py with f(x) without tests',
    'Write latest.py with newest(items)',
    'Write a function test(text) in a.py that reverses text',
  ])('asks for no tests: %j', (text) => {
    expect(readRequest(text).wantsTests).toBe(false);
  });

  it.each([
    ['a function called count_words that counts words', ['count_words']],
    ['a function named `isPrime`', ['isPrime']],
    ['a reverse_words function in utils.py', ['reverse_words']],
    ['celsius_to_fahrenheit(c) and fahrenheit_to_celsius(f)', ['celsius_to_fahrenheit', 'fahrenheit_to_celsius']],
    ['a class Stack with push(item), pop() and peek()', ['Stack']],
    ['Create a Stack class in stack.py with push and pop', ['Stack']],
    ['write a function that reverses a string', []],
    ['rename the file(s) and the word(s)', []],
    ["initials(name), so that initials('Ada Lovelace') returns 'AL'", ['initials']],
    ['a function reverse(s) in text.py', ['reverse']],
    ['fix the function', []],
  ])('finds the names in %j', (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  it('takes a given signature with its docstring as the code to complete, and its doctests as examples', () => {
    const text = `Complete this function:

from typing import List


def helper(x: int) -> int:
    return x + 1


def incr_list(l: list):
    """Return list with elements incremented by 1.
    >>> incr_list([1, 2, 3])
    [2, 3, 4]
    """
`;
    const request = readRequest(text);
    expect(request.targets).toEqual([{ kind: 'function', name: 'incr_list', params: ['l'] }]);
    expect(request.skeleton).toContain('from typing import List');
    expect(request.skeleton).not.toContain('Complete');
    expect(request.examples).toEqual(['assert incr_list([1, 2, 3]) == [2, 3, 4]']);
    expect(request.wantsTests).toBe(false);
    expect(request.program).toBe(false);
  });

  it.each([
    ["f(1) returns 2, e.g. f('a b') -> 'a-b'", ['assert f(1) == 2', "assert f('a b') == 'a-b'"]],
    ['f([1, 2]) == [2, 1] and f([]) should be []', ['assert f([1, 2]) == [2, 1]', 'assert f([]) == []']],
    ['f(1) is hard to tell', []],
  ])('finds the examples in %j', (prose, expected) => {
    expect(readRequest(`Write a function f(x) in a.py. ${prose}`).examples).toEqual(expected);
  });

  it.each([
    ['fix the failing test in test/date.test.js', 'fix', 'javascript'],
    ['There is a bug in strings.py, the tests fail. Please fix it.', 'fix', 'python'],
    ['write tests for calc.py', 'tests', 'python'],
    ['Add unit tests for the function add(a, b) in calc.py', 'tests', 'python'],
    ['Write a function add(a, b) with tests', 'write', null],
    ['Write backup.sh, a bash script that copies a folder', 'write', 'other'],
    ['Write a function in utils.js that reverses a string, with tests', 'write', 'javascript'],
    ['build a REST API in Node.js', 'write', 'javascript'],
  ])('knows the kind and the language of %j', (text, kind, language) => {
    expect(readRequest(text)).toMatchObject({ kind, language });
  });

  it.each([
    'make me a script that renames all my photos by date taken',
    'Schreib mir ein Programm, das Primzahlen ausgibt',
    'Write hello.py that prints Hello World',
    '帮我写一个计算器程序',
    'Crea una aplicación de tareas en Python',
    'Erstelle eine Webanwendung in Python',
    'Crie um aplicativo de tarefas',
    'コマンドラインのアプリを作って',
  ])('knows a program when it sees one: %j', (text) => {
    expect(readRequest(text)).toMatchObject({ program: true, wantsTests: false });
  });

  it('keeps a name in a folder, and leaves out what leads elsewhere', () => {
    expect(readRequest('add f(x) to src/lib/text.py').modulePath).toBe('src/lib/text.py');
    expect(readRequest('add f(x) to /etc/passwd.py').modulePath).toBeNull();
    expect(readRequest('add f(x) to ../other.py').modulePath).toBeNull();
  });

  it('hears of tests at the end of a long request', () => {
    const long = `Write a.py with f(x).\n${'It counts words.\n'.repeat(1_000)}Do not forget unit tests.`;
    expect(readRequest(long).wantsTests).toBe(true);
  });

  it('is total: any text gives an answer', () => {
    for (const text of ['', '(', '```', 'def', 'x'.repeat(100_000), '\u0000\u001b[31m', 'f('.repeat(2_000)]) {
      expect(() => readRequest(text)).not.toThrow();
    }
  });
});
