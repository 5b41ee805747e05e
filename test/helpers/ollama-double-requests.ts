import type { ServerResponse } from 'node:http';

export interface RecordedRequest {
  readonly method: string;
  /** Without the prefix. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Resolves when the client has closed the connection, or the answer is out. */
  readonly closed: Promise<{ byClient: boolean }>;
}

/** What was asked, for tests to read and to wait for. */
export class RequestLog {
  readonly all: RecordedRequest[] = [];
  private readonly waiting: { path: string; resolve: (request: RecordedRequest) => void }[] = [];
  private readonly unseen: RecordedRequest[] = [];

  /** The next request to that path that has not been waited for yet. */
  next(path: string): Promise<RecordedRequest> {
    const index = this.unseen.findIndex((request) => request.path === path);
    const [seen] = index === -1 ? [] : this.unseen.splice(index, 1);
    if (seen) return Promise.resolve(seen);
    return new Promise((resolve) => this.waiting.push({ path, resolve }));
  }

  add(method: string, path: string, body: Record<string, unknown>, response: ServerResponse): void {
    const closed = new Promise<{ byClient: boolean }>((resolve) => {
      response.on('close', () => resolve({ byClient: !response.writableFinished }));
    });
    const record = { method, path, body, closed };
    this.all.push(record);
    const index = this.waiting.findIndex((each) => each.path === path);
    const [waiter] = index === -1 ? [] : this.waiting.splice(index, 1);
    if (waiter) waiter.resolve(record);
    else this.unseen.push(record);
  }
}
