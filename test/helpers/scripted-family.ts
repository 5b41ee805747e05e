/* Requests for the scripted worker: what the Manager Agent plans and what each agent then does, as JSON. */

const todo = 'def add(items, item):\n    return [*items, item]\n';
const careless = 'def add(items, item):\n    items.append(item)\n    return items\n';
const tests = `import unittest
from todo import add


class AddTest(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(add([], 'a'), ['a'])

    def test_keeps_order(self):
        self.assertEqual(add(['a'], 'b'), ['a', 'b'])
`;

const finding = { file: 'todo.py', line: 2, severity: 'major', text: 'it changes the list that it is given' };

export interface FamilyScript {
  /** What the reviewer says, attempt by attempt. */
  readonly reviewer?: unknown;
  /** What the code agent does, attempt by attempt. */
  readonly code?: unknown;
  readonly test?: unknown;
}

/** A reviewer that finds a fault once, as `order.attempt` counts. */
export const picky = [
  { summary: 'Not yet.', review: { verdict: 'needs_changes', findings: [finding], summary: 'Not yet.' } },
  { summary: 'Good.', review: { verdict: 'approved', findings: [], summary: 'Good.' } },
];

export const mendedCode = [
  { summary: 'wrote todo.py', files: { 'todo.py': careless } },
  { summary: 'no longer changes its argument', files: { 'todo.py': todo }, findings: true },
];

/** Three attempts that change something each time, and never what was asked for. */
export const stubbornCode = [1, 2, 3].map((attempt) => ({
  summary: `try ${attempt}`,
  files: { 'todo.py': `${careless}# try ${attempt}\n` },
}));

/** A request that is planned into the code `TASK-002`, its test `TASK-003` and the review of both, `TASK-004`. */
export function familyRequest({ reviewer = picky[1], code = mendedCode[1], test }: FamilyScript = {}): string {
  const step = (key: string, type: string, title: string, dependsOn: string[], script: unknown) => ({
    key,
    type,
    title,
    dependsOn,
    description: JSON.stringify(script),
    checks: [],
  });
  return JSON.stringify({
    about: 'build a todo app with unit tests',
    reviewer,
    plan: {
      steps: [
        step('code', 'code', 'Write todo.py', [], code),
        step(
          'test',
          'test',
          'Test todo.py',
          ['code'],
          test ?? { summary: 'two tests', files: { 'test_todo.py': tests } },
        ),
        step('review', 'review', 'Review the app', ['code', 'test'], {}),
      ],
    },
  });
}
