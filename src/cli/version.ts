import { readFileSync } from 'node:fs';

/** The version in package.json, which lies beside src/ and two levels above dist/src/cli/. */
export function version(): string {
  for (const relative of ['../../package.json', '../../../package.json']) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(relative, import.meta.url), 'utf8'));
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
    } catch {
      // The other place, then.
    }
  }
  return 'unknown';
}
