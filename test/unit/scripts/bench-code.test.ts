import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { headerOf, readProblems } from '../../../scripts/bench-code-problems.js';
import { type Row, rowLine, totalLines, totalsOf } from '../../../scripts/bench-code-report.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const problem = {
  task_id: 'a/1',
  prompt: 'import x\n\ndef f(n):\n    pass\n',
  entry_point: 'f',
  test: 'def check(c): pass',
};

function fileOf(text: string): string {
  const file = path.join(tempFolder(), 'problems.jsonl');
  writeFileSync(file, text);
  return file;
}

describe('problems', () => {
  it('are read one a line, and what stands above the function is its header', () => {
    const [first] = readProblems(fileOf(`${JSON.stringify(problem)}\n\n`));
    expect(first).toEqual(problem);
    expect(headerOf(problem)).toBe('import x\n\n');
  });

  it.each([
    ['', 'holds no problem'],
    ['{"task_id": "a"', 'line 1: this is not JSON'],
    [JSON.stringify({ ...problem, test: 1 }), 'line 1: test'],
    [`${JSON.stringify(problem)}\n${JSON.stringify({ ...problem, entry_point: 'f(x)' })}`, 'line 2: entry_point'],
    [`${JSON.stringify(problem)}\n${JSON.stringify(problem)}`, 'a/1 more than once'],
  ])('are refused with the reason: %j', (text, reason) => {
    expect(() => readProblems(fileOf(text))).toThrow(reason);
  });

  it('are refused where there is no such file', () => {
    expect(() => readProblems(path.join(tempFolder(), 'none.jsonl'))).toThrow('cannot be read');
  });
});

describe('the report', () => {
  const row = (id: string, bare: boolean, agent: boolean, done: boolean): Row => ({
    id,
    bare: { solved: bare, fault: '', seconds: 2, outputTokens: 10 },
    agent: { solved: agent, fault: agent ? '' : 'AssertionError', seconds: 4, outputTokens: 30, done, said: '' },
  });

  it('counts what was won and lost, and what was said against what is', () => {
    const totals = totalsOf([
      row('a', true, true, true),
      row('b', false, true, false),
      row('c', true, false, true),
      row('d', false, false, false),
      row('e', false, true, true),
    ]);
    expect(totals).toMatchObject({
      problems: 5,
      bareSolved: 2,
      agentSolved: 3,
      difference: 1,
      lost: ['c'],
      won: ['b', 'e'],
    });
    expect(totals).toMatchObject({ doneRight: 2, doneWrong: 1, failedRight: 1, failedWrong: 1 });
    expect(totals).toMatchObject({ bareSeconds: 2, agentSeconds: 4, slowestSeconds: 4, agentTokens: 30 });
    expect(totalLines(totals).join('\n')).toContain('code agent: 3 of 5 solved (+1)');
  });

  it('says in a line what became of a problem', () => {
    expect(rowLine(row('c', true, false, true))).toBe(
      'c: bare right (2.0 s, 10 tokens), agent wrong, done (4.0 s, 30 tokens)  (AssertionError)',
    );
  });
});
