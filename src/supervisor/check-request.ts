import { stat } from 'node:fs/promises';
import { hasErrno, WilsonError } from '../errors.js';
import type { TaskRequest } from './port.js';

/** Longest request, in bytes of UTF-8. */
export const maxRequestBytes = 64 * 1024;

/** The Definition of Ready of a request: text that is not empty, not binary and not too long, and a folder that exists. */
export async function checkRequest(request: TaskRequest): Promise<void> {
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
}

/** `size` in words, e.g. `70 KB` or `more than 64 KB`. */
export function tooLong(size: string): WilsonError {
  return new WilsonError(
    'BAD_REQUEST',
    `The request is ${size} long; at most ${maxRequestBytes / 1024} KB are allowed.`,
    { hint: 'Put the text into a file of the folder and name the file in the request.' },
  );
}
