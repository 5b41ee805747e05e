/** Commands of the chat, with what `/help` says of each. */
export const slashCommands: readonly (readonly [name: string, usage: string, summary: string])[] = [
  ['ps', '/ps', 'running tasks and loaded models with their memory, and what is queued'],
  ['tasks', '/tasks', 'all tasks, newest first'],
  ['show', '/show TASK-001', 'one task with its evidence'],
  ['logs', '/logs TASK-001', 'what its worker wrote'],
  ['kill', '/kill TASK-001', 'end a task (several, or --all)'],
  ['answer', '/answer TASK-001 text', 'answer what its agent asks'],
  ['diff', '/diff TASK-001', 'what a task changed'],
  ['apply', '/apply TASK-001', 'take it into this folder'],
  ['undo', '/undo TASK-001', 'take it out again'],
  ['discard', '/discard TASK-001', 'throw it away'],
  ['retry', '/retry TASK-001', 'try a failed or cancelled task again'],
  ['models', '/models', 'which model each purpose uses, and why'],
  ['help', '/help', 'this list'],
  ['quit', '/quit', 'leave (Ctrl-D does the same)'],
];

const aliases: Readonly<Record<string, string>> = {
  '?': 'help',
  exit: 'quit',
  q: 'quit',
  h: 'help',
  stop: 'kill',
  cancel: 'kill',
  task: 'show',
  log: 'logs',
  model: 'models',
};

/** The command that a typed name means, or null. */
export function commandNamed(name: string): string | null {
  const wanted = aliases[name] ?? name;
  return slashCommands.some(([known]) => known === wanted) ? wanted : null;
}

/** "Did you mean …" for a name that is none. */
export function unknownCommand(name: string): string {
  const near = slashCommands
    .map(([known]) => ({ known, distance: editDistance(name, known) }))
    .filter(
      ({ known, distance }) =>
        distance <= Math.max(1, Math.floor(known.length / 3)) || (name.length > 1 && known.startsWith(name)),
    )
    .sort((a, b) => a.distance - b.distance)[0];
  const suggestion = near === undefined ? '' : ` Did you mean /${near.known}?`;
  return `There is no command /${name}.${suggestion} /help lists them all.`;
}

export function helpText(): string {
  const width = Math.max(...slashCommands.map(([, usage]) => usage.length));
  const lines = slashCommands.map(([, usage, summary]) => `  ${usage.padEnd(width)}  ${summary}`);
  return [
    'Ask anything, or say what should be built: work runs in the background while you go on typing.',
    ...lines,
    'Ctrl-C clears the line or stops the answer being written; tasks go on. Alt-Enter starts a new line.',
  ].join('\n');
}

/** Levenshtein's distance, for short words. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
