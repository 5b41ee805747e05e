import { taskId } from './english.js';
import type { Phrase } from './phrase.js';

/** Words for what Wilson is busy with. */
const work =
  '(?:it|that|this|they|those|everything|all of it|you|we|(?:the|my|your|our|that|this|any|last|all|first|second) (?:[\\w-]+ ){0,3}?[\\w-]+|anything|anyone|anybody|something|task[- ]?#?\\d+|tasks?|agents?|workers?|jobs?)';

const agentWord = '(?:tasks?|jobs?|agents?|workers?|builds?|review(?:er)?|queue|task[- ]?#?\\d+|subtasks?|background)';

const patterns: readonly RegExp[] = [
  /^(?:(?:current|latest|any|task) )?(?:status|progress|eta|updates?|news)(?: (?:please|report|update|of .*|on .*|now|for .*))?$/,
  /^(?:(?:(?:are|is) )?(?:it|we|you|they|that) )?(?:done|finished|ready|complete)(?: yet| already)?$/,
  /\b(?:failed|queued|running|finished|open|pending|active|blocked|completed|cancelled|background|waiting) (?:tasks?|jobs?)\b/,
  /\bany (?:news|updates?|progress|luck|results?)\b/,
  /\b(?:done|finished|ready) (?:yet|already)\b/,
  new RegExp(
    `^how(?:'s|s| is| are| did| does| do| was) ${work} (?:going|coming along|coming|progressing|getting on|getting along|proceeding|looking|doing so far|go|went|turn out)\\b`,
  ),
  new RegExp(`^how(?:'s|s| is| are) (?:the |my |your |that |those )?(?:[\\w-]+ ){0,3}${agentWord}(?: doing)?$`),
  new RegExp(`^how (?:far|near|close)(?: along)?(?: is| are| has| have|'s) ${work}\\b`),
  /^how far\b.*\b(?:along|is it|are we|are you|has it|got)\b/,
  /^how (?:much )?long(?:er)?(?: do (?:i|we) (?:have to|need to) wait)? (?:until|till|before|for|left|to go|will|is|does|do|has)\b.*\b(?:ready|done|finish(?:ed|es)?|complete[ds]?|(?:it|this|that)(?: still)? (?:take|taking|be|been|need|last)(?: to finish)?$|until (?:it|that|this)|tasks?|build|running|left|wait)\b/,
  /^how much (?:is left|longer|remains|more|work is left|of (?:it|the \w+) is (?:done|left|finished))\b/,
  /^(?:how many|which|what) (?:[\w-]+ ){0,2}(?:tasks?|jobs?|agents?|workers?|subtasks?)\b(?!.*\bmodels?\b)/,
  new RegExp(
    `^(?:is|are|was|were) ${work} (?:all |still |already |now |finally |almost |nearly |even |actually )*(?:done|finished|ready|complete|completed|running|being|stuck|queued|waiting|in progress|through|over|there yet|blocked|alive|failing|failed|cancelled|working on|building|pending|hanging|started)\\b`,
  ),
  new RegExp(
    `^(?:did|has|have|does|do|had) ${work} (?:all |already |even |actually |just |finally |been )*(?:finish|finished|work|worked|pass|passed|fail|failed|complete|completed|crash|crashed|start|started|succeed|succeeded|go through|stop|stopped|done|get done|made|make|merged|merge|fixed|fix|written|write|built|build|added|add|found|find|killed|kill|cancelled|cancel|manage|managed|change|changed|created|create)\\b`,
  ),
  new RegExp(
    `^(?:what|who)(?:'s|s| is| are| was| were) (?:${work}|everyone|everybody|each \\w+|code agent) (?:currently |still |now |actually )*(?:doing|working on|up to|busy with|waiting for|running|at)\\b`,
  ),
  /^what(?:'s|s| is) (?:going on|happening|running|queued|pending|left(?: to do)?|in the queue|in progress|being worked on|next in (?:the )?queue|taking so long|the (?:status|progress|eta|state|hold-?up|result|outcome)(?: of\b.*)?)\b/,
  /^(?:is|are) (?:there )?(?:anything|any (?:tasks?|jobs?|agents?|workers?)|something|anyone|anybody) (?:still |currently |left )*(?:running|queued|in (?:the )?queue|working|left|waiting|pending|going on|active|in progress|to do|finished|done)/,
  /^anything (?:still |currently )?(?:running|queued|left|pending|in the queue|done|finished)/,
  new RegExp(
    `^why (?:did|has|is|was|are|were|does|hasn't|isn't|didn't) (?:the |my |that |this |our )?(?:[\\w-]+ ){0,3}?${agentWord}\\b`,
  ),
  /^why (?:did|has|is|was|hasn't|isn't|didn't) (?:it|that|this|everything|nothing)(?: (?:fail|failed|stuck|take|taking|queued|waiting|cancelled|crash|crashed|stop|stopped|slow|so slow|finished|done|running|happening|work|start)| .*\b(?:fail|finish|start|stop)\b)/,
  /^what (?:went wrong|happened|failed|broke)\b(?!.*\b(?:in|during) (?:the )?(?:1\d{3}|20\d{2}|war|world|history)\b)/,
  new RegExp(
    `^what (?:did|does|has|have|do) (?:the |my |that |this |your |our )?(?:[\\w-]+ )?(?:${agentWord}|it|they|you|tests?|research(?:er)?|analysis|analyst|tester) (?:say|said|find|found|report|reported|do|done|did|change|changed|come up with|conclude|suggest|write|written|wrote|produce|produced|output|make|made|think of|achieve|accomplish|finish|build|built|create|created)\\b`,
  ),
  /^what (?:was|were|is|are) the (?:results?|outcome|findings?|verdict|conclusions?|output|state|status)\b(?!.*\b(?:war|election|match|game|\d+ ?[-+*/x])\b)/,
  /^(?:where|how far) (?:are|do) (?:we|you|things)(?: stand)?(?: (?:with|on|at|now)\b.*)?$/,
  /^when (?:will|is|does|do|can) (?:it|that|this|the (?:[\w-]+ ){0,2}[\w-]+|my (?:[\w-]+ ){0,2}[\w-]+|they|you)\b.*\b(?:done|ready|finish(?:ed)?|complete|over|available|start|be back)\b/,
  /^(?:who|which agent)(?:'s| is| are) (?:working|busy|doing|handling)\b/,
  /^(?:show|list|give|tell|check|see|display|print|get)(?: me| us| on)*(?: (?:a|an|the|all|my|your|current|running|queued|open|what|how|about|of|quick|short|on|far|is|latest|last|finished|failed|active|background|pending))* (?:tasks?|jobs?|queue|progress|status|workers|agents|update|eta|task list|results?)\b/,
  /^(?:tell me|check|let me know|see|show me) (?:how far|how it'?s going|how things are|what's (?:going on|happening|running)|if it'?s (?:done|finished|ready)|whether it'?s (?:done|finished|ready)|when it|what is (?:going on|happening|running|queued|left|pending))\b/,
  /^(?:check|check up|follow up) on (?:the|my|that|it|task|your|how)\b/,
  /^what (?:have|has|did) (?:you|it|they|the agents?|been) (?:[\w-]+ )?(?:done|finished|found|got|do|did|achieved|accomplished|completed|written|built|made)\b/,
  /^what are you (?:currently |still )?(?:doing|working on|up to|busy with|building|writing)\b/,
  /^(?:which|what) files? (?:did|has|have|were|was|are) (?:it|that|they|you|the|task|changed|been|being|created|written)\b/,
  /^still (?:running|working|going|at it|busy|building|waiting|not (?:done|finished|ready))/,
  /^(?:what|how many) percent(?:age)?\b.*\b(?:done|finished|complete|task|it)\b/,
];

/** A question about tasks: how far, what came out, what waits, why one failed. */
export function asksForProgress(phrase: Phrase): boolean {
  if (phrase.clauses.some((clause) => patterns.some((pattern) => pattern.test(clause)))) return true;
  return taskId.test(phrase.text);
}
