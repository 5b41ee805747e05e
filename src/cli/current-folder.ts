import { hasErrno, WilsonError } from '../errors.js';

/**
 * The folder in which the command was given. Throws `NO_CURRENT_FOLDER` when it was removed meanwhile: asked for only by
 * commands that need one, so that the others go on.
 */
export function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'EACCES')) throw error;
    throw new WilsonError('NO_CURRENT_FOLDER', 'The current folder is not there any more.', {
      hint: 'Change to a folder that exists (`cd`), and try again.',
      cause: error,
    });
  }
}
