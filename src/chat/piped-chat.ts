import { unansweredText } from './open-question.js';
import { pipedLines } from './piped-lines.js';
import { PipedView } from './piped-view.js';
import type { ChatDeps } from './session.js';
import { StopSignals } from './stop-signals.js';
import { Turns } from './turns.js';

/** Nothing was answered: bad lines in the input. */
const badInput = 2;
/** A turn failed: the model did not answer, or a command was refused; or a task was left without the answer that it needs. */
const turnFailed = 1;

/**
 * The chat on piped input: one turn a line, plain text out. At the end it waits for the tasks it started, whose notices
 * come with their evidence. One that asks something is not waited for: the end names it and the command that answers it.
 * Returns the exit code: 0, 1 when a turn failed or a question was left open, 2 when a line could not be read, 128 + n after
 * a signal.
 */
export async function runPipedChat(deps: ChatDeps): Promise<number> {
  const view = new PipedView(deps.output, deps.errorOutput);
  const stop = new AbortController();
  const stopped = new Promise<number>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(Number(stop.signal.reason)), { once: true });
  });
  let hasQuit = false;
  const turns = new Turns({
    ...deps,
    view,
    quit: () => {
      hasQuit = true;
    },
  });
  const signals = new StopSignals();
  signals.start((_, exitCode) => stop.abort(exitCode));
  const asked = new Set<string>();
  const stopNotices = deps.supervisor.onNotice((notice) => {
    if (notice.kind === 'asks' && notice.taskId !== null) asked.add(notice.taskId);
    turns.notice(notice);
  });
  // A reader that went away (`| head`): nobody sees the rest.
  deps.output.on('error', () => stop.abort(turnFailed));
  // What loading failed with is said by the first turn that needs the model.
  deps.model.ready.catch(() => undefined);
  try {
    for (const notice of deps.notices) view.say(notice, 'hint');
    const badLines = await serveLines(deps.input, turns, view, stop.signal, stopped, () => hasQuit);
    const code = await Promise.race([deps.supervisor.whenIdle().then(() => null), stopped]);
    await turns.recorded();
    if (code !== null) return code;
    const open = (await deps.supervisor.asking()).filter(({ id }) => asked.has(id));
    if (open.length > 0) view.say(unansweredText(open), 'error');
    if (badLines > 0) return badInput;
    return turns.failures > 0 || open.length > 0 ? turnFailed : 0;
  } finally {
    stopNotices();
    signals.stop();
    deps.input.destroy();
  }
}

/** Serves line after line until the input ends, `/quit` or a stop; returns how many lines could not be read. */
async function serveLines(
  input: NodeJS.ReadStream,
  turns: Turns,
  view: PipedView,
  signal: AbortSignal,
  stopped: Promise<number>,
  hasQuit: () => boolean,
): Promise<number> {
  let lines = 0;
  let badLines = 0;
  const iterator = pipedLines(input)[Symbol.asyncIterator]();
  while (!signal.aborted && !hasQuit()) {
    const next = await Promise.race([iterator.next(), stopped]);
    if (typeof next === 'number' || next.done === true) break;
    lines += 1;
    if (next.value.type === 'line') await turns.handle(next.value.text, signal);
    else {
      badLines += 1;
      view.say(`Line ${next.value.number} was skipped: ${next.value.reason}.`, 'error');
    }
  }
  if (lines > 0 || signal.aborted) return badLines;
  view.say('There was nothing to read: write one message a line.', 'error');
  return 1;
}
