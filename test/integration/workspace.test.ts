import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyWorkspace, undoApply } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { diffWorkspace } from '../../src/workspace/diff.js';
import { discardWorkspace } from '../../src/workspace/discard.js';
import { skippedFiles } from '../../src/workspace/read-left-out.js';
import { resetWorkspace } from '../../src/workspace/reset.js';
import type { Workspace } from '../../src/workspace/workspace.js';

let top: string;
let folder: string;
let stateFolder: string;

beforeEach(() => {
  top = realpathSync(mkdtempSync(path.join(tmpdir(), 'wilson-workspace-')));
  folder = path.join(top, 'project');
  stateFolder = path.join(top, 'state');
  mkdirSync(folder);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function put(root: string, name: string, content: string | Buffer, mode?: number): void {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), content);
  if (mode !== undefined) chmodSync(path.join(root, name), mode);
}

function text(root: string, name: string): string {
  return readFileSync(path.join(root, name), 'latin1');
}

/** Everything below a folder with content and mode, `.git` left out. */
function everything(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (below: string): void => {
    for (const entry of readdirSync(path.join(root, below), { withFileTypes: true })) {
      const name = path.posix.join(below, entry.name);
      if (entry.name === '.git') continue;
      if (entry.isDirectory()) visit(name);
      else if (entry.isSymbolicLink()) found[name] = `-> ${readlinkSync(path.join(root, name))}`;
      else found[name] = `${(statSync(path.join(root, name)).mode & 0o777).toString(8)} ${text(root, name)}`;
    }
  };
  visit('');
  return found;
}

