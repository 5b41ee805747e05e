import { expect, it } from 'vitest';
import { codeLines, pythonCodeLines } from '../../../src/verification/source-lines.js';

it('leaves out empty lines, comments and lone brackets, and no texts that look like comments', () => {
  const text = `#!/usr/bin/env node
// a comment
/* another
   one */ const a = 1;

const url = "http://x"; // after code
const text = \`
/* no comment
\`;
const escaped = 'it\\'s // none';
function f() {
}
});
`;
  expect(codeLines(text)).toEqual([4, 6, 7, 8, 9, 10, 11]);
});

it('knows the comments of Python', () => {
  expect(pythonCodeLines('# a\n\nx = 1  # b\n  # c\n  y()\n')).toEqual([3, 5]);
});
