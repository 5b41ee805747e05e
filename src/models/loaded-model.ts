import { isSameModel } from '../providers/ollama-names.js';
import type { LoadedModel, ModelProvider } from '../providers/provider.js';

/** The model as its server lists it among the loaded ones; null when it does not. Rejects as the provider does. */
export async function findLoaded(
  provider: ModelProvider,
  model: string,
  signal: AbortSignal,
): Promise<LoadedModel | null> {
  return (await provider.loaded(signal)).find(({ name }) => isSameModel(name, model)) ?? null;
}
