/** `npm run bench:startup`: `wilson ps` and `wilson --help` (built) beside `node -e 0`, turn by turn in one run. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figuresLine, figuresOf, goal } from './bench-figures.js';

const rounds = 30;
const main = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));
if (!existsSync(main)) throw new Error('Build first: npm run build');
const home = mkdtempSync(join(tmpdir(), 'wilson-bench-'));

const commands: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'wilson ps': [main, 'ps'],
  'wilson --help': [main, '--help'],
};
const samples = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
try {
  for (let round = -2; round < rounds; round += 1) {
    for (const [name, args] of Object.entries(commands)) {
      const started = performance.now();
      const { status } = spawnSync(process.execPath, args, {
        env: { PATH: process.env.PATH, HOME: process.env.HOME, WILSON_HOME: home },
        stdio: 'ignore',
      });
      if (status !== 0) throw new Error(`${name} exited with ${status}`);
      if (round >= 0) samples.get(name)?.push(performance.now() - started);
    }
  }
  const figures = new Map([...samples].map(([name, list]) => [name, figuresOf(list)]));
  for (const [name, one] of figures) console.log(figuresLine(name, one));
  const base = figures.get('node -e 0')?.p50Ms ?? Number.NaN;
  for (const name of ['wilson ps', 'wilson --help']) {
    goal(`p50 of ${name} over node -e 0`, (figures.get(name)?.p50Ms ?? Number.NaN) / base, 2.5, 'times');
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
