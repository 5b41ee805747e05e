import { lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../../errors.js';

/** Largest file that is read into memory. */
const readLimitBytes = 1024 * 1024;
const ignoredFolders = new Set(['node_modules', '__pycache__', 'dist', 'build', 'venv', 'target']);

/** The files of one workspace, by relative paths; everything else is out of reach. */
export class WorkspaceFiles {
  constructor(readonly root: string) {}

  /** Text of a file; null when there is none. Rejects with `FILE_UNREADABLE` for binary, huge or strange ones. */
  async read(file: string): Promise<string | null> {
    const target = await this.resolve(file);
    try {
      const about = await lstat(target);
      if (!about.isFile() || about.size > readLimitBytes) {
        throw new WilsonError('FILE_UNREADABLE', `${file} is not a text file of at most 1 MB.`);
      }
      const bytes = await readFile(target);
      const text = bytes.toString('utf8');
      if (bytes.includes(0) || text.includes('\uFFFD')) {
        throw new WilsonError('FILE_UNREADABLE', `${file} is not UTF-8 text.`);
      }
      return text;
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
      throw error;
    }
  }

  /** Writes a file whole or not at all, with the folders it needs. */
  async write(file: string, text: string): Promise<void> {
    const target = await this.resolve(file);
    await mkdir(path.dirname(target), { recursive: true });
    const fresh = `${target}.wilson-new`;
    try {
      await writeFile(fresh, text);
      await rename(fresh, target);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
  }

  async remove(file: string): Promise<void> {
    await rm(await this.resolve(file), { force: true });
  }

  /** Relative paths of files, folders that hold no sources left out; at most `limit`. */
  async list(limit = 500): Promise<string[]> {
    const found: string[] = [];
    const visit = async (folder: string, depth: number): Promise<void> => {
      const entries = await readdir(path.join(this.root, folder), { withFileTypes: true });
      for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
        if (found.length >= limit) return;
        const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isFile()) found.push(relative);
        else if (entry.isDirectory() && depth < 6 && !entry.name.startsWith('.') && !ignoredFolders.has(entry.name)) {
          await visit(relative, depth + 1);
        }
      }
    };
    await visit('', 0);
    return found;
  }

  /** Absolute path of a relative one, symlinks resolved; rejects with `PATH_OUTSIDE_WORKSPACE` for what leads out. */
  private async resolve(file: string): Promise<string> {
    const root = await realpath(this.root);
    const target = path.resolve(root, file);
    let existing = target;
    const missing: string[] = [];
    for (;;) {
      try {
        existing = await realpath(existing);
        break;
      } catch (error) {
        if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
        missing.unshift(path.basename(existing));
        existing = path.dirname(existing);
      }
    }
    const resolved = path.join(existing, ...missing);
    if (file.includes('\0') || !resolved.startsWith(root + path.sep)) {
      throw new WilsonError('PATH_OUTSIDE_WORKSPACE', `${file} is outside the workspace.`);
    }
    return resolved;
  }
}
