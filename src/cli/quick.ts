import type { CommandIo } from './command-io.js';
import { ps } from './ps.js';

/**
 * The commands that people run again and again, without the parser of all commands: `npm run build` makes one file of
 * this, since reading fifty small ones costs more than what they do. Null where the command line is not exactly known;
 * the program then takes its usual way.
 */
export function quickCommand(args: readonly string[], io: CommandIo): Promise<number> | null {
  const [name, ...flags] = args;
  if (name !== 'ps' || flags.some((flag) => flag !== '--json' && flag !== '--watch')) return null;
  return ps({ json: flags.includes('--json'), watch: flags.includes('--watch') }, io);
}
