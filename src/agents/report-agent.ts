import { imagesToSee, type TaskType } from '../task/task.js';
import { throwIfAborted } from './abort.js';
import type { AgentContext, AgentResult } from './agent.js';
import { findFileNames } from './code/file-names.js';
import { failed, finished } from './code/outcome.js';
import { WorkspaceFiles } from './code/workspace-files.js';
import { imageReport } from './image-report.js';
import { differentWords, leastWords, readOrNull, reportPath, wholeSentences } from './report-text.js';
import { countSteps } from './step-counter.js';

const answerTokens = 900;
const attemptLimit = 3;
/** Share of the context that may go to files, in characters for each token of context. */
const charactersPerToken = 1.4;
const readable =
  /\.(?:py|js|mjs|cjs|ts|tsx|jsx|md|txt|json|ya?ml|toml|html|css|sh|sql|go|rs|java|c|h|cpp|rb|php|csv|ini|cfg)$/i;

const roles: Readonly<Record<TaskType, string>> = {
  code: 'an engineer',
  test: 'a tester',
  review: 'a reviewer who names concrete problems, each with its file, and says how to mend it',
  research: 'a researcher who says plainly what is known and what is not',
  analysis: 'an analyst who explains how something works and what follows from it',
  general: 'a helpful assistant',
};

/**
 * Reads what fits of the workspace and writes one text: the file that the request names, or `report.md`. For a request
 * about pictures it looks at those instead.
 */
export async function reportAgent(context: AgentContext): Promise<AgentResult> {
  const { order, model } = context;
  const images = imagesToSee({ type: order.taskType, description: order.description });
  if (images.length > 0) return imageReport(context, images);
  const files = new WorkspaceFiles(order.workspaceRoot);
  const steps = countSteps(context, 3);
  steps.next('reading the workspace');
  const { text, read, left } = await gatherSources(files, order.description, model.contextTokens * charactersPerToken);
  if (left > 0) context.log('info', `${left} files did not fit into the context and were not read`);
  const path = await reportPath(files, order.description);

  steps.next(`writing ${path}`);
  const system = `You are ${roles[order.taskType]}. You write clear, short texts in Markdown, in the language of the request.`;
  const sources = text === '' ? '' : `Files of the workspace:\n\n${text}\n\n`;
  const findings =
    order.findings.length === 0 ? '' : `\n\nAn earlier version was sent back:\n${order.findings.join('\n')}`;
  let report = '';
  for (let turn = 0; turn < attemptLimit && differentWords(report) < leastWords; turn += 1) {
    throwIfAborted(context.signal);
    const longer = turn === 0 ? '' : ' Write at least eight full sentences.';
    const answer = await model.complete({
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: `${sources}${order.description}${findings}${longer}` },
      ],
      maxTokens: Math.min(answerTokens, Math.floor(model.contextTokens / 3)),
      temperature: 0.2 + 0.2 * turn,
    });
    throwIfAborted(context.signal);
    report = answer.reason === 'length' ? wholeSentences(answer.text) : answer.text.trim();
  }
  if (differentWords(report) < leastWords) {
    return failed(
      'REPORT_TOO_SHORT',
      `The model wrote fewer than ${leastWords} different words.`,
      'Nothing was written.',
    );
  }
  await files.write(path, `${report}\n`);
  steps.next(`${path} is written`);
  const basis = read.length === 0 ? 'from the model’s own knowledge alone' : `from ${read.length} files`;
  const rest = left === 0 ? '' : ` ${left} files were not read for want of room.`;
  const summary = `${path} was written ${basis}; what it says was not checked.${rest}`;
  return finished(summary, [{ check: 'report_written', paths: [path] }]);
}

/** Files that the request names first, then texts about the project, then the small ones before the big ones. */
async function gatherSources(
  files: WorkspaceFiles,
  request: string,
  limit: number,
): Promise<{ text: string; read: string[]; left: number }> {
  const listing = (await files.list()).filter((file) => readable.test(file));
  const named = findFileNames(request).map((file) => file.path);
  const rank = (file: string): number => {
    if (named.some((name) => file === name || file.endsWith(`/${name}`))) return 0;
    return /^readme/i.test(file) ? 1 : 2;
  };
  const parts: string[] = [];
  const read: string[] = [];
  let room = limit;
  let left = 0;
  for (const file of [...listing].sort((a, b) => rank(a) - rank(b))) {
    const text = await readOrNull(files, file);
    if (text === null) continue;
    const part = `--- ${file}\n${text.trimEnd()}`;
    if (part.length > room && !(rank(file) === 0 && room > 400)) {
      left += 1;
      continue;
    }
    parts.push(part.slice(0, room));
    room -= Math.min(room, part.length);
    read.push(file);
  }
  return { text: parts.join('\n\n'), read, left };
}
