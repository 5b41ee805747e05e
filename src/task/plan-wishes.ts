/** Characters that are read; what a person asks for stands at the beginning. */
const readLimit = 8_000;
const refusal = (things: string): RegExp =>
  new RegExp(`\\b(?:no|without|skip|don'?t|do not|not|never|ohne|keine?n?)\\b[^.;,\\n]{0,30}\\b(?:${things})\\b`, 'i');
const testWords = 'tests?|tested|testing|unittests?|pytest|coverage|getestet';
const reviewWords = 'reviews?|reviewed|reviewing|code review';

/** What a request says about the steps around the code itself. */
export interface PlanWishes {
  /** `asked`, `refused`, or null where it says nothing. */
  readonly tests: 'asked' | 'refused' | null;
  readonly review: 'asked' | 'refused' | null;
  /** Percent of coverage that it names. */
  readonly coverage: number | null;
}

/** Reads the wishes by wording alone. Pure. */
export function planWishes(whole: string): PlanWishes {
  const request = whole.slice(0, readLimit);
  const wish = (things: string): 'asked' | 'refused' | null => {
    if (refusal(things).test(request)) return 'refused';
    return new RegExp(`\\b(?:${things})\\b`, 'i').test(request) ? 'asked' : null;
  };
  const percent =
    /\b(\d{1,3})\s?(?:%|percent)[^.\n]{0,20}\bcoverage\b/i.exec(request) ??
    /\bcoverage\b[^.\n]{0,25}?\b(\d{1,3})\s?(?:%|percent)/i.exec(request);
  const named = Number(percent?.[1] ?? 0);
  return {
    tests: wish(testWords),
    review: wish(reviewWords),
    coverage: named >= 1 && named <= 100 ? named : null,
  };
}

/** The request without its clauses about tests and reviews, which other steps have; never empty for a request that is not. */
export function withoutWishes(whole: string): string {
  const request = whole
    .slice(0, readLimit)
    .replace(/[^\S\n]+/g, ' ')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
  const extras = `(?:\\w+[ -]){0,3}?(?:${testWords}|${reviewWords})`;
  const cut = request
    .replace(
      new RegExp(
        `(^|[.!?]\\s+)(?:please\\s+)?(?:with|and|add|also|then)\\s+${extras}(?:\\s+please)?[.!?]?(?=\\s|$)`,
        'gi',
      ),
      '$1',
    )
    .replace(
      new RegExp(
        `(?:[,;]|\\s)+(?:and|with|plus|including|then|without|no|have it|get it)\\s+${extras}(?:\\s+(?:for|of|in)\\s+\\w+)?\\b`,
        'gi',
      ),
      '',
    )
    .replace(/\s+([.,!?])/g, '$1')
    .trim()
    .replace(/[,;:\s]+$/, '');
  return cut.split(/\s/).length >= 3 ? cut : request;
}
