import { describe, expect, it } from 'vitest';
import { agreementOf, chooseByAgreement, supportOf, tellingProbes } from '../../../../src/agents/code/agreement.js';

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
    expect(chooseByAgreement([c, b, a, a], null)).toBe(2);
    expect(chooseByAgreement([c, b], null)).toBe(0);
    expect(chooseByAgreement([], null)).toBe(-1);
    expect(chooseByAgreement([[], []], null)).toBe(0);
  });

  it('leaves the first version only for a behaviour that three more share', () => {
    expect(chooseByAgreement([c, a, a, a], 0)).toBe(0);
    expect(chooseByAgreement([c, a, a, a, a], 0)).toBe(1);
    expect(chooseByAgreement([c, a, a, a, a, c], 0)).toBe(0);
    expect(chooseByAgreement([c, [...c], b, a], 1)).toBe(1);
  });
});
