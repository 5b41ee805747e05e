import { WilsonError } from '../errors.js';
import { imagesToSee, type TaskType } from '../task/task.js';
import { throwIfAborted } from './abort.js';
import type { AgentContext, AgentResult } from './agent.js';
import { failed, finished } from './code/outcome.js';
import { WorkspaceFiles } from './code/workspace-files.js';
import { handoverText } from './handover-text.js';
import { imageReport } from './image-report.js';
import { unfoundQuotes, withoutInventedFigures } from './report/check-prose.js';
import { readRanges } from './report/chunks.js';
import { fileFacts } from './report/facts/file-facts.js';
import { type PickedSources, pickSources, type Source } from './report/pick-sources.js';
import { type ReadSources, readSources } from './report/read-sources.js';
import { reportPage } from './report/report-page.js';
import { differentWords, leastWords, reportPath, wholeSentences } from './report-text.js';
import { countSteps } from './step-counter.js';

const answerTokens = 900;
const attemptLimit = 3;
/** Share of the context that may go to sources and facts, in characters for each token of context. */
const charactersPerToken = 1.4;
/** Characters of facts, and of the beginning of a file that was counted. */
const factsShare = 0.4;
const sampleChars = 600;

const roles: Readonly<Record<TaskType, string>> = {
  code: 'an engineer',
  test: 'a tester',
  review: 'a reviewer who names concrete problems, each with its file, and says how to mend it',
  research: 'a researcher who says plainly what is known and what is not',
  analysis: 'an analyst who explains how something works and what follows from it',
  general: 'a helpful assistant',
};

/**
 * Reads what a request is about in the workspace, counts what can be counted (logs, tables), and writes one text: the file
 * that the request names, or `report.md`. What was read stands in it, by program; figures of the model that are in no
 * source are taken out, and quotes that are in none are named. For a request about pictures it looks at those instead.
 */
export async function reportAgent(context: AgentContext): Promise<AgentResult> {
  const { order, model } = context;
  const images = imagesToSee({ type: order.taskType, description: order.description });
  if (images.length > 0) return imageReport(context, images);
  const files = new WorkspaceFiles(order.workspaceRoot);
  const steps = countSteps(context, 3);
  steps.next('reading the workspace');
  const path = await reportPath(files, order.description);
  const picked = await pickSources(files, order.description, order.taskType === 'analysis');
  const counted = await countFiles(context, picked);
  const limitChars = model.contextTokens * charactersPerToken - factsText(counted.facts, model.contextTokens).length;
  const read = await readSources(context, counted.rest, order.description, { limitChars, steps });
  if (read.unread.length > 0) context.log('info', `not read for want of room: ${readRanges(read.unread).join('; ')}`);

  steps.next(`writing ${path}`);
  const prose = await writeProse(context, counted.facts, read);
  const known = [order.description, handoverText(context), ...counted.facts, ...read.read.map(({ text }) => text)];
  const hasSources = counted.facts.length > 0 || read.read.length > 0;
  const checked = hasSources ? withoutInventedFigures(prose, known, counted.facts) : { text: prose, removed: [] };
  for (const sentence of checked.removed) context.log('warn', `taken out, its figures are in no source: ${sentence}`);
  const left = picked.left.filter((entry) => !entry.startsWith(`${path} (`));
  const unread = [...left, ...readRanges(read.unread), ...counted.cut];
  const page = reportPage({
    prose: checked.text,
    facts: counted.facts,
    sources: [...counted.sources, ...readRanges(read.read.filter((chunk) => !counted.paths.has(chunk.path)))],
    unread,
    model: model.name,
    removed: checked.removed,
    unfound: hasSources ? unfoundQuotes(checked.text, known) : [],
    isNotes: read.isNotes,
  });
  // Facts are worth a report by themselves; a text about nothing has to say something.
  if (differentWords(counted.facts.length > 0 ? page : checked.text) < leastWords) {
    const reason = checked.removed.length > 0 ? ', once the figures that are in no source were taken out' : '';
    return failed(
      'REPORT_TOO_SHORT',
      `The model wrote fewer than ${leastWords} different words${reason}.`,
      'Nothing was written.',
    );
  }
  await files.write(path, `${page}\n`);
  steps.next(`${path} is written`);
  return finished(summaryOf(path, counted, read, unread.length), [{ check: 'report_written', paths: [path] }]);
}

