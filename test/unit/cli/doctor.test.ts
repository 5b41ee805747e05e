import { describe, expect, it } from 'vitest';
import { type DoctorProbes, doctorCommand, runDoctor } from '../../../src/cli/doctor.js';
import type { PurposeJson } from '../../../src/cli/json-shapes.js';
import { parseConfig } from '../../../src/config/parse.js';
import { WilsonError } from '../../../src/errors.js';

const config = parseConfig('workers:', '/c.yaml');

const chat: PurposeJson = {
  purpose: 'chat',
  provider: 'ollama',
  model: 'llama3:latest',
  server: 'http://127.0.0.1:11434',
  usedFallback: false,
  fallbackReason: null,
  reason: 'configured in /c.yaml',
  memoryMb: 5_400,
  memoryBasis: 'metadata',
  loaded: false,
  contextTokens: 8_192,
};

function probes(own: Partial<DoctorProbes> = {}): DoctorProbes {
  return {
    config: () => Promise.resolve(config),
    servers: () =>
      Promise.resolve([{ server: 'http://127.0.0.1:11434', kind: 'Ollama', version: '0.33.0', error: null }]),
    models: () => Promise.resolve({ purposes: [chat], models: [], maxMemoryMb: 16_384 }),
    embeddedModel: () =>
      Promise.resolve({ name: 'qwen2.5-coder:0.5b', present: true, path: '/m.gguf', sizeBytes: 491_400_064 }),
    memory: () => Promise.resolve({ totalMb: 32_000, availableMb: 20_000 }),
    sandbox: () => Promise.resolve({ kind: 'sandbox-runtime', missing: [] }),
    database: () => Promise.resolve({ path: '/s/wilson.db', tasks: 3, damage: '' }),
    leftovers: () => Promise.resolve({ processes: [], workspaces: [] }),
    modelProcesses: () => Promise.resolve([]),
    ...own,
  };
}

async function command(own: Partial<DoctorProbes>, json: boolean): Promise<{ code: number; out: string }> {
  let out = '';
  const io = { stdout: { write: (text: string) => (out += text) }, stderr: { write: () => true }, env: {}, cwd: '/' };
  const view = { columns: Number.POSITIVE_INFINITY, colors: false };
  const code = await doctorCommand({ json, view }, io, probes(own));
  return { code, out };
}

describe('wilson doctor', () => {
  it('has something to say about everything, and ends with 0 when it is well', async () => {
    const { code, out } = await command({}, false);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        '✓ Configuration: /c.yaml',
        '✓ Ollama 0.33.0 answers at http://127.0.0.1:11434.',
        '✓ chat: llama3:latest (ollama), about 5.3 GB of memory.',
        '✓ Embedded model qwen2.5-coder:0.5b: /m.gguf (469 MB).',
        '✓ Memory: 19.5 GB of 31.3 GB available, Wilson may take 16.0 GB.',
        '✓ Commands of agents are isolated (sandbox-runtime): no network, only the workspace is writable.',
        '✓ Database: /s/wilson.db, 3 tasks.',
        '✓ No process and no workspace is left over.',
        '✓ No model process of an Ollama that is gone is left over.',
        '',
        'All is well.',
        '',
      ].join('\n'),
    );
  });

  it('gives the shape of the design as JSON, and 1 on an error', async () => {
    const { code, out } = await command(
      { database: () => Promise.resolve({ path: '/s/wilson.db', tasks: 0, damage: 'page 3' }) },
      true,
    );
    expect(code).toBe(1);
    const { findings } = JSON.parse(out);
    for (const finding of findings) expect(Object.keys(finding)).toEqual(['level', 'what', 'remedy']);
    expect(findings).toContainEqual({
      level: 'error',
      what: 'The database /s/wilson.db is damaged: page 3',
      remedy: 'Move it away; Wilson then starts with an empty one: mv /s/wilson.db /s/wilson.db.damaged',
    });
  });

  it('ends with 0 when there are only warnings, each with a remedy', async () => {
    const reason = 'Ollama has no such model; fetch it with: ollama pull llama3:latest';
    const error = { code: 'SERVER_UNREACHABLE', message: 'nothing listens there.', hint: 'Start it: ollama serve' };
    const findings = await runDoctor(
      probes({
        servers: () => Promise.resolve([{ server: 'http://x', kind: 'Ollama', version: null, error }]),
        models: () => {
          const code: PurposeJson = {
            ...chat,
            purpose: 'code',
            provider: 'llamacpp',
            model: 'm',
            server: 'embedded',
            usedFallback: true,
            fallbackReason: reason,
            reason,
            memoryMb: null,
            memoryBasis: null,
          };
          return Promise.resolve({ purposes: [code], models: [], maxMemoryMb: 16_384 });
        },
        embeddedModel: () => Promise.resolve({ name: 'e', present: false, path: '/e', sizeBytes: null }),
        memory: () => Promise.resolve({ totalMb: 8_000, availableMb: 4_000 }),
        sandbox: () => Promise.resolve({ kind: 'none', missing: ['bubblewrap', 'socat'] }),
        leftovers: () => Promise.resolve({ processes: [], workspaces: ['/s/w/TASK-001'] }),
      }),
    );
    const warnings = findings.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ remedy }) => remedy)).toEqual([
      'Start it: ollama serve',
      reason,
      'It is fetched at its first use; now: wilson models pull e',
      expect.stringContaining('set it to at most 8000'),
      'Install bubblewrap, socat for it.',
      expect.stringContaining('wilson discard'),
    ]);
    expect(findings.some(({ level }) => level === 'error')).toBe(false);
  });

  it('goes on when the configuration is invalid', async () => {
    const invalid = new WilsonError('CONFIG_INVALID', '/c.yaml:1:1 bad', { hint: 'Mend it.' });
    const findings = await runDoctor(probes({ config: () => Promise.reject(invalid) }));
    expect(findings[0]).toEqual({
      level: 'error',
      what: 'The configuration: /c.yaml:1:1 bad',
      remedy: 'Mend it.',
    });
    // Only what needs no configuration is looked at.
    expect(findings.map(({ what }) => what.split(/[ :]/)[0])).toEqual(['The', 'Commands', 'Database', 'No', 'No']);
  });

  it('turns what a probe throws or never answers into a finding of its own', async () => {
    const findings = await runDoctor(
      probes({
        memory: () => Promise.reject(new Error('no /proc here')),
        sandbox: () => new Promise(() => undefined),
        leftovers: () => Promise.resolve({ processes: [7, 8], workspaces: [] }),
      }),
      30,
    );
    expect(findings.filter(({ level }) => level === 'error').map(({ what }) => what)).toEqual([
      'The memory: no /proc here',
      'The sandbox: no answer within 0.03 s.',
      '2 workers without a wilson: process 7, 8.',
    ]);
    // The models are told all the same, without what depends on the machine's memory.
    expect(findings).toHaveLength(9);
  });
});
