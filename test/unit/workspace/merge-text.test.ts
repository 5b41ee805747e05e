import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeLimitBytes, mergeText } from '../../../src/workspace/merge-text.js';

async function merge(base: string, ours: string, theirs: string, encoding: BufferEncoding = 'utf8'): Promise<unknown> {
  const [first, second, third] = [base, ours, theirs].map((text) => Buffer.from(text, encoding));
  if (first === undefined || second === undefined || third === undefined) throw new Error('three texts');
  const result = await mergeText(first, second, third);
  return result.kind === 'merged' ? result.bytes.toString(encoding) : result;
}

function overlap(ours: [number, number], theirs: [number, number]): unknown {
  const range = ([first, last]: [number, number]) => ({ first, last });
  return { kind: 'overlap', places: [{ ours: range(ours), theirs: range(theirs) }] };
}

const base = '1\n2\n3\n4\n5\n6\n';

describe('mergeText', () => {
  it.each([
    ['other lines', '1\nA\n3\n4\n5\n6\n', '1\n2\n3\n4\nB\n6\n', '1\nA\n3\n4\nB\n6\n'],
    ['an insertion at each end', '0\n1\n2\n3\n4\n5\n6\n', '1\n2\n3\n4\n5\n6\n7\n', '0\n1\n2\n3\n4\n5\n6\n7\n'],
    ['a deletion and a change', '1\n3\n4\n5\n6\n', '1\n2\n3\n4\n5\nx\ny\n', '1\n3\n4\n5\nx\ny\n'],
    ['the same change on both sides', '1\nA\n3\n4\n5\n6\n', '1\nA\n3\n4\n5\n6\n', '1\nA\n3\n4\n5\n6\n'],
    ['the same change and another', '1\nA\n3\n4\n5\n6\n', '1\nA\n3\n4\n5\nB\n', '1\nA\n3\n4\n5\nB\n'],
    ['nothing of ours', base, '1\n2\n3\n4\n5\n', '1\n2\n3\n4\n5\n'],
    ['a final newline that one side took', '1\n2\n3\n4\n5\n6', 'A\n2\n3\n4\n5\n6\n', 'A\n2\n3\n4\n5\n6'],
  ])('brings %s together', async (_what, ours, theirs, merged) => {
    expect(await merge(base, ours, theirs)).toBe(merged);
  });

  it.each<[string, string, string, [number, number], [number, number]]>([
    ['the same line', '1\nA\n3\n4\n5\n6\n', '1\nB\n3\n4\n5\n6\n', [2, 2], [2, 2]],
    ['lines side by side, as git does', '1\nA\n3\n4\n5\n6\n', '1\n2\nB\n4\n5\n6\n', [2, 3], [2, 3]],
    ['an insertion at the same place', '1\n2\nA\n3\n4\n5\n6\n', '1\n2\nB\nC\n3\n4\n5\n6\n', [3, 3], [3, 4]],
    ['a deletion of what the other changed', '1\n4\n5\n6\n', '1\n2\nB\n4\n5\n6\n', [2, 1], [2, 3]],
    ['after lines that moved', '0\n0\n1\n2\n3\n4\nA\n6\n', '1\n2\n3\n4\nB\n6\n', [7, 7], [5, 5]],
    ['text added at the end by both', `${base}A\n`, `${base}B\n`, [7, 7], [7, 7]],
  ])('refuses %s, and says where', async (_what, ours, theirs, inOurs, inTheirs) => {
    expect(await merge(base, ours, theirs)).toEqual(overlap(inOurs, inTheirs));
  });

  it.each<BufferEncoding>(['utf16le', 'latin1', 'utf8'])('keeps every byte in %s', async (encoding) => {
    const mark = encoding === 'utf16le' ? '\ufeff' : '';
    const text = (a: string, b: string): string => `${mark}caf\xe9 ${a}\r\ntwo\r\nthree\r\n${b}\xfc`;
    expect(await merge(text('1', '1'), text('2', '1'), text('1', '3'), encoding)).toBe(text('2', '3'));
  });

  it('keeps every byte in UTF-16 with the big end first', async () => {
    const wide = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    const result = await mergeText(wide('a\nb\nc\n'), wide('ä\nb\nc\n'), wide('a\nb\nc\n€\n'));
    expect(result).toEqual({ kind: 'merged', bytes: wide('ä\nb\nc\n€\n') });
  });

  it('keeps bytes that are no characters', async () => {
    const odd = (first: string, last: string): string => `${first}\xff\xfe\n\x80\n\x81\n${last}\xc3`;
    expect(await merge(odd('a', 'a'), odd('b', 'a'), odd('a', 'c'), 'latin1')).toBe(odd('b', 'c'));
  });

  it.each([
    ['different encodings', Buffer.from('é\nb\nc\nd\n'), Buffer.from('a\nb\nc\né\n', 'latin1'), /encodings/],
    ['UTF-16 on one side', Buffer.from('\ufeffa\nb\nc\nd\n', 'utf16le'), Buffer.from('a\nb\nc\nx\n'), /encodings/],
    ['other line endings', Buffer.from('a\r\nb\r\nc\r\nd\r\n'), Buffer.from('a\nb\nc\nx\n'), /line endings/],
    ['binary content', Buffer.from('a\0\nb\nc\nd\n'), Buffer.from('a\nb\nc\nx\n'), /no text/],
    ['a big file', Buffer.alloc(mergeLimitBytes + 1, 'a'), Buffer.from('a\nb\nc\nx\n'), /too big/],
  ])('does not merge %s', async (_what, ours, theirs, reason) => {
    const result = await mergeText(Buffer.from('a\nb\nc\nd\n'), ours, theirs);
    expect(result).toMatchObject({ kind: 'unmergeable', reason: expect.stringMatching(reason) });
  });

  it('gives what git gives', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wilson-merge-'));
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}\n`);
    /** Each number takes a line out, changes it, adds one after it, or leaves it. */
    const side = fc.array(fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 3), { minLength: 12, maxLength: 12 });
    const written = (edits: readonly number[], name: string): string =>
      edits
        .map((edit, index) => {
          const line = lines[index] ?? '';
          if (edit === 1) return '';
          return edit === 2 ? `${name} changed ${index}\n` : edit === 3 ? `${line}${name} new ${index}\n` : line;
        })
        .join('');
    const byGit = (ours: string, theirs: string): string | null => {
      const files = { ours, base: lines.join(''), theirs };
      for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
      try {
        return execFileSync('git', ['merge-file', '-p', 'ours', 'base', 'theirs'], {
          cwd: folder,
          stdio: 'pipe',
        }).toString();
      } catch {
        // Its exit code counts the conflicts.
        return null;
      }
    };
    const seen = { merged: 0, refused: 0 };
    try {
      await fc.assert(
        fc.asyncProperty(side, side, async (first, second) => {
          const [ours, theirs] = [written(first, 'ours'), written(second, 'theirs')];
          const result = await merge(lines.join(''), ours, theirs);
          const expected = byGit(ours, theirs);
          if (typeof result === 'string') seen.merged += 1;
          else seen.refused += 1;
          return expected === null ? typeof result !== 'string' : result === expected;
        }),
        { numRuns: 80, seed: 5 },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    expect(seen.merged).toBeGreaterThan(5);
    expect(seen.refused).toBeGreaterThan(5);
  });
});
