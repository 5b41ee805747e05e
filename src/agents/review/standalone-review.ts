import { isBlocking, type ReviewFinding, type Severity, severities } from '../../task/review.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { findMeant } from '../code/file-choice.js';
import { findFileNames } from '../code/file-names.js';
import { failed, finished } from '../code/outcome.js';
import { WorkspaceFiles } from '../code/workspace-files.js';
import { isLargeModel } from '../model-size.js';
import { plainText } from '../plain-text.js';
import { readOrNull, reportPath } from '../report-text.js';
import { countSteps } from '../step-counter.js';
import { askAboutPieces, type PiecesReview } from './ask-pieces.js';
import { languageOfPath } from './code-lines.js';
import { lintDiff } from './lint-diff.js';
import { type DiffFile, wholeFile } from './parse-diff.js';
import { uncommittedDiff } from './uncommitted-diff.js';
import { reviewOf } from './verdict.js';

/** Files and characters of one review; what is beyond is named as not read. */
const fileLimit = 40;
const charactersLimit = 400_000;
const shownNames = 20;

interface Subject {
  readonly files: readonly DiffFile[];
  /** What was looked at, for the report. */
  readonly what: string;
  /** Asked for or there, and not read, each with the reason. */
  readonly unread: readonly string[];
}

/**
 * Reviews what a request names: files, the uncommitted changes, or the code of the folder. The report says where each
 * finding is, who found it, what was read, and what was not.
 */
export async function standaloneReview(context: AgentContext): Promise<AgentResult> {
  const { order, model } = context;
  const files = new WorkspaceFiles(order.workspaceRoot);
  const steps = countSteps(context, 4);
  steps.next('choosing what to read');
  const subject = await subjectOf(context, files);
  if (subject.files.length === 0) {
    const why = subject.unread.length === 0 ? '' : ` Not read: ${subject.unread.slice(0, shownNames).join(', ')}.`;
    return failed(
      'NOTHING_TO_REVIEW',
      `There is nothing to review.${why}`,
      'Nothing was written.',
      'Name a file that is in this folder.',
    );
  }
  steps.next(`looking through ${subject.what}`);
  const rules = lintDiff(subject.files);
  steps.next('asking the model about the code');
  const focus = focusOf(order.description);
  const said = await askAboutPieces(context, {
    files: subject.files,
    request: order.description,
    evidence: [],
    steps,
    ...(focus === null ? {} : { focus }),
  });
  for (const note of said.notes) context.log('info', note);
  const { findings } = reviewOf([...rules, ...said.findings], []);
  const path = await reportPath(files, order.description, 'review');
  steps.next(`writing ${path}`);
  const known = new Set(rules.map(placeOf));
  await files.write(
    path,
    reportText({ request: order.description, subject, findings, said, known, model: model.name }),
  );
  const blocking = findings.filter(isBlocking).length;
  const counts =
    findings.length === 0
      ? 'no finding'
      : `${findings.length} finding${findings.length === 1 ? '' : 's'}, ${blocking} of them to be mended`;
  const left = subject.unread.length === 0 ? '' : ` ${subject.unread.length} files were not read.`;
  const doubt = isLargeModel(model) ? '' : ` ${model.name} is small: that it names no fault says little.`;
  return finished(`${path}: ${counts} in ${subject.what}.${left}${doubt}`, [
    { check: 'report_written', paths: [path] },
  ]);
}

async function subjectOf(context: AgentContext, files: WorkspaceFiles): Promise<Subject> {
  const request = context.order.description;
  const listing = await files.list(5_000);
  const named = findFileNames(request).map(({ path }) => findMeant(path, listing) ?? path);
  const there = named.filter((name) => listing.includes(name));
  if (there.length > 0) {
    const missing = named.filter((name) => !listing.includes(name)).map((name) => `${name} (not there)`);
    return readWhole(files, there, there.join(', '), missing);
  }
  if (/\b(?:diff|chang(?:es?|ed)|uncommitted|working (?:tree|copy)|staged|commit|pull request|pr)\b/i.test(request)) {
    const changes = await uncommittedDiff(context, files);
    if (changes !== null) return { files: changes, what: 'the uncommitted changes', unread: [] };
    context.log('info', 'there are no uncommitted changes to be seen; the code of the folder is reviewed');
  }
  const folder = named.length === 0 ? folderNamed(request, listing) : null;
  const code = listing.filter((file) => isReviewed(file) && (folder === null || file.startsWith(`${folder}/`)));
  const missing = named.map((name) => `${name} (not there)`);
  return readWhole(files, code, folder === null ? 'the code of the folder' : `the code in ${folder}`, missing);
}

