import { describe, expect, it } from 'vitest';
import { lintDiff } from '../../../../src/agents/review/lint-diff.js';
import { parseDiff, wholeFile } from '../../../../src/agents/review/parse-diff.js';

/** Findings as `line rule severity`. */
function lint(path: string, text: string): string[] {
  return lintDiff([wholeFile(path, text)]).map(({ line, rule, severity }) => `${line} ${rule} ${severity}`);
}

describe('lintDiff on Python', () => {
  it.each<[string, string, string[]]>([
    ['a body that is only pass', 'def add(a, b):\n    """Adds."""\n    pass\n', ['1 stub major']],
    ['a body that is only ...', 'def add(a,\n        b=(1, 2)):\n    ...\n', ['1 stub major']],
    ['a body on the same line', 'def add(a: int) -> int: pass\nx = 1\n', ['1 stub major']],
    ['a docstring and nothing else', 'def add(a, b):\n    """Adds\n    numbers."""\n', ['1 stub major']],
    ['NotImplementedError', 'def add(a):\n    raise NotImplementedError\n', ['1 stub major']],
    ['an abstract method is none', '    @abstractmethod\n    def area(self):\n        pass\n', []],
    ['pass among other statements', 'def add(a):\n    for x in a:\n        pass\n    return a\n', []],
    [
      'a hook of a base class',
      'class A:\n    def run(self):\n        pass\nclass B(A):\n    x = 1\n',
      ['2 stub minor'],
    ],
    ['a method of any other class', 'class A:\n    def run(self):\n        pass\n', ['2 stub major']],
    [
      'an error that is let go with a reason',
      'try:\n    run()\nexcept Exception:\n    # It is gone already.\n    pass\n',
      [],
    ],
    ['prose about what stays unchanged', '# The order remains unchanged by this.\nx = 1\n', []],
    ['an exception class', 'class TodoError(Exception):\n    pass\n', []],
    ['a special method', 'class A:\n    def __init__(self):\n        pass\n', []],
    ['a bare except that swallows', 'try:\n    run()\nexcept:\n    pass\n', ['3 swallowed-error major']],
    ['except Exception: pass', 'try:\n    run()\nexcept Exception as e: pass\n', ['3 swallowed-error major']],
    ['a narrow except', 'try:\n    run()\nexcept KeyError:\n    pass\n', []],
    ['a bare except that does something', 'try:\n    run()\nexcept:\n    log()\n', ['3 swallowed-error minor']],
    ['eval of what is typed', 'x = eval(input("n"))\n', ['1 runs-input blocker']],
    ['exec of a text', 'exec(code)\n', ['1 runs-input major']],
    ['literal_eval and a method', 'x = ast.literal_eval(t)\nmodel.eval()\n', []],
    ['eval in a text or a comment', 'x = "eval(y)"  # eval(z)\n', []],
    ['eval in a docstring', '"""\nNever eval(x).\n"""\nx = 1\n', []],
    ['shell=True', 'subprocess.run(cmd, shell=True)\n', ['1 shell major']],
    ['os.system with values', 'os.system(f"rm {name}")\n', ['1 shell major']],
    ['os.system with a fixed text', 'os.system("clear")\n', []],
    ['SQL from text', 'c.execute("SELECT * FROM t WHERE n = \'" + name + "\'")\n', ['1 sql-from-text major']],
    ['SQL in an f-string', 'c.execute(f"DELETE FROM t WHERE id = {id}")\n', ['1 sql-from-text major']],
    ['SQL with parameters', 'c.execute("SELECT * FROM t WHERE n = ?", (name,))\n', []],
    ['a password', 'PASSWORD = "hunter2!x"\n', ['1 secret blocker']],
    ['a stand-in for one', 'password = "changeme"\napi_key = os.environ["API_KEY"]\n', []],
    ['a path of one machine', 'open("/home/anna/todo.json")\n', ['1 machine-path minor']],
    ['code that was left out', 'x = 1\n# ... rest of the code remains the same\n', ['2 left-out major']],
    ['work left to do', '# TODO: implement saving\nx = 1  # FIXME odd\n', ['1 todo major', '2 todo minor']],
    ['a breakpoint', 'breakpoint()\n', ['1 breakpoint major']],
    ['printing in a library', 'def f():\n    print("x")\n', ['2 print minor']],
    ['printing in a program', 'import sys\ndef f():\n    print(sys.argv)\n', []],
    [
      'imports',
      'import os, json\nfrom a import b as c\n\njson.dumps(1)\n',
      ['1 unused-import minor', '2 unused-import minor'],
    ],
    ['a shared default', 'def f(x, y=[]):\n    return y\n', ['1 mutable-default minor']],
    ['a conflict', '<<<<<<< ours\nx = 1\n', ['1 conflict-marker blocker']],
  ])('%s', (_, text, expected) => {
    expect(lint('a.py', text)).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ['a test without assertion', 'def test_a():\n    add(1, 2)\n', ['1 test-without-assertion major']],
    [
      'tests with one',
      'def test_a(self):\n    self.assertEqual(add(1), 2)\ndef test_b():\n    with pytest.raises(E):\n        x()\n',
      [],
    ],
    ['an assertion that always holds', 'def test_a(self):\n    self.assertTrue(True)\n', ['2 vain-assertion major']],
    [
      'a test that is switched off',
      '@unittest.skip("later")\ndef test_a():\n    assert f()\n',
      ['1 skipped-test major'],
    ],
    ['passwords in tests', 'PASSWORD = "hunter2!x"\n', []],
  ])('%s', (_, text, expected) => {
    expect(lint('test_a.py', text)).toEqual(expected);
  });
});

