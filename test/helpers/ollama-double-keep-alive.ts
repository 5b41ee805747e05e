export const defaultKeepAliveMs = 300_000;
/** The longest duration of Go: what a pinned model gets. */
export const foreverMs = 9_223_372_036_854;

/** Milliseconds of a `keep_alive`, null where it is left out; an error text for what Go cannot read as a duration. */
export function parseKeepAlive(value: unknown): { ms: number | null } | { error: string } {
  if (value === undefined || value === null) return { ms: null };
  if (typeof value === 'number') return { ms: value < 0 ? Number.POSITIVE_INFINITY : value * 1000 };
  const text = String(value);
  if (text === '0') return { ms: 0 };
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) return { error: `time: invalid duration ${JSON.stringify(text)}` };
  const factor = units[match[2] ?? ''];
  if (factor === undefined) return { error: `time: missing unit in duration ${JSON.stringify(text)}` };
  const ms = Number(match[1]) * factor;
  return { ms: ms < 0 ? Number.POSITIVE_INFINITY : ms };
}
