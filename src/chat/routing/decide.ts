import type { TaskType } from '../../task/task.js';
import { taskId } from './english.js';
import { classify, likeliestType, type Shares, unpackWeights, type Weights } from './learned/classifier.js';
import { packedWeights } from './learned/weights.js';
import { type Decision, delegate, emptyContext, type Route, type RouteContext } from './route.js';
import { decideByRules } from './rules.js';

/** What the rules decide by themselves: wording that leaves no room for another reading. */
const settledBy: ReadonlySet<string> = new Set(['command', 'image', 'misspelt stop']);

/** Where the rules are unsure and nothing is as probable as this, the model is worth asking. */
const sureEnough = 0.5;
/** Longest stop order that needs no second opinion, in characters. */
const plainKillLimit = 40;
/** A stop order that no rule knows must be this probable; stopping the wrong thing cannot be undone. */
const sureOfKill = 0.9;
/** A delegated question costs more than an answered request: delegating must be this much likelier than answering. */
const delegateMargin = 1.1;

let unpacked: Weights | undefined;

/** The weights, unpacked when the first turn needs them. */
function weights(): Weights {
  unpacked ??= unpackWeights(packedWeights);
  return unpacked;
}

/**
 * Decides a turn: what only one reading has by rules, the rest by what was learnt from labelled turns, of which the rules'
 * opinion is a part. Pure; about a millisecond at most.
 */
export function decideTurn(text: string, context: RouteContext): Decision {
  return decideTurnWith(weights(), text, context);
}

/** As `decideTurn`, with weights of one's own; for learning and tests. */
export function decideTurnWith(using: Weights, text: string, context: RouteContext): Decision {
  const byRules = decideByRules(text, context);
  if (settledBy.has(byRules.by) || namesWhatToKill(byRules, text)) return byRules;
  const { shares, accepted } = classify(text, context, byRules, (offer) => decideByRules(offer, emptyContext), using);
  const { route, share } = likeliestRoute(shares, byRules);
  return {
    route,
    certain: byRules.certain || share >= sureEnough,
    by: route.intent === 'delegate' ? sourceOf(byRules, accepted / share) : 'learned',
  };
}

/** Whether a request is in the turn, or in Wilson's own offer that it takes, plainly or with words of its own. */
function sourceOf(byRules: Decision, accepted: number): 'proposal' | 'reply' | 'learned' {
  if (byRules.by === 'proposal' && byRules.route.intent === 'delegate') return 'proposal';
  return accepted > 0.5 ? 'reply' : 'learned';
}

/** "Kill TASK-003": said by a rule, with the task's id, and nothing else beside it. */
function namesWhatToKill({ route }: Decision, text: string): boolean {
  return route.intent === 'kill' && text.length <= plainKillLimit && taskId.test(text);
}

/** The type of task for a request that is a task in any case. Pure. */
export function taskTypeOf(text: string): TaskType {
  const byRules = decideByRules(text, emptyContext);
  if (byRules.by === 'image' && byRules.route.intent === 'delegate') return byRules.route.type;
  return likeliestType(classify(text, emptyContext, byRules, () => byRules, weights()).shares);
}

interface Rival {
  readonly route: Route;
  readonly share: number;
}

function likeliestRoute(shares: Shares, byRules: Decision): Rival {
  const type = likeliestType(shares);
  const work = shares.code + shares.test + shares.review + shares.research + shares.analysis + shares.general;
  const isKill = byRules.route.intent === 'kill' || shares.kill >= sureOfKill;
  const rivals: readonly Rival[] = [
    { route: { intent: 'answer' }, share: shares.answer },
    { route: { intent: 'progress' }, share: shares.progress },
    { route: { intent: 'models' }, share: shares.models },
    { route: { intent: 'kill' }, share: isKill ? shares.kill : 0 },
    { route: delegate(type), share: work / delegateMargin },
  ];
  return rivals.reduce((best, rival) => (rival.share > best.share ? rival : best));
}
