import { loadConfig } from '../config/load.js';
import { WilsonError } from '../errors.js';
import type { CommandIo } from './command-io.js';
import { modelsReport } from './models-report.js';
import { writeJson } from './report.js';
import { viewOptionsOf } from './view-options.js';
import { modelsView } from './views/models-view.js';

export interface ModelsCommand {
  readonly action?: string | undefined;
  readonly name?: string | undefined;
  readonly json: boolean;
  readonly config?: string;
  /** Only what each purpose uses, for a question within the chat. */
  readonly brief?: boolean;
  /** For `pull`: where the model is to be, whatever else would be chosen. */
  readonly target?: 'ollama' | 'embedded' | undefined;
}

/** `wilson models` and `wilson models pull <name>`. */
export async function models(command: ModelsCommand, io: CommandIo): Promise<number> {
  if (command.action === 'pull') {
    const { pullModel } = await import('./models-pull.js');
    return pullModel(command, io);
  }
  if (command.action !== undefined) {
    throw new WilsonError('USAGE', `There is no action ${JSON.stringify(command.action)}.`, {
      hint: 'wilson models, or wilson models pull <name>',
    });
  }
  if (command.target !== undefined) {
    throw new WilsonError(
      'USAGE',
      `--${command.target} says where a model is to be fetched to; nothing is fetched here.`,
      {
        hint: `wilson models pull <name> --${command.target}`,
      },
    );
  }
  const config = await loadConfig({
    env: io.env,
    cwd: io.cwd,
    onNote: (note) => io.stderr.write(`${note}\n`),
    path: command.config,
  });
  const report = await modelsReport(config, io);
  if (command.json) writeJson(report, io);
  else
    io.stdout.write(
      modelsView(command.brief === true ? { ...report, models: [] } : report, viewOptionsOf(io.stdout, io.env)),
    );
  return 0;
}

/** What `--ollama` or `--embedded` says; undefined without either. Throws `USAGE` for both at once. Pure. */
export function pullFlag(flags: { readonly ollama?: boolean; readonly embedded?: boolean }): ModelsCommand['target'] {
  if (flags.ollama === true && flags.embedded === true) {
    throw new WilsonError('USAGE', '--ollama and --embedded exclude each other.', {
      hint: 'wilson models pull <name> --ollama',
    });
  }
  if (flags.ollama === true) return 'ollama';
  return flags.embedded === true ? 'embedded' : undefined;
}
