import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { type Connection, databaseFileName, type OpenOptions, openDatabase, storeError } from './database.js';
import { EndStore } from './end-store.js';
import { EventStore } from './event-store.js';
import { FamilyStore } from './family-store.js';
import { MessageStore } from './message-store.js';
import { ModelStore } from './model-store.js';
import { SessionStore } from './session-store.js';
import { TaskStore } from './task-store.js';
import { WorkerStore } from './worker-store.js';

/**
 * The database of a state folder, synchronous. Short-lived commands use it as it is; a parent reaches it through
 * {@link ./store-thread.ts}, so that no lock and no disk ever stops the chat.
 */
export class Store {
  readonly tasks: TaskStore;
  readonly workers: WorkerStore;
  readonly sessions: SessionStore;
  readonly events: EventStore;
  readonly messages: MessageStore;
  readonly models: ModelStore;
  readonly families: FamilyStore;
  readonly ends: EndStore;

  private constructor(
    readonly file: string,
    private readonly connection: Connection,
    clock: Clock,
  ) {
    this.tasks = new TaskStore(connection, clock);
    this.workers = new WorkerStore(connection, clock);
    this.sessions = new SessionStore(connection, clock);
    this.events = new EventStore(connection, clock);
    this.messages = new MessageStore(connection, clock);
    this.models = new ModelStore(connection, clock);
    this.families = new FamilyStore(connection, clock);
    this.ends = new EndStore(connection);
  }

  /** Opens or creates the database; throws as {@link openDatabase}. */
  static open(stateFolder: string, clock: Clock, options: OpenOptions = {}): Store {
    const connection = openDatabase(stateFolder, options);
    if (connection === null) throw new Error('openDatabase returned nothing without mustExist');
    return new Store(join(stateFolder, databaseFileName), connection, clock);
  }

  /** Opens an existing database; null where there is none yet. */
  static openExisting(stateFolder: string, clock: Clock, busyTimeoutMs?: number): Store | null {
    const wait = busyTimeoutMs === undefined ? {} : { busyTimeoutMs };
    const connection = openDatabase(stateFolder, { mustExist: true, ...wait });
    return connection === null ? null : new Store(join(stateFolder, databaseFileName), connection, clock);
  }

  /** Changes whenever another connection has committed; for cheap polling. */
  dataVersion(): number {
    return Number(this.connection.pragma('data_version', { simple: true }));
  }

  /** Reads the whole file for damage: for the start after a crash. Throws `STORE_DAMAGED`. */
  check(): void {
    const answer: unknown = this.connection.pragma('quick_check(1)', { simple: true });
    if (answer !== 'ok') {
      throw storeError(Object.assign(new Error(String(answer)), { code: 'SQLITE_CORRUPT' }), this.file);
    }
  }

  close(): void {
    this.connection.close();
  }
}