function git(cwd: string, ...args: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const identity = [
    '-c',
    'user.name=Somebody',
    '-c',
    'user.email=somebody@example.com',
    '-c',
    'protocol.file.allow=always',
  ];
  return execFileSync('git', [...identity, ...args], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function makeRepository(root: string): void {
  git(root, 'init', '-q', '-b', 'main');
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '-m', 'first');
}

function create(taskId = 'TASK-001', more: Partial<Parameters<typeof createWorkspace>[0]> = {}): Promise<Workspace> {
  return createWorkspace({ taskId, folder, stateFolder, ...more });
}

describe.each(['snapshot', 'worktree'] as const)('a workspace of kind %s', (kind) => {
  beforeEach(() => {
    put(folder, 'main.py', 'print(1)\n', 0o755);
    put(folder, 'windows.txt', 'one\r\ntwo\r\n');
    put(folder, 'latin.txt', Buffer.from('caf\xe9\n', 'latin1'));
    put(folder, 'lib/util.py', 'x = 1\n', 0o640);
    put(folder, '.gitignore', 'build/\n*.log\n');
    put(folder, 'build/out.bin', 'ignored');
    put(folder, 'node_modules/a/index.js', 'ignored');
    symlinkSync('main.py', path.join(folder, 'link.py'));
    symlinkSync('/etc', path.join(folder, 'outside'));
    if (kind === 'worktree') {
      put(folder, '.gitignore', 'build/\n*.log\nnode_modules/\n');
      makeRepository(folder);
      put(folder, 'main.py', 'print(2)  # not committed\n', 0o755);
      put(folder, 'untracked.py', 'y = 2\n');
    }
  });

  it('holds the files as they are on disk, links as links, without what is ignored', async () => {
    const workspace = await create();
    expect(workspace).toMatchObject({ kind, folder, taskId: 'TASK-001' });
    const expected = everything(folder);
    for (const name of Object.keys(expected)) if (/^(build|node_modules)\//.test(name)) delete expected[name];
    expect(everything(workspace.root)).toEqual(expected);
    expect(await diffWorkspace(workspace)).toEqual({ files: [], patch: '' });
  });

  it('brings additions, changes, deletions, modes and links to the folder, and takes them back', async () => {
    const before = everything(folder);
    const workspace = await create();
    put(workspace.root, 'main.py', 'print(3)\n');
    put(workspace.root, 'windows.txt', 'one\r\nthree\r\n');
    put(workspace.root, 'deep/er/new.py', 'new = True\n');
    put(workspace.root, 'run.sh', '#!/bin/sh\n', 0o755);
    chmodSync(path.join(workspace.root, 'latin.txt'), 0o755);
    rmSync(path.join(workspace.root, 'lib'), { recursive: true });
    rmSync(path.join(workspace.root, 'link.py'));
    symlinkSync('run.sh', path.join(workspace.root, 'link.py'));

    const diff = await diffWorkspace(workspace);
    const kinds = Object.fromEntries(diff.files.map((file) => [file.path, file.kind]));
    expect(kinds).toEqual({
      'deep/er/new.py': 'added',
      'latin.txt': 'modified',
      'lib/util.py': 'deleted',
      'link.py': 'modified',
      'main.py': 'modified',
      'run.sh': 'added',
      'windows.txt': 'modified',
    });
    expect(diff.patch).toContain('+++ b/deep/er/new.py\n@@ -0,0 +1 @@\n+new = True\n');
    expect(diff.patch).toContain('deleted file mode 100644');

    const { applied } = await applyWorkspace(workspace);
    expect(applied).toEqual(diff.files);
    const after = everything(folder);
    expect(after['main.py']).toBe('755 print(3)\n');
    expect(after['windows.txt']).toBe('644 one\r\nthree\r\n');
    expect(after['run.sh']).toBe('755 #!/bin/sh\n');
    expect(after['latin.txt']).toBe('755 caf\xe9\n');
    expect(after['link.py']).toBe('-> run.sh');
    expect(existsSync(path.join(folder, 'lib'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith('.wilson-'))).toEqual([]);
    expect(after['build/out.bin']).toBe(before['build/out.bin']);

    const { restored } = await undoApply(workspace);
    expect(restored.sort()).toEqual(Object.keys(kinds).sort());
    expect(everything(folder)).toEqual(before);
    expect(existsSync(path.join(folder, 'deep'))).toBe(false);
    await expect(undoApply(workspace)).rejects.toMatchObject({ code: 'NOTHING_TO_UNDO' });
  });

  it('refuses to apply over what somebody changed meanwhile, and touches nothing', async () => {
    const workspace = await create();
    put(workspace.root, 'lib/util.py', 'x = 2\n');
    put(workspace.root, 'windows.txt', 'new\r\n');
    put(workspace.root, 'fresh.py', 'from the task\n');
    put(folder, 'windows.txt', 'mine\r\n');
    put(folder, 'fresh.py', 'from the user\n');
    const before = everything(folder);
    const failure = await applyWorkspace(workspace).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'APPLY_CONFLICT' });
    expect(String(failure)).toContain('fresh.py (another file of that name was made meanwhile)');
    expect(String(failure)).toContain('windows.txt (line 1 in the folder against line 1 of the task)');
    expect(String(failure)).not.toContain('lib/util.py');
    expect(everything(folder)).toEqual(before);
  });

  it('applies again after more work, and takes back what the task itself took back', async () => {
    const before = everything(folder);
    const workspace = await create();
    put(workspace.root, 'main.py', 'print(3)\n');
    put(workspace.root, 'one.py', 'one\n');
    await applyWorkspace(workspace);
    put(workspace.root, 'main.py', text(folder, 'main.py').replace('3', '4'));
    rmSync(path.join(workspace.root, 'one.py'));
    put(workspace.root, 'two.py', 'two\n');
    await applyWorkspace(workspace);
    expect(text(folder, 'main.py')).toBe('print(4)\n');
    expect(existsSync(path.join(folder, 'one.py'))).toBe(false);
    await undoApply(workspace);
    expect(text(folder, 'one.py')).toBe('one\n');
    await undoApply(workspace);
    expect(everything(folder)).toEqual(before);
  });

  it('does not undo over what somebody changed since', async () => {
    const workspace = await create();
    put(workspace.root, 'main.py', 'print(3)\n');
    await applyWorkspace(workspace);
    put(folder, 'main.py', 'mine\n');
    await expect(undoApply(workspace)).rejects.toMatchObject({ code: 'UNDO_CONFLICT' });
    expect(text(folder, 'main.py')).toBe('mine\n');
  });

  it('never writes through a symlink, in the folder or in the workspace', async () => {
    const workspace = await create();
    const victim = path.join(top, 'victim');
    put(victim, 'util.py', 'precious\n');
    put(workspace.root, 'lib/util.py', 'x = 2\n');
    rmSync(path.join(folder, 'lib'), { recursive: true });
    symlinkSync(victim, path.join(folder, 'lib'));
    await expect(applyWorkspace(workspace)).rejects.toMatchObject({ code: 'APPLY_CONFLICT' });
    rmSync(path.join(folder, 'lib'));
    put(folder, 'lib/util.py', 'x = 1\n');

    rmSync(path.join(workspace.root, 'lib'), { recursive: true });
    symlinkSync(victim, path.join(workspace.root, 'lib'));
    await applyWorkspace(workspace);
    expect(readlinkSync(path.join(folder, 'lib'))).toBe(victim);
    expect(text(victim, 'util.py')).toBe('precious\n');
    await undoApply(workspace);
    expect(text(folder, 'lib/util.py')).toBe('x = 1\n');
    expect(text(victim, 'util.py')).toBe('precious\n');
  });

  it('turns a file into a folder and a folder into a file', async () => {
    const before = everything(folder);
    const workspace = await create();
    rmSync(path.join(workspace.root, 'windows.txt'));
    put(workspace.root, 'windows.txt/inside', 'deep\n');
    rmSync(path.join(workspace.root, 'lib'), { recursive: true });
    put(workspace.root, 'lib', 'flat\n');
    await applyWorkspace(workspace);
    expect(text(folder, 'windows.txt/inside')).toBe('deep\n');
    expect(text(folder, 'lib')).toBe('flat\n');
    await undoApply(workspace);
    expect(everything(folder)).toEqual(before);
  });

  it('leaves out new files that .gitignore names, and says so', async () => {
    const workspace = await create();
    put(workspace.root, 'debug.log', 'noise');
    put(workspace.root, '__pycache__/main.pyc', 'noise');
    put(workspace.root, 'kept.txt', 'result');
    const diff = await diffWorkspace(workspace);
    expect(diff.files.map((file) => file.path)).toEqual(['kept.txt']);
    expect(diff.ignored).toEqual(['debug.log']);
  });

  it('is reused by the next attempt, or made fresh', async () => {
    const workspace = await create();
    put(workspace.root, 'main.py', 'half done\n');
    put(workspace.root, 'debug.log', 'noise');
    rmSync(path.join(workspace.root, 'lib'), { recursive: true });
    expect(await create()).toEqual(workspace);
    expect(text(workspace.root, 'main.py')).toBe('half done\n');
    await resetWorkspace(workspace);
    expect((await diffWorkspace(workspace)).files).toEqual([]);
    expect(text(workspace.root, 'lib/util.py')).toBe('x = 1\n');
    expect(existsSync(path.join(workspace.root, 'debug.log'))).toBe(false);
  });

  it('goes away whole, twice', async () => {
    const before = everything(folder);
    const workspace = await create();
    put(workspace.root, 'main.py', 'x\n');
    await discardWorkspace(workspace);
    await discardWorkspace(workspace);
    expect(existsSync(path.join(stateFolder, 'workspaces', 'TASK-001'))).toBe(false);
    expect(everything(folder)).toEqual(before);
    if (kind === 'worktree') {
      expect(git(folder, 'branch', '--list', 'wilson*')).toBe('');
      expect(git(folder, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
    }
  });

  it('leaves nothing behind when it cannot be made', async () => {
    const failure = create('TASK-001', { limits: { maxFiles: 2 } });
    await expect(failure).rejects.toMatchObject({ code: 'WORKSPACE_TOO_LARGE' });
    expect(readdirSync(path.join(stateFolder, 'workspaces'))).toEqual([]);
    if (kind === 'worktree') expect(git(folder, 'branch', '--list', 'wilson*')).toBe('');
  });

  it('lists what was too big or unreadable', async () => {
    put(folder, 'big.dat', Buffer.alloc(5_000));
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    const workspace = await create('TASK-001', { limits: { maxFileBytes: 4_000 } });
    expect(await skippedFiles(workspace)).toContainEqual({ path: 'big.dat', reason: 'too big' });
    expect(existsSync(path.join(workspace.root, 'big.dat'))).toBe(false);
    expect((await diffWorkspace(workspace)).files).toEqual([]);
  });
});

describe('a worktree', () => {
  beforeEach(() => {
    put(folder, 'a.py', 'a\n');
    put(folder, 'sub/b.py', 'b\n');
    put(folder, 'sub/inner/c.py', 'c\n');
    makeRepository(folder);
  });

  it('touches neither the branch, the index nor the files of the user, and runs no hook', async () => {
    put(folder, 'a.py', 'staged\n');
    git(folder, 'add', 'a.py');
    put(folder, 'a.py', 'and changed again\n');
    for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change']) {
      put(folder, `.git/hooks/${hook}`, `#!/bin/sh\ntouch "${top}/hook-ran"\n`, 0o755);
    }
    const look = () => [
      git(folder, 'status', '--porcelain=v2', '--branch'),
      git(folder, 'diff', '--cached'),
      readFileSync(path.join(folder, '.git/index')).toString('hex'),
      JSON.stringify(everything(folder)),
    ];
    const before = look();
    rmSync(path.join(top, 'hook-ran'), { force: true });
    const workspace = await create();
    expect(workspace).toMatchObject({ branch: 'wilson/TASK-001', baseCommit: git(folder, 'rev-parse', 'HEAD').trim() });
    expect(text(workspace.root, 'a.py')).toBe('and changed again\n');
    put(workspace.root, 'a.py', 'task\n');
    await diffWorkspace(workspace);
    await discardWorkspace(workspace);
    expect(existsSync(path.join(top, 'hook-ran'))).toBe(false);
    expect(look()).toEqual(before);
  });

  it('gives a patch that git takes', async () => {
    put(folder, 'sub/no-newline.txt', 'first\nlast');
    const workspace = await create();
    put(workspace.root, 'a.py', 'a\nb\n');
    put(workspace.root, 'sub/no-newline.txt', 'first\nlast one');
    put(workspace.root, 'new file with "quotes".txt', 'x\ny\n');
    put(workspace.root, 'empty.txt', '');
    put(workspace.root, 'run.sh', 'x\n', 0o755);
    chmodSync(path.join(workspace.root, 'sub/b.py'), 0o755);
    rmSync(path.join(workspace.root, 'sub/inner/c.py'));
    const { patch } = await diffWorkspace(workspace);
    const file = path.join(top, 'task.patch');
    writeFileSync(file, patch);
    git(folder, 'apply', file);
    expect(everything(folder)).toEqual(everything(workspace.root));
  });

  it('shows a subfolder of the repository as its root', async () => {
    const workspace = await create('TASK-001', { folder: path.join(folder, 'sub') });
    expect(Object.keys(everything(workspace.root)).sort()).toEqual(['b.py', 'inner/c.py']);
    expect(git(workspace.root, 'status', '--porcelain').trim()).toBe('');
    put(workspace.root, 'new.py', 'n\n');
    await applyWorkspace(workspace);
    expect(text(folder, 'sub/new.py')).toBe('n\n');
    expect(git(folder, 'status', '--porcelain').trim()).toBe('?? sub/new.py');
  });

  it('takes submodules and repositories inside along', async () => {
    const other = path.join(top, 'other');
    put(other, 'lib.py', 'lib\n');
    makeRepository(other);
    git(folder, 'submodule', '--quiet', 'add', other, 'vendor/other');
    git(folder, 'commit', '-q', '-m', 'submodule');
    put(folder, 'vendor/other/local.py', 'local\n');
    put(folder, 'nested/n.py', 'n\n');
    makeRepository(path.join(folder, 'nested'));
    const workspace = await create();
    expect(Object.keys(everything(workspace.root))).toEqual(
      expect.arrayContaining(['vendor/other/lib.py', 'vendor/other/local.py', 'nested/n.py', '.gitmodules']),
    );
    put(workspace.root, 'vendor/other/lib.py', 'changed\n');
    expect((await diffWorkspace(workspace)).files.map((file) => file.path)).toEqual(['vendor/other/lib.py']);
    await discardWorkspace(workspace);
  });

  it('takes another branch name where one is in use, and keeps a branch with work of the user', async () => {
    git(folder, 'branch', 'wilson/TASK-001');
    const workspace = await create();
    expect(workspace.branch).not.toBe('wilson/TASK-001');
    git(workspace.root, 'commit', '-q', '--allow-empty', '-m', 'by hand');
    await discardWorkspace(workspace);
    expect(git(folder, 'branch', '--list', workspace.branch ?? '').trim()).toBe(workspace.branch);
  });

  it('works beside a branch that is called wilson', async () => {
    git(folder, 'branch', 'wilson');
    expect((await create()).branch).toBe('wilson-TASK-001');
  });

  it('can be made many times at once', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `TASK-00${index + 1}`);
    const workspaces = await Promise.all(ids.map((id) => create(id)));
    expect(new Set(workspaces.map((workspace) => workspace.branch)).size).toBe(8);
    await Promise.all(workspaces.map((workspace) => discardWorkspace(workspace)));
    expect(git(folder, 'branch', '--list', 'wilson*')).toBe('');
  });

  it('keeps the line endings of the disk whatever git converts', async () => {
    put(folder, '.gitattributes', '*.txt text eol=lf\n');
    put(folder, 'dos.txt', 'one\r\ntwo\r\n');
    git(folder, 'add', '-A');
    git(folder, 'commit', '-q', '-m', 'dos');
    const workspace = await create();
    expect(text(workspace.root, 'dos.txt')).toBe('one\r\ntwo\r\n');
    put(workspace.root, 'dos.txt', 'one\r\nthree\r\n');
    await applyWorkspace(workspace);
    expect(text(folder, 'dos.txt')).toBe('one\r\nthree\r\n');
  });

  it('is made anew where an earlier one was cut short', async () => {
    const workspace = await create();
    rmSync(path.join(workspace.metaDir, 'workspace.json'));
    put(workspace.root, 'half.py', 'half\n');
    const again = await create();
    expect(again).toEqual(workspace);
    expect(existsSync(path.join(again.root, 'half.py'))).toBe(false);
    expect(git(folder, 'branch', '--list', 'wilson*').trim().split('\n')).toHaveLength(1);
  });

  it('is a snapshot where the repository has no commit yet', async () => {
    const fresh = path.join(top, 'fresh');
    put(fresh, 'x.py', 'x\n');
    git(fresh, 'init', '-q');
    const workspace = await create('TASK-001', { folder: fresh });
    expect(workspace).toMatchObject({ kind: 'snapshot', branch: null, baseCommit: null });
    expect(Object.keys(everything(workspace.root))).toEqual(['x.py']);
  });
});

