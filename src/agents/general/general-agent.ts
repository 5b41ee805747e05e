import { imagesToSee } from '../../task/task.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { failed, finished } from '../code/outcome.js';
import { WorkspaceFiles } from '../code/workspace-files.js';
import { blockedBy } from '../loop/ask-user.js';
import { changedSince, fingerprints, removedSince } from '../loop/changed-files.js';
import { openingText, workspaceLoop } from '../loop/workspace-loop.js';
import { isLargeModel } from '../model-size.js';
import { reportAgent } from '../report-agent.js';
import { readFileOrder } from './file-orders.js';
import { fileWork } from './file-work.js';

const answerTokens = 1_500;
const objectionLimit = 2;
const shownNames = 10;

const system =
  'You do small work on the files of a folder, with tools. Look at what is there first. Change only what was asked for, ' +
  'lose nothing, and look at the result. When all is done, answer with one or two sentences.';

/**
 * Does small work on files: by rules where they suffice, with tools where the model uses them well; a small model that
 * would have to guess says so. A request that wants a text gets one.
 */
export async function generalAgent(context: AgentContext): Promise<AgentResult> {
  const { description, taskType, workspaceRoot } = context.order;
  const order = imagesToSee({ type: taskType, description }).length > 0 ? null : readFileOrder(description);
  if (order === null) return reportAgent(context);
  const files = new WorkspaceFiles(workspaceRoot);
  if (order.kind !== 'other') return fileWork(context, files, order);
  if (isLargeModel(context.model)) return fileLoop(context, files);
  return failed(
    'MODEL_TOO_SMALL',
    `${context.model.name} is too small to be let loose on files, and no fixed rule covers this request.`,
    'Nothing was changed.',
    'Ask for one thing at a time ("rename a.txt to b.txt", "convert data.csv to JSON"), for a program that does it, or configure a chat model of 3B or more.',
  );
}

async function fileLoop(context: AgentContext, files: WorkspaceFiles): Promise<AgentResult> {
  const loop = workspaceLoop(context, { system, answerTokens });
  const before = await fingerprints(files);
  let outcome = await loop.say(openingText(context));
  for (let objections = 0; ; objections += 1) {
    const after = await fingerprints(files);
    const [changed, removed] = [changedSince(before, after), removedSince(before, after)];
    const left = leftText(changed, removed);
    if (outcome.call !== undefined) return blockedBy(outcome.call.arguments, left);
    const isEnded = outcome.end === 'answered';
    if (isEnded && changed.length + removed.length > 0) {
      return finished(left, [
        { check: 'files_changed', ...(changed.length === 0 ? {} : { paths: changed.slice(0, 100) }) },
      ]);
    }
    if (!isEnded || loop.turnsLeft === 0 || objections >= objectionLimit) {
      const why = isEnded ? 'no file was changed' : outcome.reason;
      return failed(
        changed.length + removed.length === 0 ? 'NOTHING_WRITTEN' : 'NOT_FINISHED',
        `The work was not finished: ${why}.`,
        left,
      );
    }
    outcome = await loop.say('That is not done yet: no file was changed.');
  }
}

function leftText(changed: readonly string[], removed: readonly string[]): string {
  const list = (names: readonly string[]): string =>
    names.length <= shownNames
      ? names.join(', ')
      : `${names.slice(0, shownNames).join(', ')} and ${names.length - shownNames} more`;
  const parts = [
    ...(changed.length === 0 ? [] : [`Written or changed: ${list(changed)}.`]),
    ...(removed.length === 0 ? [] : [`No longer there: ${list(removed)}.`]),
  ];
  return parts.length === 0 ? 'Nothing was changed.' : parts.join(' ');
}
