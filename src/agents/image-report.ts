import { throwIfAborted } from './abort.js';
import type { AgentContext, AgentModelRequest, AgentResult } from './agent.js';
import { findFileNames } from './code/file-names.js';
import { failed, finished } from './code/outcome.js';
import { WorkspaceFiles } from './code/workspace-files.js';
import { readImage, type WorkspaceImage } from './image-file.js';
import { plainText } from './plain-text.js';
import { differentWords, leastWords, readOrNull, reportPath, wholeSentences } from './report-text.js';
import { countSteps } from './step-counter.js';

const answerTokens = 900;
/** A large picture may keep a CPU busy for minutes before the first word; the bound of the whole request still holds. */
const firstTokenMs = 600_000;
/** Characters of text files that the request names beside the pictures, for each token of context. */
const charactersPerToken = 1;
const attemptLimit = 3;
/** Characters of the answer that the summary quotes. */
const quoteLimit = 300;

/** What models say that were given no picture, or can take none. */
const sawNothing =
  /(?:can(?:no|')t|cannot|don't|do not|didn't|did not|unable to|not able to|won't be able to) (?:actually |currently |directly )?(?:see|view|access|open|find|receive) (?:the |any |an? |your |that |this )?(?:actual )?(?:image|picture|photo|file|attachment)s?\b(?! (?:clearly|well|in detail))|\bno (?:image|picture|photo)s? (?:was|were|is|has been|have been) (?:provided|attached|included|given|uploaded|shared)|please (?:provide|upload|share|attach|send)(?: me)? (?:the |an? |your )?(?:image|picture|photo)/i;

/** Shows the pictures to the model, asks what the request asks, and writes the answer down: in `report.md` or the file that it names. */
export async function imageReport(context: AgentContext, names: readonly string[]): Promise<AgentResult> {
  const { order, model } = context;
  const files = new WorkspaceFiles(order.workspaceRoot);
  const steps = countSteps(context, 3);
  const shown = names.join(', ');
  steps.next(`reading ${shown}`);
  const images: WorkspaceImage[] = [];
  for (const name of names) images.push(await readImage(order.workspaceRoot, name));
  const path = await reportPath(files, order.description);
  const sources = await namedTexts(files, order.description, model.contextTokens * charactersPerToken);

  steps.next(`${model.name} looks at ${shown}`);
  const ask = async (question: string, temperature: number): Promise<string> => {
    throwIfAborted(context.signal);
    const answer = await model.complete(request(question, images, model.contextTokens, temperature));
    throwIfAborted(context.signal);
    const text = plainText(answer.text).trim();
    return answer.reason === 'length' ? wholeSentences(text) : text;
  };
  const answer = await ask(`${sources}${questionOf(order.description, order.findings)}`, model.temperature);
  if (saysNothingSeen(answer)) {
    return failed(
      'VISION_UNAVAILABLE',
      `The model ${model.name} says that it was shown no picture: “${quote(answer)}”`,
      'Nothing was written.',
      'Set llms.vision in config.yaml to a model that can see, e.g. llava:7b; an update of the model server may help too.',
    );
  }
  let description = '';
  for (let turn = 1; turn < attemptLimit && differentWords(answer + description) < leastWords; turn += 1) {
    // Small models answer in a few words; what they see besides makes the answer worth keeping.
    description = await ask(descriptionQuestion(images.length), model.temperature + 0.2 * (turn - 1));
  }
  const report = reportOf({ question: order.description, answer, description, images, model: model.name });
  if (answer === '' || differentWords(report) < leastWords) {
    return failed(
      'REPORT_TOO_SHORT',
      `The model ${model.name} wrote too little about ${shown}.`,
      'Nothing was written.',
      'Ask more exactly, or set llms.vision in config.yaml to a bigger vision model.',
    );
  }
  await files.write(path, `${report}\n`);
  steps.next(`${path} is written`);
  const summary = `${path} says what ${model.name} sees in ${shown} (not checked): “${quote(answer)}”`;
  return finished(summary, [{ check: 'report_written', paths: [path] }]);
}

/** One message and no system prompt: small vision models heed little else. The question stands last. */
function request(
  question: string,
  images: readonly WorkspaceImage[],
  contextTokens: number,
  temperature: number,
): AgentModelRequest {
  return {
    messages: [{ role: 'user', content: question, images: images.map(({ base64 }) => base64) }],
    maxTokens: Math.min(answerTokens, Math.floor(contextTokens / 3)),
    temperature,
    timeouts: { firstTokenMs },
  };
}

function questionOf(description: string, findings: readonly string[]): string {
  const before = findings.length === 0 ? '' : `An earlier answer was sent back:\n${findings.join('\n')}\n\n`;
  return `${before}Look at the picture and answer in full sentences, from what can be seen in it. Say so where something cannot be seen.\n\n${description}`;
}

function descriptionQuestion(count: number): string {
  return `Describe ${count === 1 ? 'this picture' : 'these pictures'} in detail, in at least eight full sentences: what is where, the colours, and any text.`;
}

function saysNothingSeen(answer: string): boolean {
  return answer.length < 500 && sawNothing.test(answer.replaceAll('’', "'"));
}

/** Text files that the request names beside the pictures, as far as they fit. */
async function namedTexts(files: WorkspaceFiles, description: string, limit: number): Promise<string> {
  let texts = '';
  for (const { path } of findFileNames(description)) {
    const text = await readOrNull(files, path);
    if (text !== null && texts.length + text.length <= limit) texts += `--- ${path}\n${text.trimEnd()}\n\n`;
  }
  return texts;
}

interface Seen {
  readonly question: string;
  readonly answer: string;
  readonly description: string;
  readonly images: readonly WorkspaceImage[];
  readonly model: string;
}

/** The answer first; then what was measured, so that nobody takes the one for the other. */
function reportOf({ question, answer, description, images, model }: Seen): string {
  const quoted = plainText(question).trim().split('\n');
  return [
    `# ${images.map(({ name }) => name).join(', ')}`,
    quoted.map((line) => `> ${line}`.trimEnd()).join('\n'),
    answer,
    ...(description === '' ? [] : ['## Description', description]),
    '## About this report',
    `Written by the vision model ${model}. What it says was not checked.`,
    images.map(factsOf).join('\n'),
  ].join('\n\n');
}

function factsOf({ name, format, bytes, pixels }: WorkspaceImage): string {
  const size = pixels === null ? '' : `, ${pixels.width} × ${pixels.height} pixels`;
  return `- ${name}: ${format}${size}, ${bytes} bytes`;
}

/** The first words of a text, on one line. */
function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= quoteLimit ? line : `${line.slice(0, quoteLimit).replace(/\s\S*$/, '')} …`;
}
