import { describe, expect, it } from 'vitest';
import { agreementOf, mostAgreed, outvotes, supportOf, tellingProbes } from '../../../../src/agents/code/agreement.js';

const a = ['1', '2', '3', '4'];
const b = ['1', '2', '3', '9'];
const c = ['7', '7', '7', '7'];

describe('what tells candidates apart', () => {
  it('is only what most of them answer', () => {
    expect(
      tellingProbes([
        ['1', null],
        ['1', null],
        ['1', '5'],
      ]),
    ).toEqual([0]);
    expect(tellingProbes([])).toEqual([]);
  });

  it('is the share of probes on which they do the same; two that fail do not agree', () => {
    expect(agreementOf(a, b, [0, 1, 2, 3])).toBe(0.75);
    expect(agreementOf([null], [null], [0])).toBe(0);
    expect(agreementOf(a, a, [])).toBe(0);
  });

  it('counts the others of the same behaviour', () => {
    expect(supportOf(0, [a, b, a, c, a], [0, 1, 2, 3])).toBe(2);
  });
});

describe('the choice', () => {
  it('is the one that agrees most with all, the earlier of equals', () => {
    expect(mostAgreed([c, b, a, a], [0, 1, 2, 3])).toBe(2);
    expect(mostAgreed([c, b], [0, 1])).toBe(0);
    expect(mostAgreed([c, b, a, a], [0, 1])).toBe(1);
    expect(mostAgreed([[], []], [0, 1])).toBe(0);
    expect(mostAgreed([], [])).toBe(-1);
  });

  it('leaves the first version only for a behaviour that three more share', () => {
    expect(outvotes(1, 0, [c, a, a, a])).toBe(false);
    expect(outvotes(1, 0, [c, a, a, a, a])).toBe(true);
    expect(outvotes(1, 0, [c, a, a, a, a, c])).toBe(false);
  });
});
