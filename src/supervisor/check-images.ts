import { open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { imageFormat, imageHeadBytes, maxImageBytes } from '../task/image-file.js';
import { findImages } from '../task/named-images.js';
import { imagesToSee } from '../task/task.js';
import { visionNotConfigured } from '../task/vision-errors.js';
import { nearestName } from './near-name.js';
import type { TaskRequest } from './port.js';

/** More images than this in one question are more than a model can keep apart. */
export const maxImages = 8;

export interface ImageCheckOptions {
  /** Whether `llms.vision` is set. */
  readonly visionConfigured: boolean;
  /** What `~` stands for. */
  readonly home: string;
}

/**
 * Looks whether the images that a request is about can be looked at, before there is a task. Resolves with the request,
 * absolute names in it turned into ones of the folder, since a task has a copy of its own; a request about no image comes
 * back as it is, and no file is touched.
 *
 * Rejects with `VISION_NOT_CONFIGURED`, `IMAGE_MISSING` (with a name that is near, where there is one), `IMAGE_OUTSIDE`,
 * `IMAGE_TOO_LARGE`, `NOT_AN_IMAGE`, and `BAD_REQUEST` for too many.
 */
export async function checkImages(request: TaskRequest, options: ImageCheckOptions): Promise<TaskRequest> {
  const names = imagesToSee(request);
  const [first] = names;
  if (first === undefined) return request;
  if (!options.visionConfigured) throw visionNotConfigured(names.join(', '));
  if (names.length > maxImages) {
    throw new WilsonError('BAD_REQUEST', `The request names ${names.length} images; at most ${maxImages} at once.`, {
      hint: 'Ask about fewer at a time.',
    });
  }
  const folder = await realpath(request.folder);
  const placed = new Map<string, string>();
  for (const name of names) {
    const absolute = path.resolve(
      request.folder,
      name.replace(/^~(?=\/)/, () => options.home),
    );
    const real = await realImage(name, absolute, request.folder);
    if (!isInside(folder, real)) throw outside(name, request.folder);
    await checkContent(name, real);
    if (/^(?:[/~]|[a-z]:\/)/i.test(name)) placed.set(name, relativeName(request.folder, folder, absolute, real));
  }
  return placed.size === 0 ? request : { ...request, description: renamed(request.description, placed) };
}

async function realImage(name: string, absolute: string, folder: string): Promise<string> {
  try {
    return await realpath(absolute);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES')) throw error;
    const near = nearestName(name, await imagesBelow(folder));
    const hint = near === null ? `Name a file of ${folder}.` : `Did you mean ${JSON.stringify(near)}?`;
    const quotes = near?.includes(' ') === true ? ' A name with spaces goes in quotes.' : '';
    throw new WilsonError('IMAGE_MISSING', `There is no image ${name}.`, { hint: `${hint}${quotes}`, cause: error });
  }
}

async function checkContent(name: string, real: string): Promise<void> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(real);
  } catch (error) {
    if (!hasErrno(error, 'EACCES', 'EPERM')) throw error;
    throw new WilsonError('IMAGE_MISSING', `${name} may not be read.`, {
      hint: 'Give yourself the right to read it.',
      cause: error,
    });
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw notAnImage(name, 'it is not a file');
    if (stats.size > maxImageBytes) throw tooLarge(name, stats.size);
    if (stats.size === 0) throw notAnImage(name, 'it is empty');
    const head = Buffer.alloc(imageHeadBytes);
    const { bytesRead } = await file.read(head, 0, imageHeadBytes, 0);
    if (imageFormat(head.subarray(0, bytesRead)) === null) {
      throw notAnImage(name, 'its content is none of PNG, JPEG, GIF, WebP, BMP');
    }
  } finally {
    await file.close();
  }
}

/** At most this many files are looked through for a name that is near. */
const filesLimit = 2_000;
const depthLimit = 4;

/** The image files of a folder, by relative names; folders that cannot be read are passed over. */
async function imagesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  let left = filesLimit;
  const visit = async (below: string, depth: number): Promise<void> => {
    let entries: Awaited<ReturnType<typeof entriesOf>>;
    try {
      entries = await entriesOf(path.join(folder, below));
    } catch (error) {
      if (hasErrno(error, 'EACCES', 'EPERM', 'ENOENT')) return;
      throw error;
    }
    for (const entry of entries) {
      left -= 1;
      if (left < 0) return;
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isFile() && /\.(?:png|jpe?g|gif|webp|bmp)$/i.test(entry.name)) found.push(name);
    }
    for (const entry of entries) {
      const enter = entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules';
      if (enter && depth < depthLimit) await visit(below === '' ? entry.name : `${below}/${entry.name}`, depth + 1);
    }
  };
  await visit('', 1);
  return found;
}

function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

/** As the user would write it in the folder; a name that goes through a link keeps its own way where it can. */
function relativeName(folder: string, realFolder: string, absolute: string, real: string): string {
  const written = [folder, realFolder].find((form) => isInside(form, absolute));
  const relative = written === undefined ? path.relative(realFolder, real) : path.relative(written, absolute);
  return relative.split(path.sep).join('/');
}

/** The text with other names in place of some of its images, in quotes where a space would cut them. */
function renamed(text: string, names: ReadonlyMap<string, string>): string {
  let result = text;
  for (const { path: written, start, end } of findImages(text).reverse()) {
    const name = names.get(written);
    if (name === undefined) continue;
    const isQuoted = /["'`“„«»‘‚]\s?$/u.test(text.slice(0, start));
    result = `${result.slice(0, start)}${name.includes(' ') && !isQuoted ? `"${name}"` : name}${result.slice(end)}`;
  }
  return result;
}

function isInside(folder: string, absolute: string): boolean {
  return absolute.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
}

function outside(name: string, folder: string): WilsonError {
  return new WilsonError('IMAGE_OUTSIDE', `${name} lies outside of ${folder}, and a task sees only that folder.`, {
    hint: 'Copy it into the folder, or start wilson where it lies.',
  });
}

function tooLarge(name: string, bytes: number): WilsonError {
  const mb = (size: number): number => Math.ceil(size / (1024 * 1024));
  return new WilsonError('IMAGE_TOO_LARGE', `${name} has ${mb(bytes)} MB; at most ${mb(maxImageBytes)} MB are sent.`, {
    hint: 'Make a smaller copy of it and name that.',
  });
}

function notAnImage(name: string, why: string): WilsonError {
  return new WilsonError('NOT_AN_IMAGE', `${name} is no image: ${why}.`, { hint: 'Name another file.' });
}
