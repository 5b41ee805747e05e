#!/usr/bin/env node
import { runCli } from './cli/program.js';
import { endProcess } from './terminal/end-process.js';

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
});
// A pipe may still hold output; whatever else is open (an idle connection, a timer) is no reason to stay.
for (const stream of [process.stdout, process.stderr]) {
  if (stream.writable) await new Promise((resolve) => stream.write('', resolve));
}
endProcess(exitCode);
