import { Command, CommanderError } from 'commander';
import { nearest, valueText } from '../config/problem.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import type { CommandIo } from './command-io.js';
import type { ErrorJson } from './json-shapes.js';
import { reportError, writeJson } from './report.js';
import { version } from './version.js';

/** A command's world plus its input: what only the chat and `run` read. */
export interface CliIo extends CommandIo {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

interface GlobalOptions {
  readonly config?: string;
}

interface ModelsFlags {
  readonly ollama?: boolean;
  readonly embedded?: boolean;
  readonly json?: boolean;
}

const usageExitCode = 2;
const usageHint = 'Run `wilson --help` for the commands.';

/**
 * Reads the command line and runs the command; resolves with the exit code. Each command is imported when it is
 * called, so that `ps` and `--help` stay close to an empty node.
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  // A pipe that closed early (`wilson ps | head`) or a terminal that went away is no error of the command: what it has
  // under way goes on, or ends in order by the signal that comes with it.
  for (const stream of [io.stdout, io.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!['EPIPE', 'EIO', 'ENXIO'].includes(error.code ?? '')) throw error;
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return reportUsage(error, args, io);
    return reportFailure(error, args, io);
  }
  return exitCode;
}

/** Says what a command failed with, and returns its exit code. */
export function reportFailure(error: unknown, args: readonly string[], io: CommandIo): number {
  return reportError(error, { json: args.includes('--json'), exitCode: exitCodeOf(error) }, io);
}

/** What the parser refused it has said on stderr already. */
function reportUsage(error: CommanderError, args: readonly string[], io: CommandIo): number {
  if (error.exitCode === 0) return 0;
  if (args.includes('--json')) {
    const message = error.message.replace(/^error: /, '');
    writeJson({ error: { code: 'USAGE', message, hint: usageHint } } satisfies ErrorJson, io);
  }
  return usageExitCode;
}

/** What stands where a command should: commander takes it for words of the default one, the chat, which has none. */
function unknownCommand(word: string, program: Command): WilsonError {
  const isOption = word.startsWith('-');
  const names = program.commands.map((command) => command.name());
  const near = isOption ? null : nearest(word, names);
  const shown = valueText(word);
  return new WilsonError(
    'USAGE',
    `There is no ${isOption ? 'option' : 'command'} ${shown}.${near === null ? '' : ` Did you mean ${near}?`}`,
    { hint: 'wilson --help lists the commands; wilson run "<request>" starts a task.' },
  );
}

/** 2 for what is wrong with the call itself or its configuration, 1 for everything else. */
function exitCodeOf(error: unknown): number {
  const { code } = toErrorRecord(error);
  const isCall = ['USAGE', 'BAD_REQUEST', 'FOLDER_TOO_WIDE', 'NO_CURRENT_FOLDER'].includes(code);
  return isCall || code.startsWith('CONFIG_') ? usageExitCode : 1;
}

function buildProgram(io: CliIo, finish: (exitCode: number) => void): Command {
  const program = new Command('wilson')
    .description(
      'A terminal assistant for models on your own machine: the chat answers at once, work runs in the background.',
    )
    .version(version(), '-V, --version')
    .option('--config <file>', 'configuration to use instead of the usual one')
    .showSuggestionAfterError()
    .showHelpAfterError(usageHint)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  const config = (): { config?: string } => {
    const { config: path } = program.opts<GlobalOptions>();
    return path === undefined ? {} : { config: path };
  };
  const json = ['--json', 'print JSON, and nothing else, on stdout'] as const;

  program
    .command('chat', { isDefault: true })
    .description('talk with Wilson (also: plain `wilson`); piped input is one turn a line')
    .allowExcessArguments()
    .allowUnknownOption()
    .action(async (_options: unknown, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) throw unknownCommand(word, program);
      const { chat } = await import('./chat.js');
      finish(await chat(config(), io));
    });

  program
    .command('run')
    .description('one task without a chat: progress to stderr, result to stdout')
    .argument('<request...>', 'what is to be done; - reads it from the input')
    .option('--type <type>', 'code, test, review, research, analysis or general; else taken from the request')
    .option('--detach', 'print the task id and let the task run in the background')
    .option('--timeout <seconds>', 'end the task after so many seconds')
    .option(...json)
    .action(
      async (request: string[], options: { type?: string; detach?: boolean; timeout?: string; json?: boolean }) => {
        const { run } = await import('./run.js');
        finish(await run(request.join(' '), { ...options, ...config() }, io));
      },
    );

