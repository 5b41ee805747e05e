import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFolder, ensureStateFolder, stateFolder } from '../../../src/config/paths.js';
import { WilsonError } from '../../../src/errors.js';

describe('stateFolder', () => {
  it.each([
    [{ WILSON_HOME: '/w', HOME: '/h' }, 'linux', '/w'],
    [{ HOME: '/h' }, 'linux', '/h/.local/state/wilson'],
    [{ HOME: '/h', WILSON_HOME: '', XDG_STATE_HOME: '/x' }, 'linux', '/x/wilson'],
    [{ HOME: '/h', XDG_STATE_HOME: 'relative' }, 'linux', '/h/.local/state/wilson'],
    [{ HOME: '/h' }, 'darwin', '/h/Library/Application Support/wilson'],
    [{ LOCALAPPDATA: '/l' }, 'win32', '/l/wilson'],
    [{ USERPROFILE: '/u' }, 'win32', '/u/AppData/Local/wilson'],
  ] as const)('%j on %s', (env, platform, expected) => {
    expect(stateFolder(env, platform)).toBe(expected);
  });

  it('is absolute when WILSON_HOME is not', () => {
    expect(stateFolder({ WILSON_HOME: 'here' })).toBe(join(process.cwd(), 'here'));
  });
});

describe('configFolder', () => {
  it.each([
    [{ HOME: '/h' }, 'linux', '/h/.config/wilson'],
    [{ HOME: '/h', XDG_CONFIG_HOME: '/x' }, 'linux', '/x/wilson'],
    [{ HOME: '/h' }, 'darwin', '/h/Library/Preferences/wilson'],
    [{ APPDATA: '/a' }, 'win32', '/a/wilson'],
  ] as const)('%j on %s', (env, platform, expected) => {
    expect(configFolder(env, platform)).toBe(expected);
  });
});

describe('ensureStateFolder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wilson-paths-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function refusal(path: string): WilsonError {
    try {
      ensureStateFolder(path);
    } catch (error) {
      if (error instanceof WilsonError) return error;
      throw error;
    }
    throw new Error('it was accepted');
  }

  it('makes it for this user alone, leaves nothing in it, and may be called again', () => {
    const state = join(folder, 'a', 'b');
    ensureStateFolder(state);
    ensureStateFolder(state);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(readdirSync(state)).toEqual([]);
  });

  it('refuses a file, a folder below a file, and a link that leads nowhere', () => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'gone', 'away'), join(folder, 'link'));
    for (const path of ['file', 'file/below', 'link'].map((name) => join(folder, name))) {
      const error = refusal(path);
      expect(error.code).toBe('STATE_UNWRITABLE');
      expect(error.message).toContain(path);
      expect(error.hint).toContain('WILSON_HOME');
    }
  });

  it.runIf(existsSync('/proc/self'))('refuses a file system without files of ours, even to root', () => {
    expect(refusal('/proc/wilson').code).toBe('STATE_UNWRITABLE');
    expect(refusal('/proc').code).toBe('STATE_UNWRITABLE');
  });

  it.skipIf(process.getuid?.() === 0)('refuses a folder without the permission to write', () => {
    chmodSync(folder, 0o500);
    expect(refusal(folder).message).toContain('not allowed');
  });
});
