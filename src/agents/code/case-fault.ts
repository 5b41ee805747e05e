import type { CaseStep, Judgement, TestCase } from './language.js';

export interface CaseFault {
  readonly step: CaseStep;
  /** What happened instead of what the step expects. */
  readonly said: string;
}

/** The first step of a case that did not pass; null when the case holds. Pure. */
export function caseFault(test: TestCase, results: Judgement['results'][number] | undefined): CaseFault | null {
  const index = test.steps.findIndex((_, at) => results?.[at] !== null);
  const step = test.steps[index];
  return step === undefined ? null : { step, said: results?.[index] ?? 'it was not reached' };
}

/** A fault as people and models are told it. Pure. */
export function faultText({ step, said }: CaseFault): string {
  return `${step.call} should give ${step.expected}, but: ${said}`;
}
