import type { ActiveTask } from '../supervisor/port.js';

/**
 * The one line about running tasks that an answer may end with. It is written by the program from what is stored, and a
 * state that was told once is not told again.
 */
export class ByTheWay {
  readonly #told = new Map<string, string>();

  /** The line, or null when nothing has changed since it was told. */
  next(active: readonly ActiveTask[]): string | null {
    this.#forgetEnded(active);
    const news = active.find(({ task }) => task.progress.fraction !== null && this.#told.get(task.id) !== state(task));
    if (news === undefined) return null;
    const { task } = news;
    this.#told.set(task.id, state(task));
    const percent = Math.round((task.progress.fraction ?? 0) * 100);
    const message = task.progress.message.replace(/\s+/g, ' ').trim();
    // During an answer they all do: that is no news.
    const doing = message === 'waits for the chat' ? '' : message;
    return `By the way, ${task.id} is ${percent}% done${doing === '' ? '' : `: ${doing}`}.`;
  }

  #forgetEnded(active: readonly ActiveTask[]): void {
    const alive = new Set(active.map(({ task }) => task.id));
    for (const id of this.#told.keys()) if (!alive.has(id)) this.#told.delete(id);
  }
}

function state(task: ActiveTask['task']): string {
  return `${task.progress.fraction ?? ''}`;
}
