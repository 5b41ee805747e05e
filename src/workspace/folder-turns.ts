/** Lets one action of this process at a time have a folder, in the order in which they came. */
export class FolderTurns {
  private readonly last = new Map<string, Promise<void>>();

  /** Runs `action` when those before it on the same folder are over, whatever became of them. */
  async take<T>(folder: string, action: () => Promise<T>): Promise<T> {
    const before = this.last.get(folder) ?? Promise.resolve();
    const result = before.then(action);
    const over = result.then(
      () => undefined,
      () => undefined,
    );
    this.last.set(folder, over);
    try {
      return await result;
    } finally {
      if (this.last.get(folder) === over) this.last.delete(folder);
    }
  }
}
