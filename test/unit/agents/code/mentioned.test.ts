import { describe, expect, it } from 'vitest';
import type { CodeReading } from '../../../../src/agents/code/language.js';
import { meantIn, mentionedIn } from '../../../../src/agents/code/mentioned.js';

describe('mentionedIn', () => {
  it.each([
    ['fix the bug in mean in calc.py', ['add', 'mean', 'main'], ['mean']],
    ['add a function to calc.py', ['add', 'mean'], []],
    ['sort the list of names in the report', ['sort', 'list', 'names'], []],
    ['the sort function returns the wrong order', ['sort', 'list'], ['sort']],
    ['sort() is slow, and so is `list`', ['list', 'sort'], ['sort', 'list']],
    ['please make total return 0 for no items', ['total', 'items'], ['total']],
    ['count_words does not ignore case', ['count', 'count_words', 'words'], ['count_words']],
    ['fizzbuzz leaves out the last number. Please fix it.', ['fizzbuzz'], ['fizzbuzz']],
    ['The pop method of Stack in stack.py', ['stack', 'Stack', 'pop', 'push'], ['pop', 'Stack']],
    ['open src/open/reader.py and look', ['open', 'reader'], []],
    ['total is off in lib/total.js', ['total'], ['total']],
    ['Behebe den Fehler in der Funktion summe', ['summe'], ['summe']],
    ['fix $el and _private', ['$el', '_private'], ['$el', '_private']],
  ])('%j of %j', (wish, names, found) => {
    expect(mentionedIn(wish, names)).toEqual(found);
  });
});

describe('meantIn', () => {
  const shape = (name: string) => ({ name, params: ['a'], optional: 0, variadic: false, prints: false, helper: false });
  const reading: CodeReading = {
    error: null,
    clean: '',
    functions: [shape('mean'), shape('pop')],
    classes: [{ name: 'Stack', methods: ['push', 'peek'] }],
    cases: [],
    outside: [],
    readsInput: false,
  };

  it('takes a function by its name and a class by its own or a method', () => {
    expect(meantIn('fix mean', reading)).toEqual([{ kind: 'function', name: 'mean', params: ['a'] }]);
    expect(meantIn('the peek method is wrong, Stack too', reading)).toEqual([
      { kind: 'class', name: 'Stack', params: null },
    ]);
    expect(meantIn('fix everything', reading)).toEqual([]);
  });
});
