/** The machine whose processors a model uses: this one, or a host name; null for a service that serves everybody side by side. */
export type Place = string | null;

const thisMachine = 'this machine';
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|\[::\])$/;

/**
 * Where a model runs, as far as its address says. Two models at one place are in each other's way. An OpenAI-compatible
 * service elsewhere that wants a key is taken for one with many users, whose requests do not wait for one another.
 */
export function placeOf(model: {
  readonly provider: 'ollama' | 'llamacpp' | 'openai';
  readonly server: string | null;
  readonly apiKeyEnv: string | null;
}): Place {
  if (model.provider === 'llamacpp' || model.server === null) return thisMachine;
  const host = URL.canParse(model.server) ? new URL(model.server).hostname : model.server;
  if (loopback.test(host)) return thisMachine;
  return model.provider === 'openai' && model.apiKeyEnv !== null ? null : host;
}

/** Nothing on a service of that kind waits for anything else of ours. */
export function isHosted(place: Place): place is null {
  return place === null;
}
