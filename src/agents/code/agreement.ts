/** What one candidate gave for each probe; null where it gave nothing. */
export type Observed = readonly (string | null)[];

/** What the model says first is right more often than anything it says later, so that one must be many to beat it. */
const leadNeeded = 3;
/** Share of the probes on which two candidates must do the same to count as one behaviour. */
const sameShare = 0.999;

/** Indices of the probes that most candidates answer: on the others they differ in how they refuse nonsense. */
export function tellingProbes(observed: readonly Observed[]): number[] {
  const count = Math.max(0, ...observed.map((each) => each.length));
  return Array.from({ length: count }, (_, probe) => probe).filter((probe) => {
    const answers = observed.filter((each) => typeof each[probe] === 'string').length;
    return answers * 2 > observed.length;
  });
}

/** Share of the telling probes on which two candidates do the same, 0 to 1; 0 when nothing tells. */
export function agreementOf(a: Observed, b: Observed, telling: readonly number[]): number {
  if (telling.length === 0) return 0;
  const same = telling.filter((probe) => typeof a[probe] === 'string' && a[probe] === b[probe]);
  return same.length / telling.length;
}

/** How many other candidates behave like the candidate `index`. */
export function supportOf(index: number, observed: readonly Observed[], telling: readonly number[]): number {
  const own = observed[index] ?? [];
  return observed.filter((other, at) => at !== index && agreementOf(own, other, telling) >= sameShare).length;
}

/**
 * The one of some candidates (`eligible`, by index) that agrees most with all, by what they do on the same probes (after
 * MBR-Exec, Shi et al. 2022); the earlier of equals, -1 when none is eligible. Pure.
 */
export function mostAgreed(observed: readonly Observed[], eligible: readonly number[]): number {
  const telling = tellingProbes(observed);
  let best = -1;
  let most = -1;
  for (const index of eligible) {
    const own = observed[index] ?? [];
    const score = observed.reduce((sum, other, at) => sum + (at === index ? 0 : agreementOf(own, other, telling)), 0);
    if (score > most) [best, most] = [index, score];
  }
  return best;
}

/**
 * Whether the model's first answer (`first`, by index) is to be left for the candidate `best`: only for a behaviour that has
 * three candidates more than its own. Pure.
 */
export function outvotes(best: number, first: number, observed: readonly Observed[]): boolean {
  const telling = tellingProbes(observed);
  return supportOf(best, observed, telling) - supportOf(first, observed, telling) >= leadNeeded;
}
