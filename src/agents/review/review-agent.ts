import type { AgentContext, AgentResult } from '../agent.js';
import { failed } from '../code/outcome.js';

/** Judges the diff of other tasks. */
export function reviewAgent(context: AgentContext): Promise<AgentResult> {
  context.log('warn', 'there is no reviewer yet');
  return Promise.resolve(failed('NO_VERDICT', 'No verdict could be given.', 'Nothing was judged.'));
}
