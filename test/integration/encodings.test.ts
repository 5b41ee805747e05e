import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { workspaceTools } from '../../src/tools/workspace-tools.js';
import { applyWorkspace, undoApply } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { skippedFiles } from '../../src/workspace/read-left-out.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { makeRepository, put, snapshot } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

const wide = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const big = (text: string): Buffer => wide(text).swap16();
const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf8 = (text: string): Buffer => Buffer.from(text);

interface Case {
  readonly name: string;
  /** The file with `word` at the place that is edited. */
  readonly file: (word: string) => Buffer;
  readonly mode?: number;
  /** What the model puts in the place of `old`. */
  readonly word?: string;
}

/** Every kind of file of which an edit must change one word and nothing else. */
const editable: readonly Case[] = [
  { name: 'utf-16 le', file: (word) => wide(`é 𝒳\r\n${word}\r\nend`), word: 'nöw 𝒳' },
  { name: 'utf-16 be', file: (word) => big(`é 𝒳\n${word}\nend\n`), word: 'nöw 𝒳' },
  { name: 'latin-1', file: (word) => latin(`caf\xe9 \xa7\n${word}\n`), word: 'n\xf6w' },
  { name: 'utf-8 with mark', file: (word) => utf8(`\ufeffé\n${word}\n`), word: 'nöw' },
  { name: 'crlf', file: (word) => utf8(`a\r\n${word}\r\nb\r\n`) },
  { name: 'mixed endings', file: (word) => utf8(`a\r\nb\n${word}\n\r\nc\rd\r\n`) },
  { name: 'no final newline', file: (word) => utf8(`a\n${word}`) },
  { name: 'executable', file: (word) => utf8(`#!/bin/sh\necho ${word}\n`), mode: 0o755 },
  { name: 'read-only', file: (word) => utf8(`x = ${word}\n`), mode: 0o444 },
  { name: 'only for its owner', file: (word) => utf8(`x = ${word}\n`), mode: 0o600 },
  { name: 'bytes that are no utf-8', file: (word) => latin(`\xff\xfa\n${word}\n\x80\x81`) },
  {
    name: 'utf-8 with a damaged byte',
    file: (word) => Buffer.concat([utf8(`né ü ${word}\n`), latin('\xe9\n')]),
    word: 'nöw',
  },
  { name: 'a very long line', file: (word) => utf8(`${'x'.repeat(1_000_000)}${word}${'y'.repeat(1_000_000)}`) },
  { name: 'control codes', file: (word) => utf8(`\x1b[31m${word}\x07\f\v\n`) },
  { name: 'name with $& and quotes "', file: (word) => utf8(`$1 ${word} $&\n`), word: '$& $1 $$ \\n' },
];

const old = 'OLD-WORD';
let folder: string;
let workspace: Workspace;

function fileOf({ name }: Case): string {
  return `files/${name}.txt`;
}

function call(tool: string, args: Record<string, unknown>): Promise<string> {
  const { signal } = new AbortController();
  const commands = { sandbox: 'none' as const, run: () => Promise.reject(new Error('no command here')) };
  const found = workspaceTools({ root: workspace.root, commands, signal }).find((one) => one.spec.name === tool);
  if (found === undefined) throw new Error(`no tool ${tool}`);
  return found.run(args, { signal });
}

function bytes(root: string, name: string): Buffer {
  return readFileSync(path.join(root, name));
}

function modeOf(root: string, name: string): number {
  return statSync(path.join(root, name)).mode & 0o777;
}

async function makeFolder(kind: 'worktree' | 'snapshot'): Promise<void> {
  const top = tempFolder();
  folder = path.join(top, 'project');
  mkdirSync(folder);
  for (const one of editable) put(folder, fileOf(one), one.file(old), one.mode);
  put(folder, 'empty', '');
  put(folder, 'binary', Buffer.from([0x4f, 0x4c, 0x44, 0, 1, 2]));
  put(folder, 'utf-32', Buffer.from([0xff, 0xfe, 0, 0, 0x4f, 0, 0, 0]));
  put(folder, 'utf-16 without mark', Buffer.from('OLD-WORD', 'utf16le'));
  put(folder, 'odd utf-16', Buffer.concat([wide('OLD-WORD'), Buffer.from([0x41])]));
  put(folder, 'huge', '');
  truncateSync(path.join(folder, 'huge'), 100 * 1024 * 1024);
  put(folder, '.gitattributes', '* text=auto eol=lf\n*.txt working-tree-encoding=UTF-8\n');
  if (kind === 'worktree') makeRepository(folder);
  workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder: path.join(top, 'state') });
}

describe.each(['worktree', 'snapshot'] as const)('in a %s', (kind) => {
  beforeEach(() => makeFolder(kind));

  it('an edit changes its word and nothing else, through to the folder of the user and back', async () => {
    const before = snapshot(folder, { times: false });
    for (const one of editable) {
      const name = fileOf(one);
      const word = one.word ?? 'new';
      await call('edit_file', { path: name, old_text: old, new_text: word });
      expect(bytes(workspace.root, name).equals(one.file(word)), one.name).toBe(true);
    }
    const { applied } = await applyWorkspace(workspace);
    expect(applied.map((file) => file.path).sort()).toEqual(editable.map(fileOf).sort());
    for (const one of editable) {
      expect(bytes(folder, fileOf(one)).equals(one.file(one.word ?? 'new')), one.name).toBe(true);
      if (one.mode !== undefined) expect(modeOf(folder, fileOf(one)), one.name).toBe(one.mode);
    }
    await undoApply(workspace);
    expect(snapshot(folder, { times: false })).toEqual(before);
  });
});

