import type { Task } from '../task/task.js';
import { describedTasks, namedTaskIds } from './task-reference.js';
import { withoutSubtasks } from './task-words.js';

/** What a stop order is about. */
export type KillTarget =
  | { readonly kind: 'tasks'; readonly ids: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly among: readonly Task[] }
  | { readonly kind: 'nothing' };

const everything =
  /\b(?:everything|all|all of (?:it|them)|every (?:task|job|agent|worker)|both|alles|alle|todo|todos|todas|tout|tous|tutto|всё|все)\b|全部|所有|すべて|全て|모두/iu;

/** An order about the task that is meant by talking of it at all: "stop", "stop it", "stop the build". */
const pointsAtTheOnlyOne = 1;

/**
 * Resolves a stop order against the live tasks of the folder. Ids that were named are taken as they are, known or not.
 * A description must fit exactly one task; where several could be meant, the user is asked: stopping the wrong work costs
 * more than a question.
 */
export function killTarget(text: string, live: readonly Task[]): KillTarget {
  const ids = namedTaskIds(text);
  if (ids.length > 0) return { kind: 'tasks', ids };
  if (live.length === 0) return { kind: 'nothing' };
  if (everything.test(text)) return { kind: 'tasks', ids: withoutSubtasks(live).map((task) => task.id) };
  // A parent takes its subtasks along, so it alone stands for the family.
  const described = withoutSubtasks(describedTasks(text, live));
  const candidates = described.length > 0 ? described : withoutSubtasks(live);
  const [only] = candidates;
  if (candidates.length === pointsAtTheOnlyOne && only !== undefined) return { kind: 'tasks', ids: [only.id] };
  return { kind: 'ambiguous', among: candidates };
}

/** What the answer to "which one?" picks: ids, bare numbers, "all", a description; null when it is no such answer. */
export function chosenTasks(reply: string, among: readonly Task[]): readonly string[] | null {
  const text = reply.trim();
  if (/^(?:none|no|nothing|never ?mind|cancel|neither|keine|nein)\b/i.test(text)) return [];
  if (everything.test(text) && text.length < 40) return among.map((task) => task.id);
  const named = namedTaskIds(text);
  if (named.length > 0 && text.length < 60) return named;
  const numbers = /^(?:(?:and|und|,|\s)*#?\d+)+[.!]?$/i.test(text)
    ? [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits))
    : [];
  const byNumber = numbers.flatMap((wanted) => among.filter((task) => Number(task.id.replace(/\D/g, '')) === wanted));
  if (numbers.length > 0) return byNumber.length === numbers.length ? byNumber.map((task) => task.id) : null;
  if (text.split(/\s+/).length > 5) return null;
  const described = describedTasks(text, among);
  const [only] = described;
  return described.length === 1 && only !== undefined ? [only.id] : null;
}
