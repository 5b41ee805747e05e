import { describe, expect, it, vi } from 'vitest';
import { agentRig } from '../helpers/agent-rig.js';
import { works } from '../helpers/check-rig.js';
import { type AgentScript, question } from '../helpers/scripted-model.js';

/*
 * What a small model writes in a language without a guided way.
 */

vi.setConfig({ testTimeout: 300_000 });

const rig = agentRig();

async function work(description: string, files: Readonly<Record<string, string>>, script: AgentScript) {
  const run = await rig.run(description, script, { files });
  return { ...run, asked: run.model.requests.map(question) };
}

const block = (code: string): string => `\`\`\`go\n${code}\`\`\`\n`;
const upper = 'package text\n\nimport "strings"\n\nfunc Upper(s string) string {\n    return strings.ToUpper(s)\n}\n';
const lower = 'func Lower(s string) string {\n    return strings.ToLower(s)\n}\n';
const onlyLower = `package text\n\nimport "strings"\n\n${lower}`;

describe('a file that is written anew', () => {
  const asked = 'Add a function Lower to text.go that gives a string in lower case';

  it('must still have what it had', async () => {
    const seen = await work(asked, { 'text.go': upper }, [block(onlyLower), block(`${upper}\n${lower}`)]);
    expect(seen.result).toMatchObject({ outcome: 'finished', error: null });
    expect(seen.asked[1]).toContain('the answer leaves out Upper, which the file has; keep it');
    expect(seen.text('text.go')).toContain('func Upper');
  });

  it('is left as it was where the model keeps forgetting', async () => {
    const seen = await work(asked, { 'text.go': upper }, [block(onlyLower)]);
    expect(seen.result).toMatchObject({ outcome: 'failed', error: { code: 'NO_USABLE_CODE' } });
    expect(seen.result.error?.message).toContain('leaves out Upper');
    expect(seen.text('text.go')).toBe(upper);
  });
});

describe.skipIf(!works(['go', 'version']))('tests in Go', () => {
  const code = 'package calc\n\nfunc Add(a, b int) int {\n    return a + b\n}\n';
  const test = (sum: number): string =>
    `package calc\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n    if Add(1, 2) != ${sum} {\n        t.Fatal("wrong sum")\n    }\n}\n`;
  const asked = 'Write calc.go with a function Add(a, b int) int in Go, with tests';
  const isForTests = (text: string): boolean => text.includes('Write calc_test.go');

  it('are written beside the code, run, and mended with what was seen', async () => {
    const answers = [code, test(3).replace('Add(1, 2)', 'Sum(1, 2)'), test(3)];
    const seen = await work(asked, {}, answers.map(block));
    expect(seen.result).toMatchObject({ outcome: 'finished', error: null });
    expect(seen.result.summary).toBe('calc.go was written; calc_test.go tests it: 1 test ran and passed.');
    expect(seen.asked.map(isForTests)).toEqual([false, true, true]);
    expect(seen.asked[2]).toContain('undefined: Sum');
    expect(seen.result.checks).toContainEqual({ check: 'tests_pass', paths: ['calc_test.go'] });
  });

  it('show a fault of the code, which is mended too', async () => {
    const wrong = code.replace('a + b', 'a - b');
    const seen = await work(asked, {}, [wrong, test(3), code].map(block));
    expect(seen.asked[2]).toContain('wrong sum');
    expect(seen.asked[2]).toContain('Mend calc.go');
    expect(seen.result.outcome).toBe('finished');
    expect(seen.text('calc.go')).toContain('a + b');
  });

  it('are not claimed where the model writes none', async () => {
    const none = 'package calc\n\nfunc helper() {}\n';
    const seen = await work(asked, {}, (request) => block(isForTests(question(request)) ? none : code));
    expect(seen.result).toMatchObject({ outcome: 'failed', error: { code: 'TESTS_FAILED' } });
    expect(seen.result.error?.message).toContain('no func TestName');
    expect(seen.has('calc_test.go')).toBe(false);
    expect(seen.has('calc.go')).toBe(true);
  });

  it('are added to code that is there, which stays as it is', async () => {
    const seen = await work('Write tests for calc.go', { 'calc.go': code }, [block(test(3))]);
    expect(seen.result).toMatchObject({ outcome: 'finished', error: null });
    expect(seen.text('calc.go')).toBe(code);
  });
});

it('in a language whose tests are not written says so', async () => {
  const seen = await work('Write calc.rs with a function add in Rust, with tests', {}, [
    '```rust\npub fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n```\n',
  ]);
  expect(seen.result).toMatchObject({ outcome: 'failed', error: { code: 'TESTS_FAILED' } });
});
