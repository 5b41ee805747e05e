import { describe, expect, it } from 'vitest';
import { unreached } from '../../../../src/agents/test/raise-coverage.js';

describe('unreached', () => {
  const python = 'import os\n\ndef a():\n    return 1\n\nclass B:\n    def c(self):\n        return 2\n';
  it('names the functions and classes with lines that no test runs', () => {
    const lines = { code: [1, 3, 4, 6, 7, 8], run: [1, 3, 4, 6, 7] };
    expect(unreached(python, 'python', lines)).toEqual([{ kind: 'class', name: 'B', params: null }]);
    expect(unreached(python, 'python', null).map(({ name }) => name)).toEqual(['a', 'B']);
  });

  it('reads JavaScript', () => {
    const script =
      'export function a() {\n}\nconst b = (x) => x;\nclass C {\n}\nexport const d = async () => 1;\nconst e = 5;\n';
    expect(unreached(script, 'javascript', null).map(({ name }) => name)).toEqual(['a', 'b', 'C', 'd']);
  });
});
