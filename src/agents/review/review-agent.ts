import { WilsonError } from '../../errors.js';
import { findingText, type ReviewFinding } from '../../task/review.js';
import { imagesToSee } from '../../task/task.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { WorkspaceFiles } from '../code/workspace-files.js';
import { isLargeModel } from '../model-size.js';
import { readOrNull } from '../report-text.js';
import { countSteps } from '../step-counter.js';
import { askAboutPieces, type PiecesReview } from './ask-pieces.js';
import { lintDiff } from './lint-diff.js';
import { type DiffFile, parseDiff } from './parse-diff.js';
import { requestGaps } from './request-gaps.js';
import { reviewOf } from './verdict.js';

/** Characters of the workspace's code that are searched for what was asked for. */
const codeLimit = 400_000;

/**
 * Judges the diff of other tasks (`order.review`), or, without one, the files or the changes that a request names. Rules
 * find what they can and decide the verdict; a model adds findings, of which only those count that stand on a line of the
 * diff and are confirmed. Nothing that the diff says can approve it.
 */
export async function reviewAgent(context: AgentContext): Promise<AgentResult> {
  const { description, review, taskType } = context.order;
  if (review === null) {
    // A picture is looked at, not read.
    if (imagesToSee({ type: taskType, description }).length > 0) {
      return (await import('../report-agent.js')).reportAgent(context);
    }
    const { standaloneReview } = await import('./standalone-review.js');
    return standaloneReview(context);
  }
  return judge(context, review);
}

async function judge(context: AgentContext, order: NonNullable<AgentContext['order']['review']>): Promise<AgentResult> {
  const steps = countSteps(context, 3);
  steps.next('reading the diff');
  const files = parseDiff(order.patch);
  const unseen = unseenFiles(files, order.files);
  const notes = unseen.length === 0 ? [] : [`Not seen, because the diff does not show them: ${listOf(unseen)}.`];
  if (order.truncated) notes.push('The diff was too long and was cut off; what was cut was not reviewed.');
  const nothing = nothingToJudge(files, order.files);
  if (nothing !== null) return result(context, [nothing], notes);

  const found: ReviewFinding[] = lintDiff(files).map(withoutRule);
  found.push(...(await gapsOf(context, files, order)));
  for (const each of found) context.log('info', `rule: ${findingText(each)}`);
  steps.next('asking the model about the code');
  if (isLargeModel(context.model)) {
    const { reviewLoop } = await import('./review-loop.js');
    const said = await reviewLoop(context, { files, order, known: found }).catch((error: unknown) => {
      if (error instanceof WilsonError && error.code === 'CONTEXT_OVERFLOW') return null;
      throw error;
    });
    if (said !== null) {
      steps.next('giving the verdict');
      return result(context, [...found, ...said.findings], [...said.notes, ...notes]);
    }
    context.log('info', 'the diff does not fit into the context: it is read piece by piece');
  }
  const said = await askAboutPieces(context, { files, request: order.request, evidence: order.evidence, steps });
  for (const note of said.notes) context.log('info', note);
  if (said.unread.length > 0) notes.push(`Judged by the rules alone: ${listOf(said.unread)}.`);
  notes.unshift(readText(files, said, context.model));
  steps.next('giving the verdict');
  return result(context, [...found, ...said.findings], notes);
}

function result(context: AgentContext, findings: readonly ReviewFinding[], notes: readonly string[]): AgentResult {
  const review = reviewOf(findings, notes);
  context.log('info', `verdict: ${review.verdict}`);
  const head = review.verdict === 'approved' ? 'Approved.' : 'Changes are needed.';
  return { outcome: 'finished', summary: `${head} ${review.summary}`, checks: [], error: null, review };
}

/** A finding that says why nothing can be judged; null when there is something. */
function nothingToJudge(files: readonly DiffFile[], named: readonly string[]): ReviewFinding | null {
  const isShown = files.some(({ hunks, status }) => status === 'deleted' || hunks.some((hunk) => hunk.length > 0));
  if (isShown) return null;
  const text =
    files.length === 0 && named.length === 0
      ? 'the diff is empty: there is nothing to review'
      : `no line of ${listOf(files.length > 0 ? files.map(({ path }) => path) : named)} could be seen, so it cannot be approved`;
  return { file: '', line: null, severity: 'major', text };
}

/** Files that changed and of which no line is shown. */
function unseenFiles(files: readonly DiffFile[], named: readonly string[]): string[] {
  const seen = new Set(files.filter(({ binary }) => !binary).map(({ path }) => path));
  return [...new Set([...named, ...files.map(({ path }) => path)])].filter((path) => !seen.has(path));
}

async function gapsOf(
  context: AgentContext,
  diff: readonly DiffFile[],
  order: { readonly request: string; readonly evidence: readonly string[] },
): Promise<ReviewFinding[]> {
  const files = new WorkspaceFiles(context.order.workspaceRoot);
  const listing = await files.list();
  let code = '';
  for (const file of listing) {
    if (code.length > codeLimit || !/\.(?:py|[mc]?[jt]sx?|go|rs|java|rb|php|sh|c|cpp|h)$/i.test(file)) continue;
    code += `${(await readOrNull(files, file)) ?? ''}\n`;
  }
  return requestGaps({ request: order.request, files: diff, evidence: order.evidence, code, listing });
}

function readText(files: readonly DiffFile[], said: PiecesReview, model: AgentContext['model']): string {
  const { asked, claims, findings } = said;
  const names = `${files.length} file${files.length === 1 ? '' : 's'} read`;
  if (asked === 0) return `${names} by rules; ${model.name} judged no piece of code.`;
  // Measured: the 0.5B names no fault in code that is plainly wrong.
  const silence = isLargeModel(model) ? 'named no fault' : 'named no fault, which says little of a model of its size';
  const result = claims === 0 ? silence : `named ${claims}, of which ${findings.length} held`;
  return `${names} by rules; ${model.name} was asked about ${asked} piece${asked === 1 ? '' : 's'} of code and ${result}.`;
}

function withoutRule({ file, line, severity, text }: ReviewFinding): ReviewFinding {
  return { file, line, severity, text };
}

/** The first few of a list, and how many more. */
export function listOf(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 6).join(', ')} and ${names.length - 6} more`;
}
