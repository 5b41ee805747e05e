import type { Task } from '../task/task.js';

/** The task ids that a text names, in the stored form: `task 3`, `TASK-003` and `#3` are all `TASK-003`. */
export function namedTaskIds(text: string): string[] {
  const ids = new Set<string>();
  for (const match of text.matchAll(/\btasks?[- ]?#?0*(\d{1,9})\b|(?:^|[\s,(])#0*(\d{1,9})\b/gi)) {
    ids.add(`TASK-${(match[1] ?? match[2] ?? '').padStart(3, '0')}`);
  }
  return [...ids];
}

/** Words that say nothing about which task is meant. */
const generic = new Set(
  `a an the this that it its my your our all any every both last first current running task tasks job jobs build thing
  things work agent agents worker workers one ones please stop kill cancel abort terminate end halt drop quit scrap forget
  about now of for to on in with and or is are was were what what's whats how how's hows why when where which who did does
  do done doing finished ready yet going status progress update far long until never mind i me you we they say said find
  found fail failed still can could would will be been has have get come up working result results out from but just ok no
  app code write add create make new function file so there been tell show check changed my mind up down off some`.split(
    /\s+/,
  ),
);

function contentWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_.]+/u)
    .map((word) => word.replace(/^\.+|\.+$/g, ''))
    .filter((word) => word.length > 1 && !generic.has(word));
}

/** The tasks whose title, type or agent shares a telling word with the text; best matches only. */
export function describedTasks(text: string, tasks: readonly Task[]): Task[] {
  const wanted = contentWords(text);
  if (wanted.length === 0) return [];
  const scored = tasks.map((task) => {
    const own = contentWords(`${task.title} ${task.agent} ${task.type}`);
    const hits = wanted.filter((word) => own.some((other) => sameStem(word, other))).length;
    return { task, hits };
  });
  const best = Math.max(0, ...scored.map(({ hits }) => hits));
  return best === 0 ? [] : scored.filter(({ hits }) => hits === best).map(({ task }) => task);
}

/** `auth` means `authentication`, `tests` means `test`. */
function sameStem(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 4 && long.startsWith(short);
}
