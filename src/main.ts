#!/usr/bin/env node
import { currentFolder } from './cli/current-folder.js';
import { endProcess } from './terminal/end-process.js';

const io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  get cwd() {
    return currentFolder();
  },
};

/** `ps` has a way of its own, made of one file by the build; from source, and for everything else, there is the program. */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'ps') {
    const bundle = new URL('./config/quick.bundle.js', import.meta.url);
    const quick: typeof import('./cli/quick.js') | null = await import(bundle.href).catch(() => null);
    const running = quick?.quickCommand(args, io) ?? null;
    if (running !== null) {
      return running.catch(async (error: unknown) => {
        const { reportFailure } = await import('./cli/program.js');
        return reportFailure(error, args, io);
      });
    }
  }
  const { runCli } = await import('./cli/program.js');
  return runCli(args, io);
}

const exitCode = await main(process.argv.slice(2));
// A pipe may still hold output; whatever else is open (an idle connection, a timer) is no reason to stay.
for (const stream of [process.stdout, process.stderr]) {
  if (stream.writable) await new Promise((resolve) => stream.write('', resolve));
}
endProcess(exitCode);
