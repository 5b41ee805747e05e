import { isBlocking, type Review, type ReviewFinding, severities } from '../../task/review.js';

/** Findings that one review tells; the rest is counted. */
const findingLimit = 20;

/**
 * The verdict follows from the findings by rule, whatever a model thinks of the whole: one that sends work back means
 * `needs_changes`. Worst first, each place once. Pure.
 */
export function reviewOf(findings: readonly ReviewFinding[], notes: readonly string[]): Review {
  const sorted = withoutRepeats(findings).sort(
    (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
  );
  const blocking = sorted.filter(isBlocking).length;
  const shown = sorted.slice(0, findingLimit);
  const rest = sorted.length - shown.length;
  const counts =
    sorted.length === 0
      ? 'No fault was found.'
      : `${counted(blocking, 'finding')} to be mended, ${counted(sorted.length - blocking, 'remark')}.`;
  const summary = [counts, ...notes, ...(rest > 0 ? [`${rest} more are not listed.`] : [])].join(' ');
  return { verdict: blocking > 0 ? 'needs_changes' : 'approved', findings: shown, summary };
}

/** The first of several about one line stays, unless a later one is worse. */
function withoutRepeats(findings: readonly ReviewFinding[]): ReviewFinding[] {
  const byPlace = new Map<string, ReviewFinding>();
  for (const finding of findings) {
    const key = finding.line === null ? `${finding.file} ${finding.text}` : `${finding.file}:${finding.line}`;
    const before = byPlace.get(key);
    if (before === undefined || severities.indexOf(finding.severity) < severities.indexOf(before.severity)) {
      byPlace.set(key, finding);
    }
  }
  return [...byPlace.values()];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
