import { describe, expect, it } from 'vitest';
import { commonLanguage, nameOfOther, namesOther } from '../../../../src/agents/code/other-languages.js';

describe('a language without a guided way', () => {
  it.each([
    ['write a function Reverse(s) in Go', 'main.go'],
    ['a Go program that prints primes', 'main.go'],
    ['write a C++ function gcd(a, b)', 'main.cpp'],
    ['a C# class Stack', 'Program.cs'],
    ['write a C program that sorts numbers', 'main.c'],
    ['sort an array in C', 'main.c'],
    ['a TypeScript function', 'main.ts'],
    ['a shell script that lists files', 'script.sh'],
    ['a rust enum', 'main.rs'],
  ])('is named by %j', (text, file) => {
    expect(namesOther(text)).toBe(true);
    expect(nameOfOther(text)).toBe(file);
  });

  it.each([
    'let the timer go on and go to the next line',
    'a function that counts the letter C in a text',
    'C is the third letter; write f(x)',
    'write add(a, b)',
    "Don't go in without tests",
  ])('is not named by %j', (text) => {
    expect(namesOther(text)).toBe(false);
  });

  it('is what most sources of the folder are in', () => {
    expect(commonLanguage(['a.go', 'b.go', 'tool.py'])).toBe('other');
    expect(commonLanguage(['a.py', 'b.sh', 'c.html', 'd.css', 'e.sql'])).toBe('python');
    expect(commonLanguage(['a.js', 'b.mjs', 'c.ts'])).toBe('javascript');
    expect(commonLanguage([])).toBe('python');
    expect(nameOfOther('add a function Reverse', ['strutil.go'])).toBe('main.go');
  });
});
