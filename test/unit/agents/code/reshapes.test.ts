import { describe, expect, it } from 'vitest';
import { ordersNew, wantsReshaping } from '../../../../src/agents/code/reshapes.js';

describe('wantsReshaping', () => {
  it.each([
    'In calc.py rename the function add to plus',
    'Rename add to plus in calc.py',
    'please refactor cart.js',
    'Move the class Stack into its own file',
    'remove the unused imports from a.py',
    'Delete the function old_total in cart.py',
    'add docstrings to calc.py',
    'add type hints to all functions in a.py',
    'convert calc.py to JavaScript',
    'rewrite cart.js in TypeScript',
    'Benenne die Funktion add in plus um',
  ])('%j', (text) => {
    expect(wantsReshaping(text)).toBe(true);
  });

  it.each([
    'write a function rename_all(files) in names.py',
    'add a function remove_duplicates(items) to lists.py',
    'Write dedupe.py with a function that removes duplicates',
    'change mean so that it returns 0 for an empty list',
    'add an optional parameter greeting to greet',
    'remove the upper limit from clamp',
    'write a function that converts text to JSON',
    'move(x, y) should return the new place',
  ])('not %j', (text) => {
    expect(wantsReshaping(text)).toBe(false);
  });
});

describe('what a request orders', () => {
  it.each([
    ['add a function median to calc.py', true],
    ['Write dedupe.py', true],
    ['is_leap says 1900 is a leap year. its not', false],
    ['change mean so that it returns 0 for an empty list', false],
    ['the discount makes things dearer', false],
    ['the function add gives the wrong sum', false],
    ['Can you please add an optional parameter to greet?', true],
    ['greet needs a new parameter greeting', true],
    ['Schreib eine Funktion summe(a, b)', true],
  ])('%j something new: %s', (wish, fresh) => {
    expect(ordersNew({ wish, skeleton: null })).toBe(fresh);
  });

  it('is new with code to complete', () => {
    expect(ordersNew({ wish: 'this', skeleton: 'def f():' })).toBe(true);
  });
});
