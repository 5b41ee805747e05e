import { stripVTControlCharacters } from 'node:util';
import type { CommandResult } from '../platform/command.js';
import type { CheckEvidence, CheckResult, CheckSpec } from '../task/definition-of-done.js';

const detailLimit = 2_000;

/** The end of a text without control codes, at most 2,000 characters. */
export function detailOf(text: string): string {
  const plain = stripVTControlCharacters(text)
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim();
  return plain.length <= detailLimit ? plain : `…${plain.slice(plain.length - detailLimit + 1)}`;
}

export function passed(spec: CheckSpec, evidence: CheckEvidence): CheckResult {
  return { ...spec, passed: true, evidence };
}

/** For a check that had nothing to look at; `detail` says why. */
export function notChecked(spec: CheckSpec, evidence: CheckEvidence & { readonly detail: string }): CheckResult {
  return { ...spec, passed: true, checked: false, evidence };
}

export function failed(spec: CheckSpec, evidence: CheckEvidence): CheckResult {
  return { ...spec, passed: false, evidence };
}

/** What a command left, as evidence; the exit code is there only when it ended by itself. */
export function commandEvidence(command: string, result: CommandResult, timeoutMs: number): CheckEvidence {
  const end = result.timedOut
    ? `stopped after ${Math.round(timeoutMs / 1000)} s\n`
    : result.exitCode === null
      ? `ended by ${result.signal ?? 'a signal'}\n`
      : '';
  const detail = detailOf(`${end}${result.stdout}\n${result.stderr}`);
  return {
    command,
    ...(result.exitCode === null ? {} : { exitCode: result.exitCode }),
    ...(detail === '' ? {} : { detail }),
  };
}
