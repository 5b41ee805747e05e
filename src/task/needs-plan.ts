import type { TaskType } from './task.js';

/** Whole things that nobody writes in one file and one go. */
const wholeThings =
  /\b(?:app|application|program|system|service|api|website|web ?site|web page|game|platform|backend|frontend|dashboard|cli|tool|package|library|framework|bot|pipeline|project)s?\b/i;
const making = /\b(?:build|create|make|write|develop|implement|design|set up|scaffold|start|code)\b/i;

/**
 * Whether a request is so large that the Manager Agent should plan it: a whole program that is also to be tested or
 * reviewed, or several orders at once. By wording alone, so that delegating waits for no model; what is planned and turns
 * out small stays one task all the same. Pure.
 */
export function needsPlan(description: string, type: TaskType): boolean {
  if (type !== 'code' && type !== 'general') return false;
  const text = description.slice(0, 4_000);
  if (/\b(?:function|class|method)\b/i.test(text) && !/\b(?:app|application|system)\b/i.test(text)) return false;
  return making.test(text) && wholeThings.test(text) && /\b(?:tests?|tested|review(?:ed)?|coverage)\b/i.test(text);
}
