import { lookup } from 'node:dns/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Finding, ModelsJson, TaskJson } from '../../src/cli/json-shapes.js';
import { type OllamaDouble, type OllamaDoubleOptions, startOllamaDouble } from '../helpers/ollama-double.js';
import { type Machine, startMachine } from '../helpers/wilson-cli.js';

/** A configuration that leaves the address to `OLLAMA_HOST`. */
const config = `llms:
  chat: { provider: ollama, model: "smollm2:135m", num_ctx: 2048 }
  analysis: { provider: ollama, model: "smollm2:135m", num_ctx: 2048 }
`;

async function serverWith(options: OllamaDoubleOptions = {}): Promise<OllamaDouble> {
  const double = await startOllamaDouble(options);
  onTestFinished(() => double.close());
  return double;
}

function portOf(double: OllamaDouble): string {
  return new URL(double.url).port;
}

async function chatRow(machine: Machine, host: string): Promise<ModelsJson['purposes'][number] | undefined> {
  const { stdout } = await machine.run(['models', '--json'], { env: { OLLAMA_HOST: host } });
  return (JSON.parse(stdout) as ModelsJson).purposes[0];
}

async function findings(machine: Machine, host: string): Promise<Finding[]> {
  const { stdout } = await machine.run(['doctor', '--json'], { env: { OLLAMA_HOST: host } });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

describe('OLLAMA_HOST', () => {
  it.each([
    ['host:port', (port: string) => `127.0.0.1:${port}`],
    ['a name', (port: string) => `localhost:${port}`],
    [':port', (port: string) => `:${port}`],
    ['a scheme', (port: string) => `http://127.0.0.1:${port}`],
    ['a slash at its end', (port: string) => `http://127.0.0.1:${port}/`],
    ['where the server listens', (port: string) => `0.0.0.0:${port}`],
    ['quotes', (port: string) => `"127.0.0.1:${port}"`],
    ['single quotes and spaces', (port: string) => ` '127.0.0.1:${port}' `],
  ])('with %s reaches the server', async (_form, hostOf) => {
    const machine = await startMachine({ config });
    const host = hostOf(portOf(machine.double));
    expect(await chatRow(machine, host)).toMatchObject({ model: 'smollm2:135m', usedFallback: false, loaded: false });
  });

  it.each(['/ollama', '/a/b/'])(
    'with the path %s before the API reaches the server, and nothing beside it',
    async (path) => {
      const machine = await startMachine({ config });
      const double = await serverWith({ pathPrefix: path });
      const host = `127.0.0.1:${portOf(double)}${path}`;
      expect(await chatRow(machine, host)).toMatchObject({ usedFallback: false, server: double.url });
      expect((await findings(machine, host))[1]?.what).toMatch(/^Ollama .* answers at http:\/\/127\.0\.0\.1:\d+\//);
      const beside = await chatRow(machine, `127.0.0.1:${portOf(double)}`);
      expect(beside).toMatchObject({ usedFallback: true, reason: expect.stringContaining('is not an Ollama server') });
    },
  );

  it('may be an address that only IPv6 has', async (context) => {
    if (!(await hasIpv6())) return context.skip();
    const machine = await startMachine({ config });
    const double = await serverWith({ host: '::1' });
    const byName = (await lookup('localhost', { all: true })).some(({ address }) => address === '::1');
    const names = ['[::1]', ...(byName ? ['localhost'] : [])];
    for (const host of [...names.map((name) => `${name}:${portOf(double)}`), `http://[::1]:${portOf(double)}/`]) {
      expect([host, await chatRow(machine, host)]).toEqual([host, expect.objectContaining({ usedFallback: false })]);
    }
  });

  it.each(['127.0.0.1:99999', 'ftp://127.0.0.1', 'a b', 'http://'])(
    'that is no address (%s) is named with the remedy, and nothing is guessed',
    async (host) => {
      const machine = await startMachine({ config });
      const { code, stderr } = await machine.run(['models'], { env: { OLLAMA_HOST: host } });
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/is not an address of an Ollama server[\s\S]*OLLAMA_HOST/),
      ]);
      const doctor = await findings(machine, host);
      expect(doctor.some(({ level, what }) => level === 'error' && what.includes('is not an address'))).toBe(true);
    },
  );
});

describe('something else on the port', () => {
  it.each(['html', 'json', 'garbage'] as const)(
    '(%s) is said not to be Ollama, by models and doctor',
    async (notOllama) => {
      const machine = await startMachine({ config });
      const double = await serverWith({ notOllama });
      expect(await chatRow(machine, double.url)).toMatchObject({
        usedFallback: true,
        reason: expect.stringContaining('is not an Ollama server'),
      });
      const [server] = (await findings(machine, double.url)).filter(({ what }) => what.startsWith('Ollama at'));
      expect(server).toMatchObject({ level: 'warn', remedy: expect.stringContaining('OLLAMA_HOST') });
    },
  );

  it('that redirects is not followed to another machine', async () => {
    const machine = await startMachine({ config });
    const elsewhere = await serverWith();
    const server = createServer((_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/api/tags` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await chatRow(machine, host)).toMatchObject({ usedFallback: true });
    expect(elsewhere.requests).toEqual([]);
  });

  it('is told by a pull too', async () => {
    const machine = await startMachine({ config });
    const double = await serverWith({ notOllama: 'json' });
    const { code, stderr } = await machine.run(['models', 'pull', 'mistral'], { env: { OLLAMA_HOST: double.url } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('is not an Ollama server')]);
  });
});

describe('wilson run with OLLAMA_HOST', () => {
  it.for([
    ['quotes and a path', { pathPrefix: '/ollama' }],
    ['IPv6 alone', { host: '::1' }],
  ] as const)('in the form of %s does its task on that server', async ([, options], context) => {
    if ('host' in options && !(await hasIpv6())) return context.skip();
    const machine = await startMachine({ config });
    const double = await serverWith({ ...options, steps: [{ answer: 'Tabs are wider than spaces.', times: 0 }] });
    const { stdout } = await machine.run(['run', 'Why are tabs wider than spaces?', '--type', 'general', '--json'], {
      env: { OLLAMA_HOST: `'${double.url}/'` },
    });
    const task = JSON.parse(stdout) as TaskJson;
    expect(task).toMatchObject({ provider: 'ollama', modelUsed: 'smollm2:135m', usedFallback: false });
    expect(double.counts('smollm2:135m').loads).toBeGreaterThan(0);
    expect(double.isLoaded('smollm2:135m')).toBe(false);
    expect(machine.double.requests).toEqual([]);
  });
});

/** Whether this machine has the IPv6 loopback. */
async function hasIpv6(): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '::1', resolve));
    const { port } = server.address() as AddressInfo;
    return await new Promise<boolean>((resolve) => {
      const socket = connect(port, '::1', () => resolve(true)).once('error', () => resolve(false));
      socket.unref();
      socket.once('connect', () => socket.end());
    });
  } catch {
    // The address cannot be listened on: there is no IPv6.
    return false;
  } finally {
    server.close();
  }
}
