import type { CommandResult } from '../../platform/command.js';
import type { Judgement } from './language.js';

/** Reads what a judge printed; what it did not get to stays undefined. */
export function readJudgement(result: CommandResult, caseCount: number, mark: string): Judgement {
  const rows: (readonly (string | null)[])[] = Array.from({ length: caseCount }, () => []);
  let loadError: string | null = result.timedOut ? 'took too long' : lastLine(result.stderr) || 'it ended at once';
  for (const line of result.stdout.split('\n')) {
    if (!line.startsWith(mark)) continue;
    const record = parseJson<{ load?: string | null; case?: number; results?: (string | null)[] }>(
      line.slice(mark.length),
    );
    if (record === null) continue;
    if (record.load !== undefined) loadError = record.load;
    if (record.case !== undefined && record.results !== undefined && record.case < rows.length) {
      rows[record.case] = record.results;
    }
  }
  return { loadError, results: rows };
}

/** Null for what is not JSON: the program failed before it could answer, which the caller reports. */
export function parseJson<T>(text: string): T | null {
  try {
    return JSON.parse(text) as T;
  } catch {
    return null;
  }
}

export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