describe('the tools', () => {
  beforeEach(() => makeFolder('snapshot'));

  it('read every kind as text, without its mark', async () => {
    for (const one of editable.filter(({ name }) => name !== 'a very long line')) {
      const shown = await call('read_file', { path: fileOf(one) });
      expect(shown, one.name).toContain(old);
      expect(shown, one.name).not.toMatch(/[\ufeff\0]/);
    }
  });

  it.each<[string, string, string, string]>([
    ['utf-16 le', 'ä\nß\n', 'utf16le', '\ufeffä\r\nß\r\n'],
    ['latin-1', '\xe4\n', 'latin1', '\xe4\n'],
    ['utf-8 with mark', 'ä\n', 'utf8', '\ufeffä\n'],
    ['crlf', 'a\nnew\nb\n', 'utf8', 'a\r\nnew\r\nb\r\n'],
    ['mixed endings', `a\nb\nnew\n${old}\n\nc\rd\n`, 'utf8', `a\r\nb\nnew\r\n${old}\n\r\nc\rd\r\n`],
    ['no final newline', 'a\nb', 'utf8', 'a\nb'],
  ])('write %s whole in its own form', async (name, content, encoding, expected) => {
    const file = `files/${name}.txt`;
    await call('write_file', { path: file, content });
    expect(bytes(workspace.root, file).equals(Buffer.from(expected, encoding as BufferEncoding))).toBe(true);
  });

  it('say when a file cannot keep its encoding', async () => {
    expect(await call('write_file', { path: 'files/latin-1.txt', content: '10 €\n' })).toContain('It is utf8 now');
    expect(bytes(workspace.root, 'files/latin-1.txt').toString()).toBe('10 €\n');
  });

  it('refuse to edit what is no text, and leave it as it is', async () => {
    const before = snapshot(workspace.root);
    for (const [name, code] of [
      ['binary', 'NOT_TEXT'],
      ['utf-32', 'NOT_TEXT'],
      ['utf-16 without mark', 'NOT_TEXT'],
      ['odd utf-16', 'NOT_TEXT'],
      ['empty', 'EDIT_NOT_FOUND'],
    ]) {
      const edit = call('edit_file', { path: name, old_text: 'O', new_text: 'QQ' });
      await expect(edit, name).rejects.toMatchObject({ code });
    }
    expect(snapshot(workspace.root)).toEqual(before);
  });

  it('refuse what the encoding has no room for, and the mark itself', async () => {
    const before = snapshot(workspace.root);
    for (const [name, old_text, new_text] of [
      ['latin-1', old, '€'],
      ['utf-16 le', '\ufeffé', 'x'],
      ['utf-8 with mark', '\ufeffé', 'x'],
      ['utf-16 be', old, '\ud800'],
    ] as const) {
      const edit = call('edit_file', { path: `files/${name}.txt`, old_text, new_text });
      await expect(edit).rejects.toMatchObject({ code: expect.stringMatching(/^(BAD_ARGUMENTS|EDIT_NOT_FOUND)$/) });
    }
    expect(snapshot(workspace.root)).toEqual(before);
  });

  it('leave a file of 100 MB alone: the copy lacks it and says so, and nothing can be put over it', async () => {
    expect(await skippedFiles(workspace)).toContainEqual({ path: 'huge', reason: 'too big' });
    put(workspace.root, 'huge', 'small\n');
    await expect(applyWorkspace(workspace)).rejects.toMatchObject({
      code: 'APPLY_CONFLICT',
      message: expect.stringContaining('huge (a file lies there that the task had no copy of'),
    });
    expect(statSync(path.join(folder, 'huge')).size).toBe(100 * 1024 * 1024);
  });

  it('refuse to read and edit 100 MB that a command made, and apply brings them', async () => {
    put(workspace.root, 'made', '');
    truncateSync(path.join(workspace.root, 'made'), 100 * 1024 * 1024);
    for (const [tool, args] of [
      ['read_file', { path: 'made' }],
      ['edit_file', { path: 'made', old_text: 'a', new_text: 'b' }],
    ] as const) {
      await expect(call(tool, args)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    }
    const before = process.memoryUsage.rss();
    await applyWorkspace(workspace);
    expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 1024 * 1024);
    expect(statSync(path.join(folder, 'made')).size).toBe(100 * 1024 * 1024);
  });

  it('give a new file the permissions that the user is used to, and keep those of an old one', async () => {
    chmodSync(path.join(workspace.root, 'empty'), 0o751);
    await call('write_file', { path: 'empty', content: 'no longer\n' });
    await call('write_file', { path: 'made/new.py', content: 'x = 1\n' });
    await applyWorkspace(workspace);
    expect(modeOf(folder, 'empty')).toBe(0o751);
    expect(modeOf(folder, 'made/new.py')).toBe(0o666 & ~process.umask());
    expect(bytes(folder, 'empty').toString()).toBe('no longer\n');
  });
});
