import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CommandIo } from './command-io.js';

/** Set in a parent without a chat; `wilson` then runs the queue of its folder and ends with the last task. */
export const detachedVariable = 'WILSON_DETACHED';

/**
 * Starts a parent without a chat for a folder: the same program in a session of its own, which ends with the folder's
 * last task. It outlives this process and its terminal.
 */
export async function startDetachedParent(folder: string, configFile: string, io: CommandIo): Promise<void> {
  const fromSource = import.meta.url.endsWith('.ts');
  const main = fileURLToPath(new URL(fromSource ? '../main.ts' : '../main.js', import.meta.url));
  const args = [...(fromSource ? ['--import', 'tsx'] : []), main, '--config', configFile];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: { ...io.env, [detachedVariable]: '1' },
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
}
