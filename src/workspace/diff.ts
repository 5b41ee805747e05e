import type { Artifact } from '../task/task.js';
import { artifactOf } from './artifact.js';
import { BasePack, type Change, type FileSide, findChanges, readSide } from './changes.js';
import { decodeText } from './decode-text.js';
import { TimeSlice } from './time-slice.js';
import type { Workspace, WorkspaceDiff } from './workspace.js';

/** A side bigger than this is named, not shown. */
const shownLimitBytes = 1024 * 1024;
/** How long the comparison of one file may take before it is only named. */
const compareTimeoutMs = 500;
const ignoredLimit = 100;
/** A longer patch is of use to nobody: what comes after is only named. */
const patchLimit = 32 * 1024 * 1024;

/**
 * What the task made: every path that differs from the copy as it was made, and a patch that `git apply` takes for
 * UTF-8 text. Binary, very large and very different files are named in the patch, not shown. `left` as in
 * {@link findChanges}.
 */
export async function diffWorkspace(workspace: Workspace, left?: readonly Artifact[]): Promise<WorkspaceDiff> {
  const slice = new TimeSlice();
  const { changes, ignored } = await findChanges(workspace, { left });
  const base = new BasePack(workspace);
  const patches: string[] = [];
  let length = 0;
  try {
    for (const change of changes) {
      await slice.pause();
      const before = change.before === null ? null : base.sideOf(change.before);
      const after = change.after === null ? null : sideOf(workspace, change);
      const patch = await patchOf(change, before, after, length < patchLimit);
      patches.push(patch);
      length += patch.length;
    }
  } finally {
    base.close();
  }
  const some = ignored.slice(0, ignoredLimit);
  return {
    files: changes.map(artifactOf),
    patch: patches.join(''),
    ...(some.length === 0 ? {} : { ignored: some }),
  };
}

/** Which paths differ from the copy as it was made; much cheaper than the whole diff. */
export async function changedFiles(workspace: Workspace): Promise<Artifact[]> {
  return (await findChanges(workspace)).changes.map(artifactOf);
}

/** The changed side; a file that is not shown is not read either: it may be of a gigabyte. */
function sideOf(workspace: Workspace, change: Change): FileSide | null {
  const { after } = change;
  if (after === null || after.size <= shownLimitBytes) return readSide(workspace.root, change.path);
  return { kind: after.kind, mode: after.mode, bytes: Buffer.alloc(shownLimitBytes + 1) };
}

async function patchOf(
  change: Change,
  before: FileSide | null,
  after: FileSide | null,
  shown: boolean,
): Promise<string> {
  const [from, to] = [quoted(`a/${change.path}`), quoted(`b/${change.path}`)];
  const header = [`diff --git ${from} ${to}`, ...modeLines(before, after)].join('\n');
  const [oldText, newText] = [before === null ? '' : shownText(before), after === null ? '' : shownText(after)];
  if (oldText === null || newText === null) return `${header}\nBinary files ${from} and ${to} differ\n`;
  const names = `--- ${before === null ? '/dev/null' : from}\n+++ ${after === null ? '/dev/null' : to}\n`;
  if (!shown) return `${header}\n${names}@@ not shown: the patch is too long @@\n`;
  const { structuredPatch } = await import('diff');
  const patch = structuredPatch('', '', oldText, newText, '', '', { context: 3, timeout: compareTimeoutMs });
  if (patch === undefined) return `${header}\n${names}@@ too different to show @@\n`;
  if (patch.hunks.length === 0) return `${header}\n`;
  const hunks = patch.hunks.map((hunk) => {
    const range = (start: number, lines: number): string => {
      // An empty side counts from the line before it.
      const first = lines === 0 ? start - 1 : start;
      return lines === 1 ? `${first}` : `${Math.max(0, first)},${lines}`;
    };
    const title = `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`;
    return [title, ...hunk.lines].join('\n');
  });
  return `${header}\n${names}${hunks.join('\n')}\n`;
}

function modeLines(before: FileSide | null, after: FileSide | null): string[] {
  const [oldMode, newMode] = [gitMode(before), gitMode(after)];
  if (oldMode === null) return [`new file mode ${newMode}`];
  if (newMode === null) return [`deleted file mode ${oldMode}`];
  return oldMode === newMode ? [] : [`old mode ${oldMode}`, `new mode ${newMode}`];
}

function gitMode(side: FileSide | null): string | null {
  if (side === null) return null;
  if (side.kind === 'link') return '120000';
  return (side.mode & 0o100) === 0 ? '100644' : '100755';
}

/** Null for what is no text, or too long to show. */
function shownText(side: FileSide): string | null {
  return side.bytes.length > shownLimitBytes ? null : decodeText(side.bytes);
}

/** Names with quotes, backslashes or control codes in the form that git writes. */
function quoted(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control codes are what this looks for.
  if (!/["\\\x00-\x1f\x7f]/.test(name)) return name;
  const escaped = name.replace(/["\\]/g, '\\$&').replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    /[\x00-\x1f\x7f]/g,
    (code) => `\\${code.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}
