import { describe, expect, it } from 'vitest';
import { mergeScript } from '../../../../../src/agents/code/javascript/merge-script.js';

const base = `#!/usr/bin/env node
'use strict';

/** Adds up. */
export function total(items) {
  let sum = 0;
  for (const item of items) sum += item.price;
  return sum;
}

function format(amount) {
  return \`$\${amount.toFixed(2)}\`;
}

// Doubles.
export const twice = (x) => x * 2;

export { format };
`;

describe('mergeScript', () => {
  it('replaces a function that stands behind an empty line, and nothing around it', () => {
    const merged = mergeScript(base, 'function format(amount) {\n  return amount;\n}');
    expect(merged).toBe(base.replace(/return `.*`;/, 'return amount;'));
  });

  it('keeps the comment and the export of what is replaced', () => {
    const merged = mergeScript(base, 'const twice = (x) => x + x;\nfunction total() {\n  return 0;\n}');
    expect(merged).toContain('// Doubles.\nexport const twice = (x) => x + x;');
    expect(merged).toContain('/** Adds up. */\nexport function total() {\n  return 0;\n}\n\nfunction format');
  });

  it('takes the comment that the new one brings', () => {
    const merged = mergeScript(base, '/** Adds up prices. */\nfunction total() {}');
    expect(merged).toContain('/** Adds up prices. */\nexport function total() {}');
    expect(merged).not.toContain('/** Adds up. */');
  });

  it('puts new functions in front of the exports, and imports below the hashbang', () => {
    const merged = mergeScript(base, "import fs from 'node:fs';\nfunction fresh() {\n  return fs;\n}");
    expect(merged.startsWith("#!/usr/bin/env node\n'use strict';\n\nimport fs from 'node:fs';\n/** Adds up. */")).toBe(
      true,
    );
    expect(merged).toContain('function fresh() {\n  return fs;\n}\n\nexport { format };\n');
  });

  it('keeps line endings, and gives the same again when nothing is new', () => {
    const crlf = base.replaceAll('\n', '\r\n');
    expect(mergeScript(crlf, 'const twice = (x) => x * 2;')).toBe(crlf);
    expect(mergeScript(crlf, 'function added() {\n}')).toContain('function added() {\r\n}\r\n\r\nexport');
  });

  it('refuses what does not parse, on either side', () => {
    const refusal = (action: () => unknown): unknown => {
      try {
        return action();
      } catch (error) {
        return error;
      }
    };
    expect(refusal(() => mergeScript('function (', 'function f() {}'))).toMatchObject({
      code: 'MERGE_REFUSED',
      message: expect.stringContaining('The existing file does not parse: Unexpected token (1:9)'),
    });
    expect(refusal(() => mergeScript(base, 'function ('))).toMatchObject({
      message: expect.stringContaining('The new code does not parse'),
    });
  });
});
