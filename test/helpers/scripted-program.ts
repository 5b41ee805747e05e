import { copyFileSync, cpSync, existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from './temp-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const worker = fileURLToPath(new URL('../fixtures/workers/scripted-worker.mjs', import.meta.url));

/**
 * The built program with a worker that does what the description of its task says: everything else, from the command line to
 * the checks and the merging of workspaces, is the real thing. Returns its entry for `startMachine`.
 */
export function scriptedProgram(): string {
  if (!existsSync(join(root, 'dist'))) throw new Error('The program is not built: npm run build');
  const folder = tempFolder();
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  copyFileSync(worker, join(folder, 'dist/workers/task-worker.js'));
  for (const file of readdirSync(root)) {
    if (file === 'package.json' || file.endsWith('.yaml')) copyFileSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'dist/src/main.js');
}
