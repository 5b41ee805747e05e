import { lstat, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../../errors.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { failed, finished } from '../code/outcome.js';
import type { WorkspaceFiles } from '../code/workspace-files.js';
import { countSteps } from '../step-counter.js';
import { csvToJson, jsonToCsv } from './convert-table.js';
import type { FileOrder } from './file-orders.js';

const listLimit = 5_000;

/** Does what needs no model: renames and converts. Nothing is overwritten; what cannot be done is said. */
export async function fileWork(
  context: AgentContext,
  files: WorkspaceFiles,
  order: Exclude<FileOrder, { kind: 'other' }>,
): Promise<AgentResult> {
  const steps = countSteps(context, 1);
  steps.next(order.kind === 'convert' ? `converting ${order.from}` : 'renaming');
  try {
    return order.kind === 'convert'
      ? await convert(files, order.from, order.to)
      : await renameAll(files, await pairsOf(files, order));
  } catch (error) {
    if (!(error instanceof WilsonError)) throw error;
    return failed(error.code, error.message, 'Nothing was changed.', error.hint === '' ? undefined : error.hint);
  }
}

async function pairsOf(
  files: WorkspaceFiles,
  order: Extract<FileOrder, { kind: 'rename' | 'ending' }>,
): Promise<[string, string][]> {
  if (order.kind === 'rename') return [[order.from, order.to]];
  const listing = await files.list(listLimit);
  const found = listing.filter((file) => file.toLowerCase().endsWith(order.from));
  if (found.length === 0) throw new WilsonError('FILE_NOT_FOUND', `There is no file that ends with ${order.from}.`);
  return found.map((file) => [file, `${file.slice(0, -order.from.length)}${order.to}`]);
}

/** All are looked at before the first is renamed. */
async function renameAll(files: WorkspaceFiles, pairs: readonly (readonly [string, string])[]): Promise<AgentResult> {
  for (const [from, to] of pairs) {
    if (!(await isThere(await files.absolute(from))))
      throw new WilsonError('FILE_NOT_FOUND', `There is no file ${from}.`);
    if (await isThere(await files.absolute(to))) {
      throw new WilsonError('FILE_EXISTS', `${to} is there already and is not overwritten.`, {
        hint: 'Choose another name, or remove that file first.',
      });
    }
  }
  for (const [from, to] of pairs) {
    const target = await files.absolute(to);
    await mkdir(path.dirname(target), { recursive: true });
    await rename(await files.absolute(from), target);
  }
  const names = pairs.slice(0, 5).map(([from, to]) => `${from} is now ${to}`);
  const rest = pairs.length > names.length ? `, and ${pairs.length - names.length} more` : '';
  return finished(`${names.join(', ')}${rest}. What mentions the old name was not changed.`, [
    { check: 'files_changed' },
    { check: 'file_exists', paths: pairs.map(([, to]) => to).slice(0, 100) },
  ]);
}

async function convert(files: WorkspaceFiles, from: string, to: string): Promise<AgentResult> {
  const text = await files.read(from);
  if (text === null) throw new WilsonError('FILE_NOT_FOUND', `There is no file ${from}.`);
  if (await isThere(await files.absolute(to)))
    throw new WilsonError('FILE_EXISTS', `${to} is there already and is not overwritten.`);
  const table = /\.json$/i.test(to) ? csvToJson(text) : jsonToCsv(text);
  await files.write(to, 'json' in table ? table.json : table.csv);
  const note = 'json' in table ? ' All values are texts, as they stand in the table.' : '';
  return finished(`${to} has the ${table.rows} rows of ${from}, which stays as it is.${note}`, [
    { check: 'files_changed', paths: [to] },
    { check: 'file_exists', paths: [to] },
  ]);
}

async function isThere(absolute: string): Promise<boolean> {
  try {
    await lstat(absolute);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
