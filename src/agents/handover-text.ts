import type { CheckSpec } from '../task/definition-of-done.js';
import { beginningAndEnd } from '../task/part-of.js';
import type { AgentContext } from './agent.js';
import { isLargeModel } from './model-size.js';

const entryChars = 2_000;
/** Share of the context that the whole request may take, in characters of about three for each token. */
const wholeShare = 0.15;
const wholeChars = 6_000;

/**
 * What an agent is told besides its request, for the end of a prompt: what it is a part of, what earlier tasks left, what the user
 * answered, and what will be checked. Empty when there is nothing.
 */
export function handoverText(context: Pick<AgentContext, 'order' | 'model'>): string {
  const { order } = context;
  const whole = wholeText(context);
  const entries = order.handover.map(({ from, text }) => {
    const plain = text.trim().slice(0, entryChars);
    return from === 'user' ? `The user answered: ${plain}` : `From ${from}: ${plain}`;
  });
  const demands = order.definitionOfDone.map(demandText);
  if (demands.length > 0) entries.push(`It is done when ${demands.join(', ')}.`);
  return `${whole}${entries.length === 0 ? '' : `\n\n${entries.join('\n')}`}`;
}

/**
 * The whole request that the task is a part of, as far as the context has room for it. A small model is told nothing of it: it
 * would do the whole, or mix the two up.
 */
export function wholeText({ order, model }: Pick<AgentContext, 'order' | 'model'>): string {
  if (!order.partOf || !isLargeModel(model)) return '';
  const limit = Math.min(wholeChars, Math.floor(model.contextTokens * 3 * wholeShare));
  return `\n\nThis is one part of a larger request, shown so that you know what the part is for; do only your part. The whole:\n"""\n${beginningAndEnd(order.partOf, limit)}\n"""`;
}

/** A check in words that complete "it is done when". */
function demandText({ check, paths = [], command = [], percent }: CheckSpec): string {
  const of = paths.length === 0 ? '' : ` ${paths.join(', ')}`;
  switch (check) {
    case 'file_exists':
      return `there is${of}`;
    case 'files_changed':
      return of === '' ? 'files were changed' : `these were changed:${of}`;
    case 'parses':
      return `the syntax is right${of === '' ? '' : ` in${of}`}`;
    case 'command_succeeds':
      return `\`${command.join(' ')}\` succeeds`;
    case 'tests_pass':
      return `the tests pass${of === '' ? '' : ` in${of}`}`;
    case 'coverage_at_least':
      return `tests cover at least ${percent ?? 0}% of the lines${of === '' ? '' : ` of${of}`}`;
    case 'review_approved':
      return 'a reviewer approves it';
    case 'report_written':
      return `a report is written${of === '' ? '' : ` to${of}`}`;
  }
}
