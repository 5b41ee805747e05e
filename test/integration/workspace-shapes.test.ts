import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyWorkspace, undoApply } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { diffWorkspace } from '../../src/workspace/diff.js';
import { discardWorkspace } from '../../src/workspace/discard.js';
import { skippedFiles } from '../../src/workspace/read-left-out.js';
import { resetWorkspace } from '../../src/workspace/reset.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { git, makeRepository, put, repositoryState, snapshot } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

/*
 * Folders of every shape: the user's files, index, HEAD, branches, stash and settings are the same before a task and after
 * it until something is applied, to the byte and to the time of their last change, and a discarded task leaves nothing.
 */

let top: string;
let folder: string;
let stateFolder: string;

beforeEach(() => {
  top = realpathSync(tempFolder());
  folder = path.join(top, 'project');
  stateFolder = path.join(top, 'state');
  mkdirSync(folder);
});

function create(taskId = 'TASK-001', where = folder): Promise<Workspace> {
  return createWorkspace({ taskId, folder: where, stateFolder });
}

function names(root: string): string[] {
  const all = Object.entries(snapshot(root)).filter(([, what]) => !what.startsWith('folder'));
  return all.map(([name]) => name).sort();
}

/** Folders that hold repositories, wherever they lie below the test's own. */
function gitDirs(): string[] {
  const found: string[] = [];
  const visit = (below: string): void => {
    for (const entry of readdirSync(below, { withFileTypes: true })) {
      const absolute = path.join(below, entry.name);
      if (!entry.isDirectory() || absolute === stateFolder) continue;
      if (existsSync(path.join(absolute, 'HEAD'))) found.push(absolute);
      else visit(absolute);
    }
  };
  visit(top);
  return found;
}

function everything(): Record<string, unknown> {
  return { files: snapshot(top, { without: 'state' }), repositories: gitDirs().map(repositoryState) };
}