  program
    .command('ps')
    .description('worker processes and loaded models with their RAM, and what is queued and why')
    .option('--watch', 'again every second')
    .option(...json)
    .action(async (options: { watch?: boolean; json?: boolean }) => {
      const { ps } = await import('./ps.js');
      finish(await ps({ json: options.json === true, watch: options.watch === true, ...config() }, io));
    });

  program
    .command('kill')
    .description('end tasks with all they started')
    .argument('[tasks...]')
    .option('--all', 'every task that runs or waits')
    .option(...json)
    .action(async (tasks: string[], options: { all?: boolean; json?: boolean }) => {
      const { kill } = await import('./kill.js');
      finish(await kill(tasks, { all: options.all === true, json: options.json === true }, io));
    });

  program
    .command('tasks')
    .description('the tasks there were, newest first')
    .option('--status <status>')
    .option('--limit <n>', 'at most so many requests, each with its subtasks', '20')
    .option(...json)
    .action(async (options: { status?: string; limit: string; json?: boolean }) => {
      const { tasks } = await import('./tasks.js');
      finish(await tasks({ ...options, json: options.json === true }, io));
    });

  program
    .command('show')
    .description('all about one task on one page')
    .argument('<task>')
    .option('--messages', 'what agents said to each other, in full')
    .option(...json)
    .action(async (task: string, options: { messages?: boolean; json?: boolean }) => {
      const { show } = await import('./tasks.js');
      finish(await show(task, { json: options.json === true, messages: options.messages === true }, io));
    });

  program
    .command('logs')
    .description('what happened to a task, line by line')
    .argument('<task>')
    .option('-f, --follow', 'until the task is over')
    .option(...json)
    .action(async (task: string, options: { follow?: boolean; json?: boolean }) => {
      const { logs } = await import('./tasks.js');
      finish(await logs(task, { follow: options.follow === true, json: options.json === true }, io));
    });

  program
    .command('answer')
    .description('answer what the agent of a task asks')
    .argument('<task>')
    .argument('<text...>', 'the answer; - reads it from the input')
    .option(...json)
    .action(async (task: string, text: string[], options: { json?: boolean }) => {
      const { answer } = await import('./answer.js');
      finish(await answer(task, text.join(' '), { json: options.json === true, ...config() }, io));
    });

  for (const [name, description] of [
    ['diff', 'what a task made, as a patch'],
    ['apply', 'put what a task made into the folder; refuses on conflict'],
    ['undo', 'take back an apply'],
    ['retry', 'queue a failed or cancelled task again'],
  ] as const) {
    program
      .command(name)
      .description(description)
      .argument('<task>')
      .option(...json)
      .action(async (task: string, options: { json?: boolean }) => {
        const outcome = await import('./outcome.js');
        finish(await outcome[name](task, { json: options.json === true, ...config() }, io));
      });
  }

  program
    .command('discard')
    .description('throw away what a task made')
    .argument('<task>')
    .option('--keep-applied', 'also when it was applied: that stays, and cannot be undone any more')
    .option(...json)
    .action(async (task: string, options: { keepApplied?: boolean; json?: boolean }) => {
      const { discard } = await import('./outcome.js');
      const keepApplied = options.keepApplied === true;
      finish(await discard(task, { json: options.json === true, keepApplied, ...config() }, io));
    });

  program
    .command('models')
    .description('what each purpose would use now and why; `models pull <name>` fetches one')
    .argument('[action]', 'pull')
    .argument('[name]')
    .option('--ollama', 'pull: to the Ollama server')
    .option('--embedded', 'pull: to this machine, for the engine inside Wilson')
    .option(...json)
    .action(async (action: string | undefined, name: string | undefined, options: ModelsFlags) => {
      const { models, pullFlag } = await import('./models.js');
      finish(await models({ action, name, json: options.json === true, target: pullFlag(options), ...config() }, io));
    });

  program
    .command('doctor')
    .description('look for what is wrong, and say what to do')
    .option(...json)
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import('./doctor-probes.js');
      finish(await doctor({ json: options.json === true, ...config() }, io));
    });

  program
    .command('config')
    .description('path | show | use <profile>')
    .argument('[words...]')
    .option(...json)
    .action(async (words: string[], options: { json?: boolean }) => {
      const { configCommand } = await import('./config.js');
      const path = config().config;
      const args = [
        ...words,
        ...(options.json === true ? ['--json'] : []),
        ...(path === undefined ? [] : ['--config', path]),
      ];
      finish(await configCommand(args, io));
    });

  return program;
}