describe('lintDiff on JavaScript', () => {
  it.each<[string, string, string, string[]]>([
    ['an empty function', 'a.js', 'function save(items) {\n  // TODO\n}\n', ['1 stub major', '2 todo minor']],
    [
      'one that is not implemented',
      'a.js',
      'function save() {\n  throw new Error("Not implemented");\n}\n',
      ['1 stub major'],
    ],
    ['a callback that does nothing', 'a.js', 'run(() => {});\n', []],
    ['a function that says why it does nothing', 'a.js', 'function close() {\n  // Nothing to close here.\n}\n', []],
    ['an empty catch with a reason', 'a.js', 'try {\n  run();\n} catch {\n  // It is gone already.\n}\n', []],
    [
      'a test that awaits',
      'a.test.js',
      "test('ends', async () => {\n  await close();\n});\n",
      ['1 test-without-assertion minor'],
    ],
    ['an empty catch', 'a.js', 'try {\n  run();\n} catch (e) {\n}\n', ['3 swallowed-error major']],
    ['eval of a request', 'a.js', 'const x = eval(req.query.code);\n', ['1 runs-input blocker']],
    ['a regex exec', 'a.js', 'const m = /a/.exec(text);\n', []],
    ['exec with a template', 'a.js', `exec(\`ls \${folder}\`);\n`, ['1 shell major']],
    ['SQL in a template', 'a.js', `db.query(\`SELECT * FROM t WHERE id = \${id}\`);\n`, ['1 sql-from-text major']],
    ['raw HTML', 'a.js', `el.innerHTML = \`<b>\${name}</b>\`;\n`, ['1 raw-html minor']],
    ['unused imports', 'a.js', "import { a, b as c } from './x.js';\nc();\n", ['1 unused-import minor']],
    ['a hollow test', 'a.test.js', "test('adds', () => {\n  add(1, 2);\n});\n", ['1 test-without-assertion major']],
    ['a real one', 'a.test.js', "test('adds', () => {\n  assert.equal(add(1, 2), 3);\n});\n", []],
    ['.only', 'a.test.js', "test.only('adds', () => assert(add(1)));\n", ['1 only-test major']],
  ])('%s', (_, path, text, expected) => {
    expect(lint(path, text)).toEqual(expected);
  });
});

describe('lintDiff on a diff', () => {
  const patch = [
    'diff --git a/a.py b/a.py',
    '--- a/a.py',
    '+++ b/a.py',
    '@@ -40,4 +40,5 @@',
    ' def old():',
    '     pass',
    '-x = eval(y)',
    '+def fresh():',
    '+    pass',
    ' z = eval(w)',
    '',
  ].join('\n');

  it('says nothing about old lines and numbers the new ones as they are in the file', () => {
    expect(lintDiff(parseDiff(patch))).toEqual([
      { rule: 'stub', file: 'a.py', line: 42, severity: 'major', text: 'fresh does nothing: its body is missing' },
    ]);
  });

  it('sees what became hollow because a line of it was removed or replaced', () => {
    const hunk = (path: string, lines: readonly string[], counts: string): string =>
      [`diff --git a/${path} b/${path}`, `--- a/${path}`, `+++ b/${path}`, `@@ -${counts} @@`, ...lines, ''].join('\n');
    const weakened = hunk(
      'test_a.py',
      [
        ' def test_a(self):',
        '     x = add(1, 2)',
        '-    self.assertEqual(x, 3)',
        ' ',
        ' def helper():',
        '     return 1',
      ],
      '1,6 +1,5',
    );
    const emptied = hunk(
      'a.py',
      [' def add(a, b):', '-    return a + b', '+    pass', ' ', ' def old():', '     pass'],
      '1,5 +1,5',
    );
    expect(lintDiff(parseDiff(weakened + emptied)).map(({ file, line, rule }) => `${file}:${line} ${rule}`)).toEqual([
      'test_a.py:1 test-without-assertion',
      'a.py:1 stub',
    ]);
  });

  it('finds tests that were deleted', () => {
    const deleted =
      'diff --git a/test_a.py b/test_a.py\ndeleted file mode 100644\n--- a/test_a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n';
    expect(lintDiff(parseDiff(deleted)).map(({ rule }) => rule)).toEqual(['tests-deleted']);
  });

  it('tells at most three of a kind in one file', () => {
    expect(lint('a.py', 'exec(a)\n'.repeat(20))).toHaveLength(3);
  });
});
