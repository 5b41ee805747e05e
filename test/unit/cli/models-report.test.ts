import { afterEach, describe, expect, it } from 'vitest';
import type { ModelsJson, PurposeJson } from '../../../src/cli/json-shapes.js';
import { modelsReport } from '../../../src/cli/models-report.js';
import { parseConfig } from '../../../src/config/parse.js';
import type { Purpose } from '../../../src/task/task.js';
import { type OllamaDouble, type OllamaDoubleOptions, startOllamaDouble } from '../../helpers/ollama-double.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const opened: OllamaDouble[] = [];
afterEach(async () => {
  for (const double of opened.splice(0)) await double.close();
});

async function serverWith(options: OllamaDoubleOptions = {}): Promise<OllamaDouble> {
  const double = await startOllamaDouble(options);
  opened.push(double);
  return double;
}

async function report(llms: string, resources = '{}'): Promise<{ models: ModelsJson; stderr: string }> {
  const folder = tempFolder();
  let stderr = '';
  const models = await modelsReport(parseConfig(`{llms: {${llms}}, resources: ${resources}}`, '/c.yaml'), {
    stdout: { write: () => true },
    stderr: { write: (text) => (stderr += text) },
    env: { WILSON_HOME: `${folder}/state`, WILSON_MODELS: `${folder}/models` },
    cwd: folder,
  });
  return { models, stderr };
}

function row(models: ModelsJson, purpose: Purpose): PurposeJson {
  const found = models.purposes.find((each) => each.purpose === purpose);
  if (found === undefined) throw new Error(`no row for ${purpose}`);
  return found;
}

const chatOn = (url: string) => `chat: {provider: ollama, model: "smollm2:135m", host: "${url}", num_ctx: 2048}`;

