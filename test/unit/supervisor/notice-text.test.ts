import { describe, expect, it } from 'vitest';
import {
  askText,
  evidenceLine,
  failedChecks,
  mergedText,
  parentDoneText,
  planText,
  reviewText,
  revisionText,
  subtaskDoneText,
} from '../../../src/supervisor/notice-text.js';
import { fakeTask } from '../../helpers/fake-supervisor.js';

describe('evidenceLine', () => {
  it('says what was counted, and names no path twice', () => {
    const line = evidenceLine({
      check: 'tests_pass',
      passed: true,
      evidence: {
        command: 'python3 -m unittest test_a.py',
        exitCode: 0,
        ran: 1,
        failed: 0,
        failsWithoutCode: true,
        paths: ['test_a.py'],
      },
    });
    expect(line).toBe(
      '✓ tests_pass: 1 test run, 0 failed, they fail without the code, `python3 -m unittest test_a.py`',
    );
  });

  it('shows the first line of the reason where a check failed, and the exit code where there is nothing else', () => {
    expect(
      evidenceLine({ check: 'parses', passed: false, evidence: { detail: '\n  File "a.py", line 3\nmore' } }),
    ).toBe('✗ parses: File "a.py", line 3');
    expect(evidenceLine({ check: 'command_succeeds', passed: true, evidence: { exitCode: 0 } })).toBe(
      '✓ command_succeeds: exit code 0',
    );
  });

  it('says of a check that could not look what it left alone and why, and never marks it as met', () => {
    const detail = 'There is no syntax checker here for .ts, .rs';
    const nothing = { check: 'parses', passed: true, checked: false } as const;
    expect(evidenceLine({ ...nothing, evidence: { paths: [], unchecked: ['m.ts', 'main.rs'], detail } })).toBe(
      `· parses: not checked: m.ts, main.rs (${detail})`,
    );
    expect(evidenceLine({ ...nothing, evidence: { paths: [], detail: 'There was no file to look at' } })).toBe(
      '· parses: not checked: There was no file to look at',
    );
    const half = { command: 'python3 -m py_compile a.py', paths: ['a.py'], unchecked: ['m.ts'], detail };
    expect(evidenceLine({ check: 'parses', passed: true, evidence: half })).toBe(
      `✓ parses: \`python3 -m py_compile a.py\`, not checked: m.ts (${detail})`,
    );
  });

  it('cuts a long list of paths', () => {
    const paths = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(evidenceLine({ check: 'files_changed', passed: true, evidence: { paths } })).toBe(
      '✓ files_changed: a, b, c, d and 2 more',
    );
  });
});

describe('failedChecks', () => {
  it('are what the next attempt is told', () => {
    const checks = [
      { check: 'files_changed', passed: true, evidence: {} },
      { check: 'tests_pass', passed: false, evidence: { ran: 2, failed: 1, detail: 'AssertionError: 1 != 2' } },
      { check: 'parses' },
    ] as const;
    expect(failedChecks(checks)).toEqual([
      'tests_pass: 2 tests run, 1 failed, AssertionError: 1 != 2\nAssertionError: 1 != 2',
    ]);
  });
});

const parent = fakeTask({ role: 'parent', title: 'build a todo app', status: 'blocked' });
const code = fakeTask({ id: 'TASK-002', parentId: 'TASK-001', title: 'Write todo.py' });
const test = fakeTask({ id: 'TASK-003', parentId: 'TASK-001', type: 'test', title: `Test it\n${'very '.repeat(30)}` });

describe('planText', () => {
  it('names every subtask with its type, on one line', () => {
    expect(planText(parent, [code, test])).toMatch(
      /^TASK-001 planned: 2 subtasks: TASK-002 code \(Write todo\.py\), TASK-003 test \(Test it very very .*…\)$/,
    );
  });

  it('says when the plan is not the model’s own', () => {
    expect(
      planText(parent, [code], { basis: 'default', notes: ['a step was left out', 'Rules made the plan, so it is.'] }),
    ).toBe(
      'TASK-001 planned: 1 subtask: TASK-002 code (Write todo.py)\n  These are the usual steps. Rules made the plan, so it is.',
    );
  });
});