/** Nothing of a task may be left in any repository, its own names included. */
function traces(): string[] {
  const inGit = gitDirs().flatMap((dir) => Object.keys(snapshot(dir)).map((name) => path.join(dir, name)));
  const isOurs = (name: string): boolean => /wilson|TASK-|worktrees\/tree/.test(path.relative(top, name));
  const packed = gitDirs().filter((dir) => /wilson/.test(readIfThere(path.join(dir, 'packed-refs'))));
  const workspaces = path.join(stateFolder, 'workspaces');
  const kept = existsSync(workspaces) ? readdirSync(workspaces).filter((name) => name !== '.locks') : [];
  return [...inGit.filter(isOurs), ...packed, ...kept];
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

interface Shape {
  readonly name: string;
  readonly make: () => void | Promise<void>;
  readonly kind: Workspace['kind'];
  /** Files that the copy must hold; others besides are wrong. */
  readonly holds: readonly string[];
  /** The folder of the task, below the project's. */
  readonly where?: () => string;
}

const shapes: readonly Shape[] = [
  {
    name: 'no repository',
    make: () => {
      put(folder, 'a.py', 'a\n');
      put(folder, 'sub/b.py', 'b\n', 0o600);
    },
    kind: 'snapshot',
    holds: ['a.py', 'sub/b.py'],
  },
  { name: 'an empty folder', make: () => undefined, kind: 'snapshot', holds: [] },
  {
    name: 'a repository without a commit',
    make: () => {
      put(folder, 'a.py', 'a\n');
      put(folder, 'staged.py', 's\n');
      git(folder, 'init', '-q');
      git(folder, 'add', 'staged.py');
    },
    kind: 'snapshot',
    holds: ['a.py', 'staged.py'],
  },
  {
    name: 'a repository with an empty commit alone',
    make: () => makeRepository(folder),
    kind: 'worktree',
    holds: [],
  },
  {
    name: 'unsaved changes of every kind',
    make: () => {
      for (const name of ['same', 'modified', 'staged', 'both', 'deleted', 'unstaged', 'renamed', 'mode', 'stashed']) {
        put(folder, `${name}.py`, `${name}\n`);
      }
      put(folder, '.gitignore', '*.log\n');
      makeRepository(folder);
      put(folder, 'stashed.py', 'to the stash\n');
      git(folder, 'stash', 'push', '-q');
      put(folder, 'modified.py', 'changed\n');
      put(folder, 'staged.py', 'staged now\n');
      put(folder, 'both.py', 'staged\n');
      git(folder, 'add', 'staged.py', 'both.py');
      put(folder, 'both.py', 'and changed\n');
      rmSync(path.join(folder, 'deleted.py'));
      git(folder, 'rm', '-q', '--cached', 'unstaged.py');
      git(folder, 'mv', 'renamed.py', 'new-name.py');
      chmodSync(path.join(folder, 'mode.py'), 0o755);
      put(folder, 'untracked.py', 'u\n');
      put(folder, 'intent.py', 'i\n');
      git(folder, 'add', '-N', 'intent.py');
      put(folder, 'noise.log', 'ignored\n');
      git(folder, 'config', 'user.name', 'Somebody');
      git(folder, 'branch', 'other');
      git(folder, 'tag', 'v1');
    },
    kind: 'worktree',
    holds: [
      '.gitignore',
      ...['both', 'intent', 'mode', 'modified', 'new-name', 'same', 'staged', 'stashed', 'unstaged', 'untracked'].map(
        (name) => `${name}.py`,
      ),
    ],
  },
  {
    name: 'a merge that stopped at a conflict',
    make: () => {
      put(folder, 'a.py', 'a\n');
      makeRepository(folder);
      git(folder, 'checkout', '-q', '-b', 'other');
      put(folder, 'a.py', 'theirs\n');
      git(folder, 'commit', '-q', '-a', '-m', 'theirs');
      git(folder, 'checkout', '-q', 'main');
      put(folder, 'a.py', 'ours\n');
      git(folder, 'commit', '-q', '-a', '-m', 'ours');
      expect(() => git(folder, 'merge', '-q', 'other')).toThrow();
    },
    kind: 'worktree',
    holds: ['a.py'],
  },
  {
    name: 'a detached HEAD with packed branches',
    make: () => {
      put(folder, 'a.py', 'a\n');
      makeRepository(folder);
      git(folder, 'pack-refs', '--all');
      git(folder, 'checkout', '-q', '--detach');
    },
    kind: 'worktree',
    holds: ['a.py'],
  },
  {
    name: 'a folder inside a repository',
    make: () => {
      put(folder, 'outer.py', 'o\n');
      put(folder, 'sub dir/inner.py', 'i\n');
      makeRepository(folder);
      put(folder, 'sub dir/deep/new.py', 'n\n');
    },
    kind: 'worktree',
    holds: ['deep/new.py', 'inner.py'],
    where: () => path.join(folder, 'sub dir'),
  },
  {
    name: 'a folder that the repository ignores',
    make: () => {
      put(folder, '.gitignore', 'build/\n');
      makeRepository(folder);
      put(folder, 'build/out.py', 'o\n');
    },
    kind: 'worktree',
    holds: [],
    where: () => path.join(folder, 'build'),
  },
  {
    name: 'a worktree of another repository',
    make: () => {
      const main = path.join(top, 'main');
      put(main, 'a.py', 'a\n');
      makeRepository(main);
      rmSync(folder, { recursive: true });
      git(main, 'worktree', 'add', '-q', '-b', 'feature', folder);
      put(folder, 'new.py', 'n\n');
    },
    kind: 'worktree',
    holds: ['a.py', 'new.py'],
  },
  {
    name: 'submodules, one of them not fetched',
    make: () => {
      const other = path.join(top, 'other');
      put(other, 'lib.py', 'lib\n');
      makeRepository(other);
      makeRepository(folder);
      git(folder, 'submodule', '--quiet', 'add', other, 'vendor/one');
      git(folder, 'submodule', '--quiet', 'add', other, 'vendor/two');
      git(folder, 'commit', '-q', '-m', 'submodules');
      git(folder, 'submodule', '--quiet', 'deinit', '-f', 'vendor/two');
      put(folder, 'vendor/one/lib.py', 'changed\n');
    },
    kind: 'worktree',
    holds: ['.gitmodules', 'vendor/one/lib.py'],
  },
  {
    name: 'a submodule itself',
    make: () => {
      const other = path.join(top, 'other');
      put(other, 'lib.py', 'lib\n');
      makeRepository(other);
      makeRepository(folder);
      git(folder, 'submodule', '--quiet', 'add', other, 'lib');
    },
    kind: 'worktree',
    holds: ['lib.py'],
    where: () => path.join(folder, 'lib'),
  },
  {
    name: 'repositories inside, whole, without a commit, and with a lost one',
    make: () => {
      put(folder, 'a.py', 'a\n');
      makeRepository(folder);
      put(folder, 'whole/w.py', 'w\n');
      makeRepository(path.join(folder, 'whole'));
      put(folder, 'fresh/f.py', 'f\n');
      git(path.join(folder, 'fresh'), 'init', '-q');
      put(folder, 'lost/l.py', 'l\n');
      put(folder, 'lost/.git', 'gitdir: /nowhere/at/all\n');
    },
    kind: 'worktree',
    holds: ['a.py', 'fresh/f.py', 'lost/l.py', 'whole/w.py'],
  },
  {
    name: 'a submodule whose repository is lost',
    make: () => {
      const other = path.join(top, 'other');
      put(other, 'lib.py', 'lib\n');
      makeRepository(other);
      makeRepository(folder);
      git(folder, 'submodule', '--quiet', 'add', other, 'vendor');
      git(folder, 'commit', '-q', '-m', 'submodule');
      put(folder, 'vendor/.git', 'gitdir: /nowhere/at/all\n');
    },
    kind: 'worktree',
    holds: ['.gitmodules', 'vendor/lib.py'],
  },
  {
    name: 'a .git file that leads nowhere',
    make: () => {
      put(folder, 'a.py', 'a\n');
      put(folder, '.git', 'gitdir: /nowhere/at/all\n');
    },
    kind: 'snapshot',
    holds: ['a.py'],
  },
  {
    name: 'pointers of git-lfs, whose filter must not run',
    make: () => {
      put(folder, 'big.bin', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n');
      makeRepository(folder);
      put(folder, '.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n');
      git(folder, 'add', '.gitattributes');
      git(folder, 'commit', '-q', '-m', 'lfs');
      for (const name of ['clean', 'smudge', 'process']) {
        git(folder, 'config', `filter.lfs.${name}`, `sh -c 'touch "${top}/filter-ran"; cat'`);
      }
      git(folder, 'config', 'filter.lfs.required', 'true');
    },
    kind: 'worktree',
    holds: ['.gitattributes', 'big.bin'],
  },
  {
    name: 'a sparse checkout',
    make: () => {
      put(folder, 'top.py', 't\n');
      put(folder, 'wanted/w.py', 'w\n');
      put(folder, 'unwanted/u.py', 'u\n');
      makeRepository(folder);
      git(folder, 'sparse-checkout', 'set', '--sparse-index', 'wanted');
    },
    kind: 'worktree',
    holds: ['top.py', 'wanted/w.py'],
  },
  {
    name: 'pipes, sockets, links to nowhere, and odd names',
    make: async () => {
      put(folder, 'a.py', 'a\n');
      put(folder, 'a\nb\t"c".py', 'odd\n');
      put(folder, '-rf', 'odd\n');
      put(folder, 'ünï 日本.py', 'odd\n');
      execFileSync('mkfifo', [path.join(folder, 'pipe')]);
      symlinkSync('nowhere', path.join(folder, 'dangling'));
      symlinkSync('.', path.join(folder, 'itself'));
      symlinkSync('loop', path.join(folder, 'loop'));
      const server = createServer().listen(path.join(folder, 'sock'));
      await once(server, 'listening');
      // A socket stays where it was when its server goes without closing it.
      renameSync(path.join(folder, 'sock'), path.join(folder, 'socket'));
      server.close();
    },
    kind: 'snapshot',
    holds: ['-rf', 'a\nb\t"c".py', 'a.py', 'dangling', 'itself', 'loop', 'ünï 日本.py'],
  },
];

describe.each(shapes)('$name', ({ make, kind, holds, where }) => {
  it('is as before until something is applied, and after discard nothing of the task is left', async () => {
    await make();
    const task = where?.() ?? folder;
    const before = everything();
    const workspace = await create('TASK-001', task);
    expect(workspace.kind).toBe(kind);
    expect(names(workspace.root)).toEqual([...holds].sort());
    expect(await diffWorkspace(workspace)).toEqual({ files: [], patch: '' });

    for (const name of holds.slice(1)) {
      if (lstatSync(path.join(workspace.root, name)).isFile()) put(workspace.root, name, 'new\n');
    }
    if (holds[0] !== undefined) rmSync(path.join(workspace.root, holds[0]));
    put(workspace.root, 'made/by the task.py', 'm\n');
    await diffWorkspace(workspace);
    await resetWorkspace(workspace);
    expect((await diffWorkspace(workspace)).files).toEqual([]);
    put(workspace.root, 'made/by the task.py', 'm\n');
    expect(everything()).toEqual(before);

    await applyWorkspace(workspace);
    expect(readFileSync(path.join(task, 'made/by the task.py'), 'utf8')).toBe('m\n');
    await undoApply(workspace);
    expect(everything()).toEqual(before);

    await discardWorkspace(workspace);
    expect(everything()).toEqual(before);
    expect(traces()).toEqual([]);
    expect(existsSync(path.join(top, 'filter-ran'))).toBe(false);
  });
});

describe('what the copy lacks', () => {
  it('is listed with the reason', async () => {
    put(folder, 'a.py', 'a\n');
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    // A name that is no UTF-8 can be listed, but not opened by the name that Node gives it.
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/odd-`), Buffer.from([0xff, 0xfe])]), 'odd\n');
    const workspace = await create();
    const skipped = await skippedFiles(workspace);
    expect(skipped).toContainEqual({ path: 'pipe', reason: 'not a regular file' });
    expect(skipped).toContainEqual({ path: 'odd-\ufffd\ufffd', reason: 'its name is not UTF-8' });
    expect(names(workspace.root)).toEqual(['a.py']);
    await discardWorkspace(workspace);
  });
});

/** Runs as somebody who is not root, to whom permissions mean something. */
async function asNobody(action: () => Promise<void>): Promise<void> {
  const { geteuid, seteuid } = process;
  if (geteuid === undefined || seteuid === undefined || geteuid() !== 0) return action();
  for (const place of [path.dirname(top), top, folder]) if (place.startsWith(top)) chownSync(place, 65_534, 65_534);
  seteuid(65_534);
  try {
    await action();
  } finally {
    seteuid(0);
  }
}

describe('permissions', () => {
  it.each(['snapshot', 'worktree'])('of the user that bar reading are respected and listed (%s)', (kind) =>
    asNobody(async () => {
      put(folder, 'a.py', 'a\n');
      put(folder, 'secret.py', 's\n');
      put(folder, 'closed/c.py', 'c\n');
      if (kind === 'worktree') makeRepository(folder);
      chmodSync(path.join(folder, 'secret.py'), 0);
      const workspace = await create();
      expect(names(workspace.root)).toEqual(['a.py', 'closed/c.py']);
      expect(await skippedFiles(workspace)).toEqual([{ path: 'secret.py', reason: 'unreadable' }]);
      put(workspace.root, 'secret.py', 'mine\n');
      await expect(applyWorkspace(workspace)).rejects.toMatchObject({
        code: 'APPLY_CONFLICT',
        message: expect.stringContaining('secret.py (it cannot be read)'),
      });
      rmSync(path.join(workspace.root, 'secret.py'));
      chmodSync(path.join(folder, 'closed'), 0o555);
      put(workspace.root, 'closed/c.py', 'new\n');
      put(workspace.root, 'a.py', 'new\n');
      await expect(applyWorkspace(workspace)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
      expect(readFileSync(path.join(folder, 'a.py'), 'utf8')).toBe('a\n');
      chmodSync(path.join(folder, 'closed'), 0o755);
      await discardWorkspace(workspace);
      expect(traces()).toEqual([]);
    }),
  );

  it('that a command took away from its own files do not stop diff, reset and discard', () =>
    asNobody(async () => {
      put(folder, 'a.py', 'a\n');
      put(folder, 'sub/b.py', 'b\n');
      const workspace = await create();
      put(workspace.root, 'closed/new.py', 'n\n');
      put(workspace.root, 'sub/b.py', 'changed\n', 0);
      chmodSync(path.join(workspace.root, 'a.py'), 0);
      chmodSync(path.join(workspace.root, 'closed'), 0);
      chmodSync(path.join(workspace.root, 'sub'), 0);
      const { files } = await diffWorkspace(workspace);
      expect(files.map((file) => file.path)).toEqual(['a.py', 'closed/new.py', 'sub/b.py']);
      await resetWorkspace(workspace);
      expect(readFileSync(path.join(workspace.root, 'sub/b.py'), 'utf8')).toBe('b\n');
      expect((await diffWorkspace(workspace)).files).toEqual([]);
      put(workspace.root, 'closed/deep/new.py', 'n\n');
      chmodSync(path.join(workspace.root, 'closed/deep'), 0);
      chmodSync(path.join(workspace.root, 'closed'), 0);
      await discardWorkspace(workspace);
      expect(traces()).toEqual([]);
    }));
});

describe('a task that was cruel to its copy', () => {
  beforeEach(() => {
    put(folder, 'a.py', 'a\n');
    makeRepository(folder);
  });

  it.each<[string, (root: string) => void]>([
    ['took its .git away', (root) => rmSync(path.join(root, '.git'))],
    ['put another .git there', (root) => put(root, '.git', 'gitdir: /nowhere/at/all\n')],
    [
      'made .git a repository with hooks of its own',
      (root) => {
        rmSync(path.join(root, '.git'));
        git(root, 'init', '-q');
        git(root, 'config', 'core.fsmonitor', `touch ${path.join(root, '..', 'ran')}`);
      },
    ],
    [
      'made folders deeper than any path',
      (root) => {
        const script = 'import os\nfor _ in range(60):\n os.mkdir("d" * 200); os.chdir("d" * 200)\nopen("end", "w")';
        execFileSync('python3', ['-c', script], { cwd: root });
      },
    ],
    ['is gone altogether', (root) => rmSync(root, { recursive: true })],
  ])('and %s leaves nothing after discard', async (_what, cruelty) => {
    const before = everything();
    const workspace = await create();
    cruelty(workspace.root);
    if (existsSync(workspace.root)) await diffWorkspace(workspace);
    expect(everything()).toEqual(before);
    await discardWorkspace(workspace);
    expect(everything()).toEqual(before);
    expect(traces()).toEqual([]);
    expect(git(folder, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
  });

  it('leaves worktrees of the user alone whose folder is away at the moment', async () => {
    const away = path.join(top, 'on-a-stick');
    git(folder, 'worktree', 'add', '-q', '-b', 'mine', away);
    renameSync(away, `${away}-unplugged`);
    const before = everything();
    await discardWorkspace(await create());
    expect(everything()).toEqual(before);
    renameSync(`${away}-unplugged`, away);
    expect(git(away, 'status', '--short')).toBe('');
  });

  it('can begin again where the state folder was deleted by hand', async () => {
    await create();
    rmSync(stateFolder, { recursive: true });
    const again = await create();
    expect(again.kind).toBe('worktree');
    expect(names(again.root)).toEqual(['a.py']);
    await discardWorkspace(again);
    expect(git(folder, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
  });
});

describe('50,000 files', () => {
  it('take a small multiple of plainly writing them, and little memory', { timeout: 300_000 }, async () => {
    const plainMs = await timed(() => {
      for (let below = 0; below < 100; below += 1) {
        mkdirSync(path.join(folder, `folder-${below}`));
        for (let index = 0; index < 500; index += 1) {
          // Most are empty: a disk that trims at once takes many minutes to remove so many blocks.
          writeFileSync(path.join(folder, `folder-${below}`, `${index}.txt`), index % 10 === 0 ? 'x\n' : '');
        }
      }
    });
    makeRepository(folder);
    const rss = process.memoryUsage.rss();
    let made: Workspace | undefined;
    const createMs = await timed(async () => {
      made = await create();
    });
    if (made === undefined) throw new Error('no workspace');
    const workspace = made;
    put(workspace.root, 'folder-50/250.txt', 'changed\n');
    let changed: readonly string[] = [];
    const diffMs = await timed(async () => {
      changed = (await diffWorkspace(workspace)).files.map((file) => file.path);
    });
    expect(changed).toEqual(['folder-50/250.txt']);
    expect(createMs).toBeLessThan(plainMs * 6 + 5_000);
    expect(diffMs).toBeLessThan(plainMs * 3 + 5_000);
    expect((process.memoryUsage.rss() - rss) / 1_048_576).toBeLessThan(200);
    await discardWorkspace(workspace);
    expect(traces()).toEqual([]);
  });
});

async function timed(action: () => unknown): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}
