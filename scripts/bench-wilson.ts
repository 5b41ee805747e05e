import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ActiveTask, CancelOutcome, Notice, TaskRequest } from '../src/supervisor/port.js';
import type { Task, Usage } from '../src/task/task.js';

/** A chat turn as it was felt. `firstMs` is NaN where the answer was empty, and the limit where none came in time. */
export interface Turn {
  readonly firstMs: number;
  readonly wholeMs: number;
  readonly pieces: number;
}

/** Process ids by what they are. */
export type Parts = Readonly<Record<'parent' | 'chat engine' | 'all', readonly number[]>>;

/** What can be asked of the parent's process, and what it answers. */
export interface ToWilson {
  /** A turn that takes longer than `limitMs` is given up. */
  readonly turn: { order: { question: string; maxTokens: number; limitMs: number }; answer: Turn };
  readonly submit: { order: Omit<TaskRequest, 'folder'>; answer: string };
  readonly cancel: { order: { taskId: string }; answer: CancelOutcome['result'] };
  readonly task: {
    order: { taskId: string };
    answer: { status: Task['status']; usage: Usage; error: string | null } | null;
  };
  readonly parts: { order: null; answer: Parts };
  readonly heap: {
    order: { collect: boolean; snapshot: string | null };
    answer: Pick<NodeJS.MemoryUsage, 'heapUsed' | 'heapTotal' | 'external' | 'arrayBuffers'>;
  };
  readonly close: { order: null; answer: null };
}

export interface SeenTask {
  readonly id: string;
  readonly pid: number | null;
  readonly phase: ActiveTask['phase'];
  readonly message: string;
}

export type FromWilson =
  | { readonly type: 'ready'; readonly model: string }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'notice'; readonly kind: Notice['kind']; readonly taskId: string | null; readonly text: string }
  | { readonly type: 'active'; readonly tasks: readonly SeenTask[]; readonly atMs: number };

export interface WilsonOptions {
  /** Where the built program is. */
  readonly dist: string;
  /** A folder that is emptied by whoever made it: state, project and configuration go into it. */
  readonly home: string;
  /** The content of `config.yaml`. */
  readonly config: string;
  readonly env?: Readonly<Record<string, string>>;
}

const mainSource = fileURLToPath(new URL('bench-wilson-main.ts', import.meta.url));
const overKinds: readonly Notice['kind'][] = ['done', 'failed', 'cancelled'];

/** The folder of the built program: `given`, else the repository's own `dist`. Throws where nothing is built. */
export function builtProgram(given: string | undefined): string {
  const dist = given === undefined ? fileURLToPath(new URL('../dist', import.meta.url)) : resolve(given);
  if (!existsSync(join(dist, 'src/cli/parent.js'))) throw new Error('Build first: npm run build');
  return dist;
}

/** The flags of Node that the first line of the program asks for. */
function nodeFlags(dist: string): string[] {
  const first = readFileSync(join(dist, 'src/main.js'), 'utf8').split('\n', 1)[0] ?? '';
  return first.match(/ --\S+/g)?.map((flag) => flag.trim()) ?? [];
}

/** A Wilson with a chat in a process of its own, with a clean environment and a state folder of its own. */
export class Wilson {
  private readonly answers = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private readonly watchers = new Set<() => void>();
  private active: readonly SeenTask[] = [];
  private activeAtMs = 0;
  private readonly overTasks = new Set<string>();
  /** What was said besides the ends of tasks: fallbacks, warnings. */
  readonly remarks: string[] = [];
  private lastId = 0;
  private model: string | null = null;
  private failure: Error | null = null;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: FromWilson) => this.receive(message));
    child.once('exit', (code, signal) => this.gone(new Error(`The parent ended by itself (${signal ?? code}).`)));
  }

  /** Starts it and resolves when its chat model is loaded. Rejects with what is in the way; nothing is left running then. */
  static async start(options: WilsonOptions): Promise<Wilson> {
    const folder = join(options.home, 'project');
    const config = join(options.home, 'config.yaml');
    mkdirSync(folder, { recursive: true });
    writeFileSync(config, options.config);
    const entry = join(options.home, 'wilson.mjs');
    await build({ entryPoints: [mainSource], outfile: entry, format: 'esm', target: 'node20', logLevel: 'warning' });
    const { PATH, HOME, XDG_CACHE_HOME } = process.env;
    const child = fork(entry, [options.dist, folder, config], {
      execArgv: [...nodeFlags(options.dist), '--expose-gc'],
      env: {
        PATH,
        HOME,
        ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }),
        WILSON_HOME: join(options.home, 'state'),
        ...options.env,
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const wilson = new Wilson(child);
    try {
      await wilson.until(() => wilson.model !== null);
    } catch (error) {
      await wilson.close();
      throw error;
    }
    return wilson;
  }

  get chatModel(): string {
    return this.model ?? '';
  }

  ask<Name extends keyof ToWilson>(name: Name, order: ToWilson[Name]['order']): Promise<ToWilson[Name]['answer']> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.answers.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.child.send({ id, name, order });
    });
  }

  /** Resolves with the task as it is when `seen` first holds for it, and when that was (ms since boot); null when it is over before. */
  async sees(
    taskId: string,
    seen: (task: SeenTask) => boolean,
  ): Promise<{ readonly task: SeenTask; readonly atMs: number } | null> {
    let found: { task: SeenTask; atMs: number } | null = null;
    await this.until(() => {
      const task = this.active.find((one) => one.id === taskId);
      if (task !== undefined && seen(task)) found = { task, atMs: this.activeAtMs };
      return found !== null || this.overTasks.has(taskId);
    });
    return found;
  }

  /** Resolves when the task has ended and its worker is gone. */
  async over(taskId: string): Promise<void> {
    await this.until(() => this.overTasks.has(taskId) && !this.active.some(({ id }) => id === taskId));
  }

  isActive(taskId: string): boolean {
    return this.active.some(({ id, phase }) => id === taskId && phase === 'working');
  }

  /** Closes the parent as the program does at its end, and resolves when its process is gone. */
  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    if (this.failure === null && this.model !== null) await this.ask('close', null).catch(() => undefined);
    // Without its channel it closes what is still open, and ends.
    if (this.child.connected) this.child.disconnect();
    await exited;
  }

  private until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.failure === null && !condition()) return;
        this.watchers.delete(look);
        if (this.failure === null) resolve();
        else reject(this.failure);
      };
      this.watchers.add(look);
      look();
    });
  }

  private receive(message: FromWilson): void {
    if (message.type === 'answer') {
      this.answers.get(message.id)?.resolve(message.value);
      this.answers.delete(message.id);
    } else if (message.type === 'failed') {
      const error = new Error(message.message);
      if (message.id === 0) this.gone(error);
      this.answers.get(message.id)?.reject(error);
      this.answers.delete(message.id);
    } else if (message.type === 'notice') {
      if (message.taskId !== null && overKinds.includes(message.kind)) this.overTasks.add(message.taskId);
      if (['failed', 'fallback', 'warning'].includes(message.kind)) this.remarks.push(message.text);
    } else if (message.type === 'active') {
      this.active = message.tasks;
      this.activeAtMs = message.atMs;
    } else {
      this.model = message.model;
    }
    for (const look of this.watchers) look();
  }

  private gone(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.answers.values()) reject(error);
    this.answers.clear();
    for (const look of this.watchers) look();
  }
}
