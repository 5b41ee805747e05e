import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configCommand, parseConfigArgs, runConfigCommand } from '../../../src/cli/config.js';
import { parseConfig } from '../../../src/config/parse.js';
import { packagedConfig, packageFolder } from '../../../src/config/source.js';

let folder: string;
let out: string;
let err: string;
let io: Parameters<typeof configCommand>[1];
const userFile = () => join(folder, 'config', 'wilson', 'config.yaml');
const lowend = () => readFileSync(join(packageFolder(), 'config-lowend.yaml'), 'utf8');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wilson-config-command-'));
  mkdirSync(join(folder, 'project'));
  out = '';
  err = '';
  io = {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), WILSON_HOME: join(folder, 'state') },
    cwd: join(folder, 'project'),
  };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('wilson config path', () => {
  it('prints the path alone, or where it comes from as JSON', async () => {
    expect(await configCommand(['path'], io)).toBe(0);
    expect(out).toBe(`${packagedConfig()}\n`);
    out = '';
    expect(await configCommand(['path', '--json'], io)).toBe(0);
    expect(JSON.parse(out)).toEqual({ file: packagedConfig(), origin: 'packaged' });
    expect(err).toBe('');
  });

  it('also finds a file that is invalid, and fails where there is none', async () => {
    const path = join(folder, 'x.yaml');
    writeFileSync(path, 'workers: 1\n');
    expect(await configCommand(['path', '--config', path], io)).toBe(0);
    expect(out).toBe(`${path}\n`);
    expect(await configCommand(['path', `--config=${path}.gone`], io)).toBe(2);
    expect(err).toContain('x.yaml.gone');
  });
});

describe('wilson config show', () => {
  it('prints a configuration with every default, which loads to the same', async () => {
    expect(await configCommand(['show'], io)).toBe(0);
    const text = out;
    out = '';
    expect(await configCommand(['show', '--json'], io)).toBe(0);
    expect(parseConfig(text, packagedConfig())).toEqual(JSON.parse(out));
    expect(text).toContain('idle_timeout: 300');
  });

  it('says what is wrong, also as JSON with nothing else on stdout', async () => {
    mkdirSync(join(folder, 'config', 'wilson'), { recursive: true });
    writeFileSync(userFile(), 'workers:\n  max_concurrent: 0\n');
    expect(await configCommand(['show'], io)).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(`${userFile()}:2:19 workers.max_concurrent: found 0`);
    expect(await configCommand(['show', '--json'], io)).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
  });
});

describe('wilson config use', () => {
  it('writes into the config folder where nothing is yet, and does nothing the second time', async () => {
    expect(await configCommand(['use', 'lowend'], io)).toBe(0);
    expect(readFileSync(userFile(), 'utf8')).toBe(lowend());
    expect(out).toBe(`${userFile()} now holds the profile lowend.\n`);
    out = '';
    expect(await configCommand(['use', 'lowend'], io)).toBe(0);
    expect(out).toBe(`${userFile()} holds it already.\n`);
    expect(readdirSync(join(folder, 'config', 'wilson'))).toEqual(['config.yaml']);
  });

  it('replaces the file in force, even one that is invalid, and keeps each former content', async () => {
    const file = join(io.cwd, 'config.yaml');
    const now = new Date('2026-11-25T17:42:03.500Z');
    const use = (profile: string) => runConfigCommand(parseConfigArgs(['use', profile, '--json']), io, now);
    writeFileSync(file, 'workers: mine\n', { mode: 0o640 });
    await use('lowend');
    const first = JSON.parse(out);
    expect(first).toEqual({ profile: 'lowend', file, backup: `${file}.20261125-174203.bak`, changed: true });
    expect(readFileSync(first.backup, 'utf8')).toBe('workers: mine\n');
    expect(statSync(file).mode & 0o777).toBe(0o640);
    out = '';
    await use('cloud');
    expect(JSON.parse(out).backup).toBe(`${file}.20261125-174203-2.bak`);
    expect(readFileSync(first.backup, 'utf8')).toBe('workers: mine\n');
    expect(readdirSync(io.cwd)).toHaveLength(3);
  });

  it('follows a link and leaves it a link', async () => {
    const file = join(io.cwd, 'config.yaml');
    const real = join(folder, 'dotfiles.yaml');
    writeFileSync(real, 'workers: {max_concurrent: 3}\n');
    symlinkSync(real, file);
    expect(await configCommand(['use', 'lowend'], io)).toBe(0);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toBe(lowend());
  });

  it("leaves another program's ./config.yaml alone", async () => {
    const file = join(io.cwd, 'config.yaml');
    writeFileSync(file, 'title: blog\n');
    expect(await configCommand(['use', 'lowend'], io)).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('title: blog\n');
    expect(readFileSync(userFile(), 'utf8')).toBe(lowend());
  });

  it('changes nothing where the profile is unknown or the file cannot be written', async () => {
    expect(await configCommand(['use', 'low-end'], io)).toBe(2);
    expect(err).toContain('Did you mean lowend? There are: cloud, highend, lowend, midrange.');
    expect(await configCommand(['use', '../config'], io)).toBe(2);
    expect(existsSync(userFile())).toBe(false);
    expect(await configCommand(['use', 'lowend', '--config', join(folder, 'project')], io)).toBe(2);
    expect(err).toContain('cannot be written');
  });
});

describe('arguments', () => {
  it.each([
    [[], 'An action is missing.'],
    [['shw'], 'Unknown action shw. Did you mean show?'],
    [['use'], 'The name of a profile is missing.'],
    [['show', 'x'], 'config show takes no further words.'],
    [['use', 'lowend', 'cloud'], 'Too many words: cloud.'],
    [['path', '--yes'], 'Unknown option --yes.'],
    [['path', '--config'], '--config needs the path of a file.'],
  ])('%j', async (args, message) => {
    expect(await configCommand(args, io)).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain('wilson config path | show | use <profile>');
    expect(out).toBe('');
  });
});