describe('what a purpose would use', () => {
  it('has all keys, and the estimate of a model that is not loaded, with the context of the configuration', async () => {
    const double = await serverWith();
    const { models } = await report(chatOn(double.url));
    const chat = row(models, 'chat');
    expect(Object.keys(chat).sort()).toEqual(
      ['purpose provider model server usedFallback fallbackReason reason', 'memoryMb memoryBasis loaded contextTokens']
        .join(' ')
        .split(' ')
        .sort(),
    );
    expect(chat).toMatchObject({
      provider: 'ollama',
      model: 'smollm2:135m',
      server: double.url,
      reason: 'configured in /c.yaml',
      memoryBasis: 'metadata',
      loaded: false,
      contextTokens: 2_048,
    });
    // 94 MB of weights, 45 MB of context for 2,048 tokens, 32 MB of buffers.
    expect(chat.memoryMb).toBeGreaterThan(140);
    expect(chat.memoryMb).toBeLessThan(220);
  });

  it('that is loaded is what the server says', async () => {
    const double = await serverWith();
    double.loadBehindOurBack('smollm2:135m');
    const { models } = await report(chatOn(double.url));
    expect(row(models, 'chat')).toMatchObject({ loaded: true, memoryBasis: 'measured' });
    expect(models.models.find(({ name }) => name === 'smollm2:135m')).toMatchObject({
      provider: 'ollama',
      loaded: true,
      memoryMb: row(models, 'chat').memoryMb,
      fits: true,
    });
  });

  it('is taken from the size of the file where the server says no more', async () => {
    const double = await serverWith();
    double.script({ when: { path: '/api/show' }, fault: 'bad-option', times: 0 });
    const { models } = await report(chatOn(double.url));
    expect(row(models, 'chat').memoryBasis).toBe('file-size');
    expect(row(models, 'chat').memoryMb).toBeGreaterThan(94);
  });

  it('does not fit when it is larger than max_memory_mb', async () => {
    const double = await serverWith({ machine: { sizesMb: { 'smollm2:135m': 9_000 } } });
    const { models } = await report(chatOn(double.url), '{max_memory_mb: 8192}');
    const listed = models.models.find(({ name, provider }) => name === 'smollm2:135m' && provider === 'ollama');
    expect(listed).toMatchObject({ fits: false, present: true });
    expect(models.maxMemoryMb).toBe(8_192);
  });

  it('is told with the command that mends it where it is a fallback', async () => {
    const double = await serverWith();
    const { models } = await report(
      `${chatOn(double.url)}, code: {provider: ollama, model: "mixtral:8x7b", host: "${double.url}"}`,
    );
    const code = row(models, 'code');
    expect(code).toMatchObject({ model: 'smollm2:135m', usedFallback: true });
    expect(code.reason).toContain('ollama pull mixtral:8x7b');
    expect(code.fallbackReason).toBe(code.reason);
  });

  it('is nothing, with the reason, where a fallback is forbidden', async () => {
    const double = await serverWith();
    const { models } = await report(
      `fallback: forbid, ${chatOn(double.url)}, code: {provider: ollama, model: "mixtral:8x7b", host: "${double.url}"}`,
    );
    expect(row(models, 'code')).toMatchObject({ model: 'mixtral:8x7b', usedFallback: false, memoryMb: null });
    expect(row(models, 'code').reason).toContain('ollama pull mixtral:8x7b');
  });

  it('has no vision model unless one is configured', async () => {
    const double = await serverWith({ capabilities: ['completion', 'vision'] });
    const without = await report(chatOn(double.url));
    expect(row(without.models, 'vision')).toMatchObject({
      provider: null,
      model: null,
      reason: 'none configured: set llms.vision in config.yaml',
    });
    const vision = `vision: {provider: ollama, model: "qwen2.5-coder:0.5b", host: "${double.url}"}`;
    const withVision = await report(`${chatOn(double.url)}, ${vision}`);
    expect(row(withVision.models, 'vision')).toMatchObject({ model: 'qwen2.5-coder:0.5b', loaded: false });
  });

  it('of the engine inside is estimated, and not loaded while nobody holds it', async () => {
    const { models } = await report('chat: {provider: llamacpp, model: "smollm2:135m", num_ctx: 2048}');
    expect(row(models, 'chat')).toMatchObject({ server: 'embedded', loaded: false, contextTokens: 2_048 });
    expect(row(models, 'chat').memoryMb).toBeGreaterThan(94);
    expect(models.models.find(({ name }) => name === 'smollm2:135m')).toMatchObject({ present: false, loaded: false });
  });
});

describe('a server', () => {
  it.each(['/api/tags', '/api/version', '/api/show', '/api/ps'])(
    'that never answers %s holds nobody up for longer than 3 s',
    async (path) => {
      const double = await serverWith();
      double.script({ when: { path }, fault: 'never-answers', times: 0 });
      const startedMs = performance.now();
      const { models } = await report(chatOn(double.url));
      expect(performance.now() - startedMs).toBeLessThan(3_500);
      expect(row(models, 'chat').reason).not.toBe('');
    },
  );

  it('that hangs does not hide what another one has', async () => {
    const [healthy, hung] = [await serverWith(), await serverWith()];
    hung.script(
      ...['/api/tags', '/api/version', '/api/ps'].map(
        (path) => ({ when: { path }, fault: 'never-answers', times: 0 }) as const,
      ),
    );
    const { models } = await report(
      `${chatOn(healthy.url)}, code: {provider: ollama, model: "qwen2.5-coder:0.5b", host: "${hung.url}"}`,
    );
    expect(row(models, 'chat')).toMatchObject({ usedFallback: false, memoryBasis: 'metadata' });
    expect(row(models, 'code')).toMatchObject({ model: 'smollm2:135m', usedFallback: true });
    expect(models.models.filter(({ server }) => server === healthy.url).length).toBeGreaterThan(0);
  });

  it('with many models is asked for each, a few at a time', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `model-${index}:latest`);
    const double = await serverWith({ models: names });
    const { models } = await report(chatOn(double.url));
    const listed = models.models.filter(({ provider }) => provider === 'ollama');
    expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(listed.every(({ memoryMb }) => memoryMb !== null && memoryMb > 0)).toBe(true);
  });
});