describe('a snapshot', () => {
  it('leaves the state folder out when it lies inside', async () => {
    put(folder, 'x.py', 'x\n');
    const workspace = await create('TASK-001', { stateFolder: path.join(folder, '.state') });
    expect(Object.keys(everything(workspace.root))).toEqual(['x.py']);
  });

  it('follows nested .gitignore files as git does', async () => {
    put(folder, '.gitignore', '*.tmp\n/only-top\n!keep.tmp\nsecret/\n');
    put(folder, 'a.tmp', '');
    put(folder, 'keep.tmp', '');
    put(folder, 'only-top', '');
    put(folder, 'sub/only-top', '');
    put(folder, 'sub/.gitignore', '!b.tmp\nlocal.txt\n');
    put(folder, 'sub/a.tmp', '');
    put(folder, 'sub/b.tmp', '');
    put(folder, 'sub/local.txt', '');
    put(folder, 'local.txt', '');
    put(folder, 'secret/.gitignore', '!x\n');
    put(folder, 'secret/x', '');
    const snapshot = Object.keys(everything((await create()).root)).sort();
    git(folder, 'init', '-q');
    git(folder, 'add', '-A');
    expect(snapshot).toEqual(git(folder, 'ls-files').trim().split('\n').sort());
  });

  it('refuses a folder that is not there and an id that is none', async () => {
    await expect(create('TASK-001', { folder: path.join(top, 'nowhere') })).rejects.toMatchObject({
      code: 'FOLDER_MISSING',
    });
    await expect(create('../TASK-001')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(lstatSync(folder).isDirectory()).toBe(true);
  });
});
