/** A line of a hunk; removed lines have no place in the file as it is now. */
export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'context';
  readonly text: string;
  /** Number in the new file, from 1; null for a removed line. */
  readonly line: number | null;
}

export interface DiffFile {
  /** Relative, with forward slashes; for a deleted file the name that it had. */
  readonly path: string;
  readonly status: 'added' | 'modified' | 'deleted';
  /** True where the patch names the file without its lines. */
  readonly binary: boolean;
  readonly hunks: readonly (readonly DiffLine[])[];
}

interface OpenFile {
  path: string;
  status: DiffFile['status'];
  binary: boolean;
  hunks: DiffLine[][];
}

/**
 * Reads a unified diff as git writes it, also one that was cut off in the middle. Lines are counted by the hunk's own
 * numbers, so that text in them which looks like a header is none. Pure; what cannot be read is left out.
 */
export function parseDiff(patch: string): DiffFile[] {
  const files: OpenFile[] = [];
  const lines = patch.split('\n');
  let file: OpenFile | null = null;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (line.startsWith('diff --git ')) {
      file = { path: pathOfHeader(line), status: 'modified', binary: false, hunks: [] };
      files.push(file);
    } else if (file === null) {
      // Before the first file there is nothing to read.
    } else if (hunk !== null) {
      const counts = { old: Number(hunk[1] ?? 1), fresh: Number(hunk[3] ?? 1), line: Number(hunk[2]) };
      const { read, next } = readHunk(lines, at + 1, counts);
      file.hunks.push(read);
      at = next - 1;
    } else readHeaderLine(file, line);
  }
  return files.filter((each) => each.path !== '');
}

function readHeaderLine(file: OpenFile, line: string): void {
  if (line.startsWith('new file mode')) file.status = 'added';
  else if (line.startsWith('deleted file mode')) file.status = 'deleted';
  else if (/^Binary files |^@@ too different/.test(line)) file.binary = true;
  else if (line.startsWith('--- ') || line.startsWith('+++ ')) {
    const name = unquoted(line.slice(4).replace(/\t.*$/, ''));
    if (name === '/dev/null') file.status = line.startsWith('---') ? 'added' : 'deleted';
    else file.path = name.replace(/^[ab]\//, '');
  }
}

function readHunk(
  lines: readonly string[],
  from: number,
  counts: { old: number; fresh: number; line: number },
): { read: DiffLine[]; next: number } {
  const read: DiffLine[] = [];
  let { old, fresh, line } = counts;
  let at = from;
  for (; at < lines.length && (old > 0 || fresh > 0); at += 1) {
    const text = lines[at] ?? '';
    const mark = text[0] ?? ' ';
    // An editor may have taken the blank off an empty line; the last line of a cut patch ends anywhere.
    if (text === '' && at === lines.length - 1) break;
    if (mark === '\\') continue;
    if (mark !== '+' && mark !== '-' && mark !== ' ') break;
    const kind = mark === '+' ? 'added' : mark === '-' ? 'removed' : 'context';
    read.push({ kind, text: text.slice(1), line: kind === 'removed' ? null : line });
    if (kind !== 'added') old -= 1;
    if (kind !== 'removed') {
      fresh -= 1;
      line += 1;
    }
  }
  return { read, next: at };
}

/** The second of the two names; they are equal, so that its half of the line is known even where names hold blanks. */
function pathOfHeader(line: string): string {
  const names = line.slice('diff --git '.length);
  if (names.startsWith('"')) return unquoted(names.slice(names.indexOf('" ') + 2)).replace(/^b\//, '');
  return names.slice((names.length + 1) / 2).replace(/^b\//, '');
}

function unquoted(name: string): string {
  if (!name.startsWith('"') || !name.endsWith('"')) return name;
  return name
    .slice(1, -1)
    .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replace(/\\(.)/g, '$1');
}

/** A whole file as if it had just been added, for a review without a diff. */
export function wholeFile(path: string, text: string): DiffFile {
  const lines = text.replace(/\n$/, '').split('\n');
  const hunk = lines.map((each, index): DiffLine => ({ kind: 'added', text: each, line: index + 1 }));
  return { path, status: 'added', binary: false, hunks: text === '' ? [] : [hunk] };
}

/** A line that is in the file now. */
export interface NewLine extends DiffLine {
  readonly line: number;
  /** Added, or beside a line that was removed: what spans it is not what it was. */
  readonly touched: boolean;
}

/** The lines of a hunk that are in the file now. */
export function newLines(hunk: readonly DiffLine[]): NewLine[] {
  return hunk.flatMap((each, index) => {
    if (each.line === null) return [];
    const [before, after] = [removedIndent(hunk[index - 1]), removedIndent(hunk[index + 1])];
    const indent = indentOf(each.text);
    // What was removed belongs to the same block, or to the one that this line opens.
    const beside = (before !== null && before === indent) || (after !== null && after >= indent);
    return [{ ...each, line: each.line, touched: each.kind === 'added' || beside }];
  });
}

function removedIndent(line: DiffLine | undefined): number | null {
  return line?.kind === 'removed' ? indentOf(line.text) : null;
}

function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}