async function readWhole(
  files: WorkspaceFiles,
  names: readonly string[],
  what: string,
  missing: readonly string[],
): Promise<Subject> {
  const read: DiffFile[] = [];
  const unread = [...missing];
  let characters = 0;
  for (const name of names) {
    const text = read.length >= fileLimit ? null : await readOrNull(files, name);
    if (text === null)
      unread.push(read.length >= fileLimit ? `${name} (too many files)` : `${name} (not readable as text)`);
    else if (characters + text.length > charactersLimit) unread.push(`${name} (too long)`);
    else {
      characters += text.length;
      read.push(wholeFile(name, text));
    }
  }
  return { files: read, what, unread };
}

function isReviewed(file: string): boolean {
  return (
    languageOfPath(file) !== 'other' || /\.(?:go|rs|java|kt|c|h|cc|cpp|hpp|cs|rb|php|sh|lua|sql|html)$/i.test(file)
  );
}

/** A folder of the project that the request names, such as `src`. */
function folderNamed(request: string, listing: readonly string[]): string | null {
  const folders = new Set(
    listing.flatMap((file) => (file.includes('/') ? [file.slice(0, file.lastIndexOf('/'))] : [])),
  );
  const words: string[] = request.match(/[\w./-]+/g) ?? [];
  return words.map((word) => word.replace(/\/$/, '')).find((word) => folders.has(word)) ?? null;
}

function focusOf(request: string): string | null {
  if (/\b(?:secur\w*|vulnerab\w*|injection|exploit\w*|holes?)\b/i.test(request))
    return 'security holes, such as input that is not checked';
  if (/\b(?:performance|slow|speed)\b/i.test(request)) return 'code that is needlessly slow';
  return null;
}

interface ReportInput {
  readonly request: string;
  readonly subject: Subject;
  readonly findings: readonly ReviewFinding[];
  readonly said: PiecesReview;
  /** Places of the findings that rules made. */
  readonly known: ReadonlySet<string>;
  readonly model: string;
}

function reportText({ request, subject, findings, said, known, model }: ReportInput): string {
  const sections = severities.flatMap((severity) => sectionOf(severity, findings, known, model));
  const nothing =
    'No fault was found. That means that the rules below and the questions to the model found none, not that there is none.';
  const lines = subject.files.map(
    ({ path, hunks }) => `- ${path}: ${hunks.flat().filter(({ kind }) => kind === 'added').length} lines`,
  );
  const rest = [...subject.unread, ...said.unread.map((place) => `${place} (by the rules, not by the model)`)];
  const asked =
    said.asked === 0
      ? `${model} was asked nothing.`
      : `${model} was asked about ${said.asked} ${said.asked === 1 ? 'piece' : 'pieces'} of code and ${claimsText(said)}.`;
  return `${[
    '# Review',
    plainText(request)
      .trim()
      .split('\n')
      .map((line) => `> ${line}`.trimEnd())
      .join('\n'),
    ...(findings.length === 0 ? [nothing] : sections),
    '## What was read',
    capped(lines),
    ...(rest.length === 0 ? [] : ['## What was not read', capped(rest.map((name) => `- ${name}`))]),
    '## How',
    `Fixed rules looked at every line for work left undone, swallowed errors, input that is run as code, SQL put together from text, secrets and tests that check nothing. ${asked} The code was read, not run.`,
  ].join('\n\n')}\n`;
}

function claimsText({ claims, findings }: PiecesReview): string {
  if (claims === 0) return 'named no fault';
  return `named ${claims} ${claims === 1 ? 'fault' : 'faults'}, of which ${findings.length} stood on a line of the code and held when it was asked again`;
}

function sectionOf(
  severity: Severity,
  findings: readonly ReviewFinding[],
  known: ReadonlySet<string>,
  model: string,
): string[] {
  const mine = findings.filter((each) => each.severity === severity);
  if (mine.length === 0) return [];
  const titles: Readonly<Record<Severity, string>> = { blocker: 'Blockers', major: 'Major', minor: 'Remarks' };
  const lines = mine.map(
    (each) =>
      `- \`${placeOf(each)}\` (${severity}): ${plainText(each.text)}${known.has(placeOf(each)) ? '' : ` (says ${model})`}`,
  );
  return [`## ${titles[severity]}`, lines.join('\n')];
}

function placeOf({ file, line }: ReviewFinding): string {
  return line === null ? file : `${file}:${line}`;
}

function capped(lines: readonly string[]): string {
  const shown = lines.slice(0, shownNames);
  return [...shown, ...(lines.length > shownNames ? [`- and ${lines.length - shownNames} more`] : [])].join('\n');
}
