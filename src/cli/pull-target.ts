import { catalog, findCatalogEntry } from '../catalog/catalog.js';
import { isModelPath } from '../catalog/model-cache.js';
import type { Config, PurposeConfig } from '../config/config.js';
import { valueText } from '../config/problem.js';
import { WilsonError } from '../errors.js';
import { isSameModel } from '../providers/ollama-names.js';

/** Where `models pull` has to bring a model. */
export type PullTarget =
  /** To this machine, for the engine inside Wilson. */
  | { readonly kind: 'embedded' }
  /** To an Ollama server; null is the one in `OLLAMA_HOST`, or the usual one. */
  | { readonly kind: 'ollama'; readonly host: string | null }
  /** Both could be meant: to the server if one answers there, else to this machine. */
  | { readonly kind: 'ollama-if-it-answers'; readonly host: string | null };

/** As Ollama takes them: `[host[:port]/][namespace/]model[:tag]`. */
const modelName = /^\w[\w.-]*(?::\d{1,5}(?=\/))?(?:\/\w[\w.-]*)*(?::\w[\w.-]*)?$/;
const longestName = 200;

/** The name as it was given. Throws `USAGE` for what cannot be the name of any model. Pure. */
export function checkedName(name: string): string {
  if (modelName.test(name) && name.length <= longestName) return name;
  if (isModelPath(name)) {
    throw new WilsonError('USAGE', `${valueText(name)} is a file, not a model that could be fetched.`, {
      hint: 'A GGUF file needs no pull: name its path as `model`, with provider llamacpp, in config.yaml.',
    });
  }
  const shown = name.trim() === '' ? 'An empty name' : valueText(name);
  throw new WilsonError('USAGE', `${shown} is not the name of a model.`, {
    hint: 'Names look like qwen2.5-coder:0.5b, llama3 or hf.co/user/model:Q4_K_M.',
  });
}

/**
 * A name of the catalog is for the embedded engine, unless a purpose wants that very name from an Ollama server; any other
 * goes to the server of the purpose that names it, else to the one that the configuration uses first. `forced` decides
 * for itself. Pure. Throws `MODEL_MISSING` where `embedded` is asked for a name that the catalog lacks.
 */
export function pullTarget(name: string, config: Config, forced?: 'ollama' | 'embedded'): PullTarget {
  const { chat, code, analysis, vision } = config.llms;
  const onOllama = [chat, code, analysis, vision].filter(
    (purpose): purpose is PurposeConfig => purpose?.provider === 'ollama',
  );
  const wanting = onOllama.find((purpose) => isSameModel(purpose.model, name));
  const host = (wanting ?? onOllama[0])?.host ?? null;
  if (forced === 'ollama') return { kind: 'ollama', host };
  if (findCatalogEntry(name) !== null) {
    return forced === undefined && wanting !== undefined
      ? { kind: 'ollama-if-it-answers', host }
      : { kind: 'embedded' };
  }
  if (forced === 'embedded') {
    throw new WilsonError('MODEL_MISSING', `${name} is not in the catalog of embedded models.`, {
      hint: catalogHint(),
    });
  }
  return { kind: 'ollama', host };
}

/** What the catalog has, in a sentence. */
export function catalogHint(): string {
  return `The catalog of embedded models has ${catalog.map((entry) => entry.name).join(', ')}.`;
}
