import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bwrapArguments, bwrapView } from '../../../src/platform/sandbox-bwrap.js';

let home: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(path.join(tmpdir(), 'wilson-view-')));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('bwrapView', () => {
  it('hides what exists of the secrets, folders as folders and files as files', () => {
    mkdirSync(path.join(home, '.ssh'));
    writeFileSync(path.join(home, '.netrc'), 'secret');
    const view = bwrapView(home, [], []);
    expect(view.emptyFolders).toContain(path.join(home, '.ssh'));
    expect(view.emptyFiles).toEqual([path.join(home, '.netrc')]);
    expect(view.emptyFolders).not.toContain(path.join(home, '.aws'));
  });

  it('hides what a symlinked secret leads to', () => {
    mkdirSync(path.join(home, 'dotfiles'));
    symlinkSync('dotfiles', path.join(home, '.aws'));
    expect(bwrapView(home, [], []).emptyFolders).toContain(path.join(home, 'dotfiles'));
  });

  it('keeps programs visible that live in a hidden place', () => {
    mkdirSync(path.join(home, '.config/nvm/v20/bin'), { recursive: true });
    const view = bwrapView(home, [], [path.join(home, '.config/nvm/v20/bin'), '/usr/bin', '/no/such']);
    expect(view.visible).toEqual([path.join(home, '.config/nvm/v20')]);
  });
});

describe('bwrapArguments', () => {
  it('makes the workspace writable after everything that hides, so that a hidden parent does not cover it', () => {
    const argv = bwrapArguments({
      bwrap: '/usr/bin/bwrap',
      view: { emptyFolders: ['/state'], emptyFiles: [], visible: [] },
      workspaceRoot: '/state/w/root',
      cwd: '/state/w/root/sub',
      userNamespace: false,
      infoFd: null,
    });
    expect(argv.lastIndexOf('--tmpfs')).toBeLessThan(argv.lastIndexOf('--bind'));
    expect(argv.slice(argv.lastIndexOf('--bind'), argv.lastIndexOf('--bind') + 3)).toEqual([
      '--bind',
      '/state/w/root',
      '/state/w/root',
    ]);
    for (const flag of ['--unshare-net', '--unshare-pid', '--die-with-parent', '--new-session', '--cap-drop']) {
      expect(argv).toContain(flag);
    }
    expect(argv.at(-1)).toBe('--');
  });
});
