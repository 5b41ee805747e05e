import { describe, expect, it } from 'vitest';
import { declaredNames, lostNames } from '../../../../src/agents/code/kept-names.js';

describe('declaredNames', () => {
  it.each<[string, string, string[]]>([
    [
      'a.go',
      'package a\n\nimport "fmt"\n\nconst (\n\tOne = 1\n\tTwo\n)\n\ntype Box struct {\n\tN int\n}\n\nfunc (b *Box) Get() int {\n\tx := 1\n\treturn x\n}\n\nfunc Upper(s string) string { return s }\n',
      ['Box', 'Get', 'One', 'Two', 'Upper'],
    ],
    [
      'a.rs',
      'use std::fmt;\n\npub struct Box { n: i32 }\n\nimpl fmt::Display for Box {\n    fn fmt(&self) {}\n}\n\npub(crate) async fn run() {}\n\nconst fn two() -> i32 { 2 }\n',
      ['Box', 'fmt', 'impl fmt::Display for Box', 'run', 'two'],
    ],
    [
      'a.ts',
      "import x from 'x';\n\nexport interface A {\n  b: string;\n}\nexport default async function load() {\n  const inner = 1;\n}\nexport const c = 1;\ntype D = string;\n",
      ['A', 'D', 'c', 'load'],
    ],
    [
      'A.java',
      'public class A {\n    private final int n = 1;\n\n    public static int add(int a, int b) {\n        return a + b;\n    }\n}\n',
      ['A', 'add'],
    ],
    ['a.rb', 'class A\n  def self.make\n  end\n\n  def empty?\n  end\nend\n', ['A', 'empty?', 'make']],
    ['a.sh', 'function one {\n  echo 1\n}\ntwo() {\n  one\n}\n', ['one', 'two']],
    [
      'a.c',
      '#include <stdio.h>\n\nint add(int a, int b);\n\nint main(void) {\n  if (add(1, 2)) {\n    return 1;\n  }\n}\n',
      ['main'],
    ],
    ['a.txt', 'func Upper\n', []],
  ])('of %s', (path, text, names) => {
    expect([...declaredNames(path, text)].sort()).toEqual(names);
  });
});

describe('lostNames', () => {
  const before = 'package a\n\nfunc Upper() {}\n\nfunc Lower() {}\n';
  const after = 'package a\n\nfunc Lower() {}\n\nfunc Title() {}\n';

  it('are those that nobody wanted to be rid of', () => {
    expect(lostNames('a.go', before, after, 'add a function Title')).toEqual(['Upper']);
    expect(lostNames('a.go', before, after, 'rename Lower to Small')).toEqual(['Upper']);
  });

  it.each(['remove Upper and add Title', 'rename Upper to Title', 'rewrite the whole file with Title and Lower'])(
    'are none in "%s"',
    (wish) => {
      expect(lostNames('a.go', before, after, wish)).toEqual([]);
    },
  );
});
