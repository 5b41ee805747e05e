/** Different messages that are told apart, and how many of each kind of fact are told. */
const patternLimit = 5_000;
const shownPatterns = 8;
const shownSlow = 5;
const shownHours = 24;
const patternChars = 110;

interface Pattern {
  count: number;
  readonly firstLine: number;
  readonly level: string | null;
}

const stamp =
  /(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?|\b(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})/;
const levels = /\b(FATAL|CRITICAL|ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE)\b/i;
const access = /"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S+)[^"]*" (\d{3})\b/;
const duration = /(?<![\w.])(\d+(?:\.\d+)?)\s?(ms|milliseconds?|s|sec|seconds?)\b/g;

/** Counts what a log holds, line by line, in memory that does not grow with it. */
export class LogFacts {
  private lines = 0;
  private stamped = 0;
  private first: string | null = null;
  private last: string | null = null;
  private readonly byLevel = new Map<string, number>();
  private readonly byHour = new Map<string, number>();
  private readonly byStatus = new Map<string, number>();
  private readonly byPath = new Map<string, number>();
  private readonly patterns = new Map<string, Pattern>();
  private slow: { readonly ms: number; readonly line: number; readonly text: string }[] = [];

  add(text: string): void {
    this.lines += 1;
    if (text.trim() === '') return;
    const time = stamp.exec(text);
    if (time !== null) {
      this.stamped += 1;
      this.first ??= time[0];
      this.last = time[0];
      const hour =
        time[1] === undefined
          ? `${time[7]}/${time[8]}/${time[9]} ${time[10]}`
          : `${time[1]}-${time[2]}-${time[3]} ${time[4]}`;
      count(this.byHour, `${hour}:00`);
    }
    const level = levels.exec(text)?.[1]?.toUpperCase().replace('WARNING', 'WARN') ?? null;
    if (level !== null) count(this.byLevel, level);
    const request = access.exec(text);
    if (request !== null) {
      count(this.byStatus, request[3] ?? '');
      if (this.byPath.size < patternLimit) count(this.byPath, `${request[1]} ${(request[2] ?? '').split('?')[0]}`);
    }
    this.notePattern(text, level);
    this.noteDuration(text);
  }

  /** The facts in sentences, each figure counted; `name` is the file. */
  result(name: string): string[] {
    const facts = [`${name} has ${this.lines} lines, ${this.stamped} of them with a time.`];
    if (this.first !== null && this.last !== null)
      facts.push(`The first time is ${this.first}, the last ${this.last}.`);
    if (this.byLevel.size > 0) facts.push(`Lines by level: ${ranked(this.byLevel, 8)}.`);
    if (this.byStatus.size > 0) facts.push(`Requests by status: ${ranked(this.byStatus, 10)}.`);
    if (this.byPath.size > 0) facts.push(`Most asked for: ${ranked(this.byPath, 5)}.`);
    if (this.byHour.size > 1) facts.push(`Lines per hour: ${inOrder(this.byHour)}.`);
    const bad = [...this.patterns].filter(([, { level }]) => level !== null && /FATAL|CRITICAL|ERROR|WARN/.test(level));
    for (const [text, { count: times, firstLine }] of top(bad.length > 0 ? bad : [...this.patterns])) {
      if (times > 1 || bad.length > 0) facts.push(`${times} × “${text}” (first in line ${firstLine}).`);
    }
    for (const { ms, line, text } of this.slow) facts.push(`Slow: ${shownMs(ms)} in line ${line}: “${text}”.`);
    return facts;
  }

  private notePattern(text: string, level: string | null): void {
    const key = text
      .replace(stamp, '')
      .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b0x[0-9a-f]+\b|\b[0-9a-f]{12,}\b/gi, '#')
      .replace(/\d+(?:[.,:]\d+)*/g, '#')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, patternChars);
    const known = this.patterns.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.patterns.size < patternLimit) this.patterns.set(key, { count: 1, firstLine: this.lines, level });
  }

  private noteDuration(text: string): void {
    for (const [, figure, unit] of text.matchAll(duration)) {
      const ms = Number(figure) * (/^m/.test(unit ?? '') ? 1 : 1_000);
      if (this.slow.length >= shownSlow && ms <= (this.slow.at(-1)?.ms ?? 0)) continue;
      this.slow.push({ ms, line: this.lines, text: text.trim().slice(0, patternChars) });
      this.slow = this.slow.sort((a, b) => b.ms - a.ms).slice(0, shownSlow);
    }
  }
}

/** Whether a file is a log by its name or by its first lines. Pure. */
export function isLog(name: string, head: string): boolean {
  if (/\.log(?:\.\d+)?$|(?:^|[/_-])(?:access|error)[_-]?log\b/i.test(name)) return true;
  if (!/\.(?:txt|out)$/i.test(name)) return false;
  const lines = head
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 50);
  return lines.length >= 5 && lines.filter((line) => stamp.test(line)).length > lines.length / 2;
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function ranked(map: ReadonlyMap<string, number>, limit: number): string {
  const sorted = [...map].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const rest = sorted.length - limit;
  return (
    sorted
      .slice(0, limit)
      .map(([key, times]) => `${key} ${times}`)
      .join(', ') + (rest > 0 ? ` and ${rest} others` : '')
  );
}

function inOrder(map: ReadonlyMap<string, number>): string {
  const sorted = [...map].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  if (sorted.length <= shownHours) return sorted.map(([hour, times]) => `${hour} ${times}`).join(', ');
  return `the fullest of ${sorted.length} are ${ranked(map, 8)}`;
}

function top(patterns: readonly [string, Pattern][]): [string, Pattern][] {
  return [...patterns]
    .sort((a, b) => b[1].count - a[1].count || a[1].firstLine - b[1].firstLine)
    .slice(0, shownPatterns);
}

function shownMs(ms: number): string {
  return ms >= 1_000 ? `${Number((ms / 1_000).toFixed(3))} s` : `${ms} ms`;
}
