import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import { decodeText } from '../workspace/decode-text.js';
import { type CheckContext, presentFiles } from './check-context.js';
import { failed, passed } from './evidence.js';

const reportEndings = new Set(['.md', '.txt', '.rst', '.adoc', '.html']);
/** Fewer words are a note, not a report. */
const minimumWords = 40;

/** Whether the task wrote at least one text of 40 words or more. */
export async function checkReport(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const wanted = spec.paths ?? [];
  const candidates = presentFiles(context).filter((file) =>
    wanted.length === 0 ? reportEndings.has(path.posix.extname(file).toLowerCase()) : wanted.includes(file),
  );
  const counts: string[] = [];
  const reports: string[] = [];
  for (const file of candidates) {
    const text = decodeText(await readFile(path.join(context.workspace.root, file))) ?? '';
    const words = new Set(text.match(/[\p{L}\p{N}]+/gu) ?? []).size;
    counts.push(`${file}: ${words} different words`);
    // Different words, so that one word forty times is no report.
    if (words >= minimumWords) reports.push(file);
  }
  if (reports.length > 0) return passed(spec, { paths: reports, detail: counts.join('\n') });
  const detail = candidates.length === 0 ? 'No report was written' : `Too short for a report: ${counts.join(', ')}`;
  return failed(spec, { paths: candidates, detail });
}
