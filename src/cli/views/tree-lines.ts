import { isOver } from '../../task/task.js';
import type { TreeJson } from '../json-shapes.js';
import { durationText } from './amounts.js';
import { cutTo } from './columns.js';
import { hanging, indent } from './page-parts.js';
import { statusColor, statusText } from './status-words.js';
import { oneLine, paint, type ViewOptions } from './view.js';

/** Where the output has no width, a line of outcome is no longer than this. */
const outcomeColumns = 160;
/** Deeper ones are not moved further to the right: a narrow terminal has no room for it. */
const deepest = 4;

/**
 * The subtasks of a task, each with its own below it: `TASK-002  done  Write todo.py`, then who did it and in what time,
 * then one line of what came of it.
 */
export function treeLines(tree: readonly TreeJson[], options: ViewOptions, depth = 1): string[] {
  const step = Math.min(depth, deepest);
  // What counts comes first.
  const inOrder = [...tree].sort((a, b) => Number(a.superseded) - Number(b.superseded));
  return inOrder.flatMap((node) => [
    ...nodeLines(node, step, options),
    ...treeLines(node.subtasks, options, depth + 1),
  ]);
}

function nodeLines(node: TreeJson, depth: number, options: ViewOptions): string[] {
  const status = statusText(node.status);
  const head = hanging(`${node.id}  ${status}  ${oneLine(node.title)}`, depth, indent.length, options);
  const color = statusColor(node.status);
  const [first = '', ...more] = head;
  const painted = first.replace(`  ${status}  `, () => `  ${paint(status, color, options)}  `);
  const below = depth + 1;
  const room = Math.min(outcomeColumns, options.columns - indent.length * below);
  const outcome = oneLine(node.outcome);
  return [
    painted,
    ...more,
    ...hanging(factsOf(node), below, 0, options).map((line) => paint(line, 'dim', options)),
    ...(outcome === '' ? [] : [indent.repeat(below) + cutTo(outcome, room)]),
  ];
}

function factsOf(node: TreeJson): string {
  const facts = [...(node.superseded ? ['of an earlier try, counts no more'] : []), oneLine(node.agent)];
  if (node.modelUsed !== null) facts.push(`${oneLine(node.modelUsed)}${node.usedFallback ? ' (fallback)' : ''}`);
  if (node.attempt > 0) facts.push(`attempt ${node.attempt}`);
  if (node.durationMs !== null && isOver(node.status)) facts.push(durationText(node.durationMs));
  if (node.dependsOn.length > 0) facts.push(`after ${node.dependsOn.join(', ')}`);
  return facts.join(', ');
}
