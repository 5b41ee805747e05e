import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { hasErrno, WilsonError } from '../errors.js';
import { needsFolder } from '../task/needs-folder.js';
import { needsPlan } from '../task/needs-plan.js';
import { imagesToSee } from '../task/task.js';
import { wideFolder } from '../workspace/wide-folder.js';
import type { TaskRequest } from './port.js';

/** Longest request, in bytes of UTF-8. */
export const maxRequestBytes = 64 * 1024;

/**
 * The Definition of Ready of a request: text that is not empty, not binary and not too long, and a folder that exists and
 * can be copied for the task. `home` is the folder that is nobody's project.
 */
export async function checkRequest(request: TaskRequest, home = homedir()): Promise<void> {
  const bytes = Buffer.byteLength(request.description);
  if (request.description.trim() === '') {
    throw new WilsonError('BAD_REQUEST', 'The request is empty.', { hint: 'Say what is to be done.' });
  }
  if (request.description.includes('\0')) {
    throw new WilsonError('BAD_REQUEST', 'The request is binary: it holds NUL characters.', {
      hint: 'Requests are plain text; name a file instead of pasting its bytes.',
    });
  }
  if (bytes > maxRequestBytes) {
    throw tooLong(`${Math.ceil(bytes / 1024)} KB`);
  }
  try {
    if (!(await stat(request.folder)).isDirectory()) {
      throw new WilsonError('BAD_REQUEST', `${request.folder} is not a folder.`);
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) throw new WilsonError('BAD_REQUEST', `The folder ${request.folder} does not exist.`);
    throw error;
  }
  await checkFolder(request, home);
}

/** A question, and a task that looks at pictures, do without the files of the folder; all others work on a copy of them. */
async function checkFolder(request: TaskRequest, home: string): Promise<void> {
  const planned = request.planned ?? needsPlan(request.description, request.type);
  const needs = needsFolder(request.type, request.description) && imagesToSee(request).length === 0;
  if (!needs && !planned) return;
  const what = await wideFolder(request.folder, home);
  if (what === null) return;
  throw new WilsonError('FOLDER_TOO_WIDE', `${request.folder} is ${what}: Wilson makes no copy of it for a task.`, {
    hint: 'Start wilson in the folder of a project, e.g. `mkdir project && cd project && wilson`. Questions are answered anywhere.',
  });
}

/** `size` in words, e.g. `70 KB` or `more than 64 KB`. */
export function tooLong(size: string): WilsonError {
  return new WilsonError(
    'BAD_REQUEST',
    `The request is ${size} long; at most ${maxRequestBytes / 1024} KB are allowed.`,
    { hint: 'Put the text into a file of the folder and name the file in the request.' },
  );
}
