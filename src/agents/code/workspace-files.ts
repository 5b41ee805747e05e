import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { WilsonError } from '../../errors.js';
import { readText, writeText } from '../../tools/file-tools.js';
import { resolveInside } from '../../tools/jail.js';

const ignoredFolders = new Set(['node_modules', '__pycache__', 'dist', 'build', 'venv', 'target']);
const depthLimit = 6;

/** The text files of one workspace, by relative paths; all else is out of reach, as {@link resolveInside} says. */
export class WorkspaceFiles {
  /** Paths that were written through this object. */
  readonly written = new Set<string>();

  constructor(readonly root: string) {}

  /** Text of a file; null when there is none. Rejects for one that is binary, too big or outside. */
  async read(file: string): Promise<string | null> {
    try {
      return await readText(this.root, file);
    } catch (error) {
      if (error instanceof WilsonError && error.code === 'FILE_NOT_FOUND') return null;
      throw error;
    }
  }

  /** Writes a file whole or not at all, with the folders it needs. */
  async write(file: string, text: string): Promise<void> {
    await writeText(this.root, file, text);
    this.written.add(path.posix.normalize(file));
  }

  /** Removes a file or folder, if it is there. */
  async remove(file: string): Promise<void> {
    await rm(await resolveInside(this.root, file), { force: true, recursive: true });
  }

  /** Absolute path of a relative one. */
  async absolute(file: string): Promise<string> {
    return resolveInside(this.root, file);
  }

  /** Relative paths of at most `limit` files; folders that hold no sources are left out. */
  async list(limit = 500): Promise<string[]> {
    const found: string[] = [];
    const visit = async (folder: string, depth: number): Promise<void> => {
      const entries = await readdir(path.join(this.root, folder), { withFileTypes: true });
      for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
        if (found.length >= limit) return;
        const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
        const enter = depth < depthLimit && !entry.name.startsWith('.') && !ignoredFolders.has(entry.name);
        if (entry.isFile()) found.push(relative);
        else if (entry.isDirectory() && enter) await visit(relative, depth + 1);
      }
    };
    await visit('', 0);
    return found;
  }
}