interface Counted {
  readonly facts: readonly string[];
  /** What was counted, for the list of sources. */
  readonly sources: readonly string[];
  /** The sources that a model has to read; of those that were counted only the beginning. */
  readonly rest: readonly Source[];
  readonly cut: readonly string[];
  readonly paths: ReadonlySet<string>;
}

async function countFiles(context: AgentContext, picked: PickedSources): Promise<Counted> {
  const facts: string[] = [];
  const sources: string[] = [];
  const cut: string[] = [];
  const paths = new Set<string>();
  const rest: Source[] = [];
  const tooLong = picked.left.flatMap((entry) => /^(\S+\.(?:log|csv|tsv|txt|out)) \(too long/.exec(entry)?.[1] ?? []);
  for (const path of [...picked.sources.map((source) => source.path), ...tooLong]) {
    const text = picked.sources.find((source) => source.path === path)?.text ?? '';
    const counted = await countFile(context, path);
    if (counted === null) {
      if (text !== '') rest.push({ path, text });
      continue;
    }
    paths.add(path);
    facts.push(...counted.facts);
    sources.push(`${path}, ${counted.lines} lines counted by the program`);
    if (!counted.whole) cut.push(`${path} (counted up to 200 MB)`);
    if (text !== '') rest.push({ path, text: text.slice(0, sampleChars) });
  }
  return { facts, sources, rest, cut, paths };
}

async function countFile(context: AgentContext, path: string): ReturnType<typeof fileFacts> {
  try {
    return await fileFacts(context.order.workspaceRoot, path, context.signal);
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code === 'ABORTED') throw error;
    context.log('warn', `${path} was not counted: ${error.message}`);
    return null;
  }
}

function factsText(facts: readonly string[], contextTokens: number): string {
  if (facts.length === 0) return '';
  const text = facts
    .map((fact) => `- ${fact}`)
    .join('\n')
    .slice(0, contextTokens * charactersPerToken * factsShare);
  return `Counted facts; use no other figures:\n${text}\n\n`;
}

async function writeProse(context: AgentContext, facts: readonly string[], read: ReadSources): Promise<string> {
  const { order, model } = context;
  const system = `You are ${roles[order.taskType]}. You write clear, short texts in Markdown, in the language of the request.`;
  const sources =
    read.text === '' ? '' : `${read.isNotes ? 'Notes on the files' : 'Files of the workspace'}:\n\n${read.text}\n\n`;
  const findings =
    order.findings.length === 0 ? '' : `\n\nAn earlier version was sent back:\n${order.findings.join('\n')}`;
  const question = `${sources}${factsText(facts, model.contextTokens)}${order.description}${handoverText(context)}${findings}`;
  // Counted facts are a report by themselves; a few words about them are enough.
  const least = facts.length > 0 ? 1 : leastWords;
  let prose = '';
  for (let turn = 0; turn < attemptLimit && differentWords(prose) < least; turn += 1) {
    throwIfAborted(context.signal);
    const longer = turn === 0 ? '' : ' Write at least eight full sentences.';
    const answer = await model.complete({
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: `${question}${longer}` },
      ],
      maxTokens: Math.min(answerTokens, Math.floor(model.contextTokens / 3)),
      temperature: 0.2 + 0.2 * turn,
    });
    throwIfAborted(context.signal);
    prose = answer.reason === 'length' ? wholeSentences(answer.text) : answer.text.trim();
  }
  return prose;
}

function summaryOf(path: string, counted: Counted, read: ReadSources, unread: number): string {
  const names = new Set(read.read.map((chunk) => chunk.path)).size;
  const basis =
    names === 0 && counted.facts.length === 0
      ? 'from the model’s own knowledge alone; nothing was looked up'
      : counted.facts.length > 0
        ? `from ${counted.facts.length} counted facts and ${names} files`
        : `from ${names} ${names === 1 ? 'file' : 'files'}`;
  const rest =
    unread === 0
      ? ''
      : ` ${unread} ${unread === 1 ? 'source was' : 'sources were'} not read, or not whole; it lists them.`;
  return `${path} was written ${basis}. What it says was not checked, apart from its figures and quotes.${rest}`;
}
