import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CatalogEntry } from '../../../src/catalog/catalog.js';
import { inspectCachedFile, isModelPath, locateModel, modelCacheFolder } from '../../../src/catalog/model-cache.js';
import { rememberedHash, sidecarPath } from '../../../src/catalog/model-cache-verify.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const content = Buffer.from('GGUF and then some bytes');

function entryFor(bytes: Buffer, more: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    name: 'tiny:1',
    aliases: [],
    fileName: 'tiny.gguf',
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    license: 'MIT',
    parameterSize: '1',
    quantization: 'F32',
    sources: [],
    layers: 1,
    kvHeads: 1,
    headDimension: 1,
    vocabulary: 1_000,
    contextLength: 1,
    description: '',
    ...more,
  };
}

describe('the folder of the models', () => {
  it('is WILSON_MODELS, else the cache folder of the platform', () => {
    expect(modelCacheFolder({ WILSON_MODELS: '/m', HOME: '/h' }, 'linux')).toBe('/m');
    expect(modelCacheFolder({ HOME: '/h' }, 'linux')).toBe('/h/.cache/wilson/models');
    expect(modelCacheFolder({ HOME: '/h', XDG_CACHE_HOME: '/c' }, 'linux')).toBe('/c/wilson/models');
    expect(modelCacheFolder({ HOME: '/h', XDG_CACHE_HOME: 'relative' }, 'linux')).toBe('/h/.cache/wilson/models');
    expect(modelCacheFolder({ HOME: '/h' }, 'darwin')).toBe('/h/Library/Caches/wilson/models');
  });
});

describe('a file of the cache', () => {
  it('counts once its hash was found right, and is not hashed again', async () => {
    const folder = tempFolder();
    const path = join(folder, 'tiny.gguf');
    writeFileSync(path, content);
    const hashed: number[] = [];
    const options = { onVerify: (bytes: number) => hashed.push(bytes) };
    expect(await inspectCachedFile(entryFor(content), folder, options)).toEqual({ state: 'verified', path });
    expect(hashed).toEqual([content.length]);
    expect(await inspectCachedFile(entryFor(content), folder, options)).toEqual({ state: 'verified', path });
    expect(hashed).toHaveLength(1);
  });

  it('is hashed again once it was written to, and set aside when it is no longer the same', async () => {
    const folder = tempFolder();
    const path = join(folder, 'tiny.gguf');
    writeFileSync(path, content);
    await inspectCachedFile(entryFor(content), folder);
    const other = Buffer.from(content);
    other[9] = 0;
    writeFileSync(path, other);
    utimesSync(path, new Date(), new Date(Date.now() + 5_000));
    const file = await inspectCachedFile(entryFor(content), folder);
    expect(file).toMatchObject({ state: 'damaged', setAside: `${path}.damaged` });
    expect([existsSync(path), existsSync(sidecarPath(path))]).toEqual([false, false]);
    expect(readFileSync(`${path}.damaged`)).toEqual(other);
    expect((await inspectCachedFile(entryFor(content), folder)).state).toBe('missing');
  });

  it('that was cut is set aside without being hashed', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'tiny.gguf'), content.subarray(0, 10));
    const file = await inspectCachedFile(entryFor(content), folder, { onVerify: () => expect.unreachable() });
    expect(file).toMatchObject({ state: 'damaged', reason: `it has 10 bytes instead of ${content.length}` });
  });

  it('is unverified where nobody published a hash, until one was seen at its download', async () => {
    const folder = tempFolder();
    const path = join(folder, 'tiny.gguf');
    writeFileSync(path, content);
    const entry = entryFor(content, { sha256: null });
    expect((await inspectCachedFile(entry, folder)).state).toBe('unverified');
    const { size, mtimeMs } = statSync(path);
    writeFileSync(sidecarPath(path), JSON.stringify({ size, mtimeMs, sha256: 'a'.repeat(64) }));
    expect((await inspectCachedFile(entry, folder)).state).toBe('verified');
  });

  it('survives a sidecar that is not ours', async () => {
    const folder = tempFolder();
    const path = join(folder, 'tiny.gguf');
    writeFileSync(path, content);
    for (const text of ['', 'null', '[]', '{"size":"1"}', '{']) {
      writeFileSync(sidecarPath(path), text);
      expect(await rememberedHash(path)).toBeNull();
    }
  });
});

describe('a model by name', () => {
  it('tells a path from a name', () => {
    expect(['/m/x.gguf', './x.GGUF', '~/x.gguf'].map(isModelPath)).toEqual([true, true, true]);
    expect(['x.gguf', 'smollm2:135m', '/m/x.bin'].map(isModelPath)).toEqual([false, false, false]);
  });

  it('takes a GGUF file by its path, and refuses what is none', async () => {
    const folder = tempFolder();
    const [good, bad] = [join(folder, 'good.gguf'), join(folder, 'bad.gguf')];
    writeFileSync(good, content);
    writeFileSync(bad, '<html>');
    expect(await locateModel(good, {})).toEqual({ path: good, entry: null });
    await expect(locateModel(bad, {})).rejects.toMatchObject({ code: 'MODEL_DAMAGED' });
    await expect(locateModel(join(folder, 'no.gguf'), {})).rejects.toMatchObject({ code: 'MODEL_MISSING' });
  });

  it('is null while it is not there, and refused when nobody knows it', async () => {
    const env = { WILSON_MODELS: tempFolder() };
    expect(await locateModel('smollm2:135m', env)).toBeNull();
    await expect(locateModel('gpt-5', env)).rejects.toMatchObject({ code: 'MODEL_MISSING' });
  });
});
