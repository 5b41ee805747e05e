import type { Clock } from '../clock.js';
import type { Connection } from './database.js';

export interface StoredMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** `program`: Wilson itself dealt with the turn, and the model has not seen it. */
  readonly by: 'model' | 'program';
}

/** The conversation of a folder, so that a new chat goes on where the last one ended. */
export class MessageStore {
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {}

  append(message: StoredMessage & { folder: string; sessionId: string | null }): void {
    this.connection
      .prepare('INSERT INTO messages (session_id, folder, role, content, made_by, at) VALUES (?, ?, ?, ?, ?, ?)')
      .run(
        message.sessionId,
        message.folder,
        message.role,
        message.content,
        message.by,
        new Date(this.clock.now()).toISOString(),
      );
  }

  /** The newest `limit` messages of a folder, oldest first. */
  last(folder: string, limit: number): StoredMessage[] {
    return this.connection
      .prepare<[string, number], StoredMessage>(
        'SELECT role, content, made_by AS "by" FROM messages WHERE folder = ? ORDER BY id DESC LIMIT ?',
      )
      .all(folder, limit)
      .reverse();
  }
}
