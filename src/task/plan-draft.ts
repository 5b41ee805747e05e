import { type CheckSpec, checkNames } from './definition-of-done.js';
import { planLimits } from './plan.js';
import { cut, oneLine, type PlanRequest } from './plan-default.js';
import { refusedCheckText, safeChecks } from './plan-rules.js';
import { type TaskType, taskTypes } from './task.js';

/** What is read of a step before anything of it is believed. */
export interface Draft {
  readonly names: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly type: TaskType;
  readonly dependsOn: readonly string[];
  readonly checks: readonly CheckSpec[];
}

const synonyms: readonly (readonly [TaskType, RegExp])[] = [
  ['test', /\b(test|tests|testing|qa|verify|verification)\b/i],
  ['review', /\b(review|reviewing|audit)\b/i],
  ['research', /\b(research|investigate)\b/i],
  ['analysis', /\b(analysis|analy[sz]e)\b/i],
  ['code', /\b(code|coding|implement\w*|develop\w*|build|create|write|refactor|program|fix)\b/i],
];
/** Steps that nobody can work off here, or that are no work. */
const meaningless =
  /^\W*(?:plan(?:ning)?|deploy(?:ment)?|celebrate|release|publish|launch|commit|push|merge|set ?up (?:the |your |a )?(?:project|environment|development environment|workspace|repo(?:sitory)?)|install(?:ation)?|gather (?:the )?requirements|understand(?:ing)?|brainstorm|think|prepare|finish|done|maintain|monitor|estimate|kick-?off|start|begin)\b/i;

/**
 * The steps of what a model said as a plan, `{"steps": [...]}` or the list itself, with each field in its form. What is no work
 * is left out, and so are checks that nobody may run; why goes to `notes`. Pure and total.
 */
export function readDrafts(raw: unknown, request: PlanRequest, notes: string[]): Draft[] {
  const list = Array.isArray(raw)
    ? (raw as unknown[])
    : isRecord(raw) && Array.isArray(raw.steps)
      ? (raw.steps as unknown[])
      : [];
  const drafts: Draft[] = [];
  // What comes after so many is an answer that went on counting.
  for (const each of list.slice(0, 4 * planLimits.steps)) {
    const draft = readDraft(each, notes);
    const reason = draft === null ? 'it says nothing' : whyUseless(draft, request, list.length);
    if (draft !== null && reason === null) drafts.push(draft);
    else
      notes.push(
        `A step was left out, since ${reason ?? 'it says nothing'}${draft === null ? '' : `: ${draft.title}`}.`,
      );
  }
  return drafts;
}

function readDraft(raw: unknown, notes: string[]): Draft | null {
  if (!isRecord(raw)) return null;
  const title = oneLine(textOf(raw.title) || textOf(raw.name));
  const description = textOf(raw.description) || textOf(raw.does);
  const whole = plain(description === '' ? title : description);
  if (whole === '') return null;
  const shown = cut(plain(title === '' ? oneLine(whole) : title), planLimits.titleChars);
  return {
    names: namesIn([raw.key, raw.id, raw.name, raw.title]),
    title: shown === '' ? cut(oneLine(whole), planLimits.titleChars) : shown,
    description: cut(whole, planLimits.descriptionChars),
    type: typeOf(raw.type, `${shown} ${whole}`),
    dependsOn: namesIn(listOf(raw.dependsOn ?? raw.depends_on ?? raw.dependencies)),
    checks: readChecks(listOf(raw.checks), shown, notes),
  };
}

/** What can name a step; anything else that a model puts there names none. */
function namesIn(raw: readonly unknown[]): string[] {
  return raw.flatMap((each) => (typeof each === 'string' || typeof each === 'number' ? [String(each)] : []));
}

function typeOf(raw: unknown, text: string): TaskType {
  const said = typeof raw === 'string' ? raw.toLowerCase().trim() : '';
  const known = taskTypes.find((type) => type === said);
  if (known !== undefined) return known;
  const meant = synonyms.find(([, words]) => words.test(said)) ?? synonyms.find(([, words]) => words.test(text));
  return meant?.[0] ?? 'code';
}

/** Only checks of the vocabulary that may be run; what is left out is noted. */
function readChecks(raw: readonly unknown[], title: string, notes: string[]): CheckSpec[] {
  const read = raw.slice(0, 4 * planLimits.checks).flatMap((each) => readCheck(each, title, notes));
  return safeChecks(read, title, notes).slice(0, planLimits.checks);
}

function readCheck(raw: unknown, title: string, notes: string[]): CheckSpec[] {
  const said = typeof raw === 'string' ? { check: raw } : raw;
  if (!isRecord(said)) return [];
  const check = checkNames.find((name) => name === said.check);
  if (check === undefined) {
    notes.push(
      refusedCheckText(cut(plain(textOf(said.check)) || 'without a name', 60), title, 'there is no such check'),
    );
    return [];
  }
  const strings = (value: unknown): string[] =>
    listOf(value).filter((each): each is string => typeof each === 'string');
  const spec: CheckSpec = {
    check,
    ...(said.paths === undefined ? {} : { paths: strings(said.paths) }),
    ...(check === 'command_succeeds' ? { command: strings(said.command) } : {}),
    ...(check === 'coverage_at_least' && typeof said.percent === 'number' ? { percent: said.percent } : {}),
  };
  return [spec];
}

/** Why a step is no work; null when it is. */
function whyUseless(draft: Draft, request: PlanRequest, count: number): string | null {
  if (meaningless.test(draft.title) && !namesPlace(draft.description)) return 'it is no work for an agent';
  if (draft.description.length < 8) return 'it does not say what to do';
  if (count > 1 && draft.type !== 'code' && restates(draft.description, request.description)) {
    return 'it only says the request again';
  }
  return null;
}

/** Whether a text names a file or a function. */
function namesPlace(text: string): boolean {
  return /[\w/-]+\.[a-z]{1,5}\b|\b\w+\(/i.test(text);
}

function restates(text: string, request: string): boolean {
  const words = (of: string): Set<string> => new Set(of.toLowerCase().match(/[a-z0-9_]+/g) ?? []);
  const [a, b] = [words(text), words(request)];
  const common = [...a].filter((word) => b.has(word)).length;
  return a.size > 0 && common / Math.max(a.size, b.size) >= 0.85;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** Without control characters but line breaks and tabs. */
function plain(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim();
}
