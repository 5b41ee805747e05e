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
 * Chooses among candidates that the examples do not tell apart, by what they do on the same probes: the one that agrees
 * most with all others (after MBR-Exec, Shi et al. 2022), earlier ones before later ones. `first` is the index of the
 * model's first answer, null when it is not among them; it is only left for a behaviour that has three candidates more
 * than its own. Pure; -1 when there is no candidate.
 */
export function chooseByAgreement(observed: readonly Observed[], first: number | null): number {
  const telling = tellingProbes(observed);
  const scores = observed.map((own, index) =>
    observed.reduce((sum, other, at) => sum + (at === index ? 0 : agreementOf(own, other, telling)), 0),
  );
  const best = scores.indexOf(Math.max(...scores));
  if (first === null || best === -1) return best;
  const lead = supportOf(best, observed, telling) - supportOf(first, observed, telling);
  return lead >= leadNeeded ? best : first;
}
