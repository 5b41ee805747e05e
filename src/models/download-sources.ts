import type { CatalogEntry } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import { httpTransport } from './download-http.js';
import { pipTransport } from './download-pip.js';
import { systemPipRunner } from './download-pip-runner.js';
import type { Transport } from './download-transport.js';

const hubUrl = 'https://huggingface.co';

/**
 * The ways to fetch a model, in the order in which they are tried. `HF_ENDPOINT` names a mirror of the hub, as it does
 * for the hub's own tools; the hash that decides is never the mirror's where the catalog has one.
 */
export function transportsFor(entry: CatalogEntry, env: NodeJS.ProcessEnv, clock: Clock): Transport[] {
  return entry.sources.map((source) => {
    if (source.kind === 'pip') return pipTransport(source.parts, systemPipRunner(env), clock);
    const base = (env.HF_ENDPOINT || hubUrl).replace(/\/+$/, '');
    return httpTransport({
      url: `${base}/${source.repo}/resolve/main/${source.file}`,
      label: base === hubUrl ? 'Hugging Face' : new URL(base).host,
    });
  });
}
