import { findingText, isAboutOthers, type ReviewRecord, verdictText } from '../task/review.js';
import type { Task } from '../task/task.js';
import { namedTaskIds } from './task-reference.js';

const aboutReview = /\breview(?:s|er|ers|ed)?\b/i;
const wantsWords =
  /\b(?:say|says|said|find|finds|found|think|thinks|thought|conclud\w*|complain\w*|approv\w*|result|outcome)\b/i;
const namesWords = /\b(?:findings?|verdicts?)\b/i;
/** Findings that a report lists before it counts the rest. */
const listed = 8;

/**
 * The task whose reviews a question is about: the one that is named, else the newest reviewer; null for a question that is
 * not about what a review said. `tasks` are those of the folder, newest first. Pure.
 */
export function reviewedTask(question: string, tasks: readonly Task[]): Task | null {
  const isAsked = namesWords.test(question) || (aboutReview.test(question) && wantsWords.test(question));
  if (!isAsked) return null;
  const [named] = namedTaskIds(question);
  const isMeant = (task: Task): boolean => (named === undefined ? task.type === 'review' : task.id === named);
  return tasks.find(isMeant) ?? null;
}

/** What reviews said, from what is stored alone: the last word on each task with its findings. `reviews`: oldest first. */
export function reviewReport(reviews: readonly ReviewRecord[]): string {
  const last = new Map(reviews.map((review) => [review.taskId, review]));
  return [...last.values()].flatMap((review) => lines(review, reviews)).join('\n');
}

function lines(review: ReviewRecord, all: readonly ReviewRecord[]): string[] {
  const { taskId, attempt, reviewer, findings, summary } = review;
  const head = `${reviewer} reviewed ${taskId} (attempt ${attempt}): ${verdictText(review)}.`;
  const shown = findings.slice(0, listed).map((finding) => `  ${oneLine(findingText(finding))}`);
  if (findings.length > listed) shown.push(`  … and ${findings.length - listed} more: /show ${taskId}`);
  const earlier = all.filter((other) => other.taskId === taskId && other !== review);
  const rounds = earlier.map(
    (round) =>
      `attempt ${round.attempt} ${verdictText(round)} (${round.findings.length} ${round.findings.length === 1 ? 'finding' : 'findings'})`,
  );
  return [
    summary === '' || isAboutOthers(review) ? head : `${head} ${oneLine(summary)}`,
    ...shown,
    ...(rounds.length === 0 ? [] : [`  Before: ${rounds.join(', ')}.`]),
  ];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
