import { describe, expect, it } from 'vitest';
import { claimedFiles, orderedFiles } from '../../../src/task/named-files.js';

describe('orderedFiles', () => {
  it.each<[string, string[]]>([
    ['Write slugify.py with a function slugify(text)', ['slugify.py']],
    ['Please create a new file called `notes/todo.md`, and add README.md', ['notes/todo.md', 'README.md']],
    ['Write the python module a.py and b.py.', ['a.py', 'b.py']],
    ['delete old.txt, tmp.log and x.py', ['old.txt', 'tmp.log', 'x.py']],
    ['Make a file "./hello.txt"', ['hello.txt']],
    ['Write hello.py to print a greeting', ['hello.py']],
  ])('%s', (request, files) => {
    expect(orderedFiles(request)).toEqual(files);
  });

  it.each([
    'Write a script that reads data.csv and prints it',
    'Add a function mul(a, b) to calc.py',
    'Create a node.js server',
    'Write a Next.js app',
    'Add calc.py to the list of files',
    'Remove b.py from setup.cfg',
    'Remove duplicates from data.csv',
    'Make test_calc.py pass',
    "Don't write notes.md",
    'Write it without creating config.yaml',
    'Fix app.py',
    'Write a text of about 3.5 pages',
    'Delete ../outside.txt and /etc/passwd.txt',
  ])('none in: %s', (request) => {
    expect(orderedFiles(request)).toEqual([]);
  });
});

describe('claimedFiles', () => {
  it.each<[string, string[]]>([
    ['Wrote slugify.py and README.md.', ['slugify.py', 'README.md']],
    ['I have created `a.py`, and added the tests in test_a.py', ['a.py']],
    ['Added the file docs/use.md for users', ['docs/use.md']],
    ['Added support for a missing config.json', []],
    ['slugify.py has slugify; it was not written to disk', []],
    ['Nothing was created in x.py', []],
  ])('%s', (summary, files) => {
    expect(claimedFiles(summary)).toEqual(files);
  });
});
