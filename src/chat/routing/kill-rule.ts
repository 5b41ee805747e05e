import { filePath, taskId } from './english.js';
import type { Phrase } from './phrase.js';

const stopVerb =
  /^(?:stop|kill|cancel|abort|terminate|halt|end|quit|drop|scrap|ditch|interrupt|call off|shut down|shut|pull the plug on|get rid of|give up on|forget about|forget|make)\b\s*(.*)$/;

/** "Cancel button", "stop words", "kill switch": names of things, not orders. */
const partOfName =
  /^(?:buttons?|words?|switch|keys?|signs?|lights?|conditions?|signals?|of|icons?|links?|dialogs?|events?|handlers?|codon|motion|loss|user|result|to end|points?)\b/;

const taskNoun =
  '(?:tasks?|jobs?|builds?|agents?|workers?|runs?|things?|work|queue|stuff|ones?|process(?:es)?|review|tests?|research|analysis|migration|refactoring|refactor|coding|generation|server|app|page|site|script|api|feature|suite|operations?|requests?|program)';

const pronoun =
  /^(?:it|that|this|them|those|these|everything|all|both|him|her|the (?:lot|rest)|whatever|all of (?:it|them|that|this))\b/;

/** Gerunds that name work of an agent; "stop talking" and "stop apologising" are not about tasks. */
const workGerund =
  /^(?:work|build|writ|cod|runn|fix|test|refactor|review|research|analy[sz]|add|implement|generat|creat|mak|process|execut|search|pars|do)ing\b/;

const describedObject = new RegExp(
  `^(?:(?:the|that|this|my|your|all|every|any|both|each|last|first|second|third|current|running|queued|code|test|review|research) )(?:.*\\b${taskNoun}\\b|[\\w-]+(?: [\\w-]+){0,3}$)`,
);

/** What a stop order may be about: tasks, work of agents, "it". `object` is what follows the verb, in lower case. */
export function isKillObject(object: string): boolean {
  if (taskId.test(object)) return true;
  if (partOfName.test(object) || / from \w+ing\b/.test(object)) return false;
  if (filePath.test(object) && !/\btasks?\b/.test(object)) return false;
  return (
    pronoun.test(object) ||
    workGerund.test(object) ||
    describedObject.test(object) ||
    /^(?:tasks?|jobs?|workers?|agents?) ?\d*$/.test(object)
  );
}

function isKillClause(clause: string): boolean {
  const match = stopVerb.exec(clause);
  if (match === null)
    return /^(?:no more work on|pull the plug|call (?:it|that|them|everything) off|shut (?:it|that|them|everything) down|stop)\b/.test(
      clause,
    );
  const object = (match[1] ?? '').replace(/[.!]+$/, '').trim();
  if (clause.startsWith('make')) return /^(?:it|that|them) stop\b/.test(object);
  if (/^(?:forget|drop|quit|end|shut)\b/.test(clause)) {
    if (/^forget (?:it|that|this|about (?:it|that|this))$/.test(clause)) return false;
    return (
      object !== '' &&
      isKillObject(object) &&
      !/^(?:drop|end|quit) (?:the|that|this) (?:table|database|column|line|file|sentence|meeting)/.test(clause)
    );
  }
  if (object === '' || /^(?:now|please|immediately|right now|at once)$/.test(object))
    return !/^(?:scrap|ditch|get rid of)/.test(clause);
  if (/^get rid of\b/.test(clause)) return taskId.test(object) || /\b(?:tasks?|jobs?|agents?|workers?)\b/.test(object);
  if (/^(?:abort|cancel|terminate)\b/.test(clause) && /^[\w-]+(?: [\w-]+)?$/.test(object) && !partOfName.test(object))
    return true;
  return isKillObject(object);
}

/** An order to end tasks, in English. Questions about stopping are none. */
export function asksToKill(phrase: Phrase): boolean {
  if (
    /\b(?:don't|do not|never|without|doesn't|didn't|won't) (?:stop|kill|cancel|abort|terminate|end|halt)/.test(
      phrase.text,
    )
  )
    return false;
  if (
    /\b(?:i|we) (?:don't|do not|no longer) (?:need|want) (?:the|that|this|it|task)\b.*\b(?:any ?more|task|tasks|job|build|running)\b/.test(
      phrase.text,
    )
  )
    return true;
  return phrase.clauses.some((clause) => isKillClause(clause));
}
