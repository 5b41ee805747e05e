import { WilsonError } from '../../errors.js';
import type { CheckSpec } from '../../task/definition-of-done.js';
import type { AgentResult } from '../agent.js';

const defaultHint =
  'Try again, say more exactly what it should do (an example helps), or configure a bigger code model.';

/** The checks that a result of these files has to meet. */
export function checksFor(changed: readonly string[], tests: readonly string[]): CheckSpec[] {
  return [
    { check: 'files_changed', paths: changed },
    { check: 'parses', paths: changed },
    ...(tests.length === 0 ? [] : [{ check: 'tests_pass' as const, paths: tests }]),
  ];
}

export function finished(summary: string, checks: readonly CheckSpec[]): AgentResult {
  return { outcome: 'finished', summary: capitalised(summary), checks, error: null };
}

/** An honest failure; `message` is the reason, `summary` what is in the workspace now. */
export function failed(code: string, message: string, summary: string, hint = defaultHint): AgentResult {
  const error = new WilsonError(code, capitalised(message), { hint }).toRecord();
  return { outcome: 'failed', summary: capitalised(summary), checks: [], error };
}

/** The same for what was seen without the model's part in it, so that nobody tries it once more. */
export function failedByRules(...fault: Parameters<typeof failed>): AgentResult {
  return { ...failed(...fault), byRules: true };
}

/** File names keep their case. */
function capitalised(text: string): string {
  return /^[\w/-]+\.\w/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
