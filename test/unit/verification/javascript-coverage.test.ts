import { expect, it } from 'vitest';
import { runLines } from '../../../src/verification/javascript-coverage.js';

const source = `export function used(x) {
  if (x) {
    return 1;
  }
  return 2;
}
export function unused() {
  return 3;
}
`;

function span(part: string, count: number) {
  const startOffset = source.indexOf(part);
  return { startOffset, endOffset: startOffset + part.length, count };
}

const whole = { startOffset: 0, endOffset: source.length, count: 1 };
const functions = [
  { functionName: '', ranges: [whole] },
  {
    functionName: 'used',
    ranges: [
      span(source.slice(source.indexOf('function used'), source.indexOf('export function unused') - 1), 2),
      span('{\n    return 1;\n  }', 0),
    ],
  },
  { functionName: 'unused', ranges: [span('function unused() {\n  return 3;\n}', 0)] },
];

it('takes the innermost span for each line', () => {
  expect(runLines(source, { functions })).toEqual([1, 2, 5, 6, 7, 10]);
});

it('believes no report whose spans do not fit the text', () => {
  const wrong = [{ functionName: '', ranges: [{ startOffset: 0, endOffset: 100_000, count: 1 }] }];
  expect(runLines(source, { functions: wrong })).toEqual([]);
  expect(runLines(source, { functions: [] })).toEqual([]);
});

it('reads a text with a byte order mark and Windows line ends', () => {
  const text = 'a();\r\nb();\r\n';
  const ranges = [{ startOffset: 0, endOffset: text.length, count: 1 }];
  expect(runLines(`\uFEFF${text}`, { functions: [{ functionName: '', ranges }] })).toEqual([1, 2, 3]);
});