describe('reviewText', () => {
  const finding = { file: 'todo.py', line: 12, severity: 'major', text: 'it never\nsaves' } as const;
  const review = {
    taskId: 'TASK-002',
    attempt: 1,
    reviewer: 'TASK-004',
    verdict: 'needs_changes',
    findings: [finding],
    summary: '',
    diffBytes: 120,
    createdAt: '',
  } as const;

  it('puts one finding on the line of the verdict', () => {
    expect(reviewText(review)).toBe('TASK-004 reviewed TASK-002: needs changes: todo.py:12 (major): it never saves');
  });

  it('lists three findings and counts the rest', () => {
    const findings = Array.from({ length: 5 }, (_, index) => ({ ...finding, line: index + 1 }));
    expect(reviewText({ ...review, findings }).split('\n')).toEqual([
      'TASK-004 reviewed TASK-002: needs changes, 5 findings:',
      '  todo.py:1 (major): it never saves',
      '  todo.py:2 (major): it never saves',
      '  todo.py:3 (major): it never saves',
      '  and 2 more: /show TASK-002',
    ]);
  });

  it('does not send back in words what it does not send back', () => {
    const remark = { ...finding, severity: 'minor' } as const;
    const head = 'TASK-004 reviewed TASK-002: no change wanted, judged again with the rest';
    expect(reviewText({ ...review, findings: [], summary: 'Not yet.' })).toBe(head);
    expect(reviewText({ ...review, findings: [remark], summary: 'Not yet.' })).toBe(
      `${head}: todo.py:12 (minor): it never saves`,
    );
  });

  it('says what an approval without findings says', () => {
    const approved = { ...review, verdict: 'approved', findings: [] } as const;
    expect(reviewText(approved)).toBe('TASK-004 reviewed TASK-002: approved');
    expect(reviewText({ ...approved, summary: 'It saves.' })).toBe('TASK-004 reviewed TASK-002: approved: It saves.');
  });
});

describe('the texts of a family', () => {
  it('tell of a revision, a question and a merge', () => {
    expect(revisionText(code, { reviewer: 'TASK-004', findings: 1, nextAttempt: 2 })).toBe(
      'TASK-002 is revised: attempt 2 gets a fresh worker and 1 finding of TASK-004.',
    );
    expect(askText({ id: 'TASK-003', question: 'Which database?' })).toBe(
      'TASK-003 asks: Which database?\n  Answer with: /answer 3 …',
    );
    expect(mergedText(code, ['a', 'b', 'c', 'd', 'e'])).toBe('TASK-002 is part of TASK-001 now: a, b, c, d and 1 more');
  });

  it('do not offer to apply a subtask', () => {
    const done = fakeTask({
      ...code,
      status: 'done',
      summary: 'wrote todo.py',
      artifacts: [{ path: 'todo.py', kind: 'added', bytes: 1 }],
      definitionOfDone: [{ check: 'files_changed', passed: true, evidence: { paths: ['todo.py'] } }],
    });
    expect(subtaskDoneText(done)).toBe('✓ TASK-002 is done: wrote todo.py\n  ✓ files_changed: todo.py');
  });

  it('end with the counted evidence of the subtasks, and with the way to take the result', () => {
    const done = fakeTask({
      role: 'parent',
      status: 'done',
      summary: 'a todo app',
      artifacts: [{ path: 'todo.py', kind: 'added', bytes: 1 }],
    });
    const tested = fakeTask({
      ...test,
      status: 'done',
      definitionOfDone: [
        { check: 'files_changed', passed: true, evidence: { paths: ['test_todo.py'] } },
        { check: 'tests_pass', passed: true, evidence: { command: 'python3 -m unittest', ran: 5, failed: 0 } },
        { check: 'coverage_at_least', passed: true, evidence: { coverage: 92 } },
      ],
    });
    const written = fakeTask({
      ...code,
      status: 'done',
      definitionOfDone: [{ check: 'parses', passed: true, evidence: { paths: ['todo.py'] } }],
    });
    const garbled = fakeTask({
      ...tested,
      id: 'TASK-004',
      definitionOfDone: [
        ...tested.definitionOfDone.slice(1, 2),
        { check: 'parses', passed: true, checked: false, evidence: { unchecked: ['m.ts'], detail: 'no checker' } },
      ],
    });
    expect(parentDoneText(done, [written, tested, garbled]).split('\n')).toEqual([
      '✓ TASK-001 is done: a todo app',
      '  TASK-002: ✓ parses: todo.py',
      '  TASK-003: ✓ tests_pass: 5 tests run, 0 failed; ✓ coverage_at_least: 92% covered',
      '  TASK-004: ✓ tests_pass: 5 tests run, 0 failed; · parses: not checked: m.ts (no checker)',
      '  See it: /diff TASK-001   Take it: /apply TASK-001',
    ]);
    expect(parentDoneText(done, [], 'Applied: todo.py.')).toMatch(/\n {2}Applied: todo\.py\.$/);
  });
});
