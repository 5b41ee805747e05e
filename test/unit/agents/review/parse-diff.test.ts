import { describe, expect, it } from 'vitest';
import { newLines, parseDiff, wholeFile } from '../../../../src/agents/review/parse-diff.js';

const patch = [
  'diff --git a/todo app.py b/todo app.py',
  'new file mode 100644',
  '--- /dev/null',
  '+++ b/todo app.py',
  '@@ -0,0 +1,3 @@',
  '+import json',
  '+',
  '+--- a/not_a_header.py',
  'diff --git a/src/b.js b/src/b.js',
  '--- a/src/b.js',
  '+++ b/src/b.js',
  '@@ -10,4 +10,4 @@',
  ' const a = 1;',
  '-const b = 2;',
  '--- removed comment',
  '+const b = 3;',
  '+const c = 4;',
  ' const d = 5;',
  '\\ No newline at end of file',
  'diff --git a/old.py b/old.py',
  'deleted file mode 100644',
  '--- a/old.py',
  '+++ /dev/null',
  '@@ -1 +0,0 @@',
  '-x = 1',
  'diff --git a/a b.png b/a b.png',
  'new file mode 100644',
  'Binary files a/a b.png and b/a b.png differ',
  '',
].join('\n');

describe('parseDiff', () => {
  it('reads files, their states and the numbers of their new lines', () => {
    const files = parseDiff(patch);
    expect(files.map(({ path, status, binary }) => [path, status, binary])).toEqual([
      ['todo app.py', 'added', false],
      ['src/b.js', 'modified', false],
      ['old.py', 'deleted', false],
      ['a b.png', 'added', true],
    ]);
    expect(files[1]?.hunks[0]?.map(({ kind, line, text }) => `${kind} ${line} ${text}`)).toEqual([
      'context 10 const a = 1;',
      'removed null const b = 2;',
      'removed null -- removed comment',
      'added 11 const b = 3;',
      'added 12 const c = 4;',
      'context 13 const d = 5;',
    ]);
  });

  it('takes text that looks like a header for a line of the hunk', () => {
    expect(parseDiff(patch)[0]?.hunks[0]?.[2]).toEqual({ kind: 'added', text: '--- a/not_a_header.py', line: 3 });
  });

  it('reads what is there of a patch that was cut off at any place', () => {
    for (let end = 0; end <= patch.length; end += 1) {
      for (const file of parseDiff(patch.slice(0, end))) {
        for (const { line, kind } of file.hunks.flat()) expect(line === null).toBe(kind === 'removed');
      }
    }
    expect(parseDiff('')).toEqual([]);
    expect(parseDiff('nonsense\n@@ -1 +1 @@\n+x')).toEqual([]);
  });

  it('reads names with quotes in them', () => {
    const [file] = parseDiff('diff --git "a/we\\"ird.py" "b/we\\"ird.py"\nBinary files differ\n');
    expect(file?.path).toBe('we"ird.py');
  });

  it('shows a whole file as if it was new', () => {
    expect(newLines(wholeFile('a.py', 'x = 1\ny = 2\n').hunks[0] ?? []).map(({ line }) => line)).toEqual([1, 2]);
    expect(wholeFile('a.py', '').hunks).toEqual([]);
  });
});
