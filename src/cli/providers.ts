import type { Config, PurposeConfig } from '../config/config.js';
import { WilsonError } from '../errors.js';
import type { Chosen } from '../models/model-selection.js';
import { createOllamaProvider } from '../providers/ollama.js';
import { displayUrl, parseOllamaHost } from '../providers/ollama-host.js';
import { createOpenAiProvider } from '../providers/openai.js';
import type { ModelProvider } from '../providers/provider.js';

export interface Providers {
  forPurpose(purpose: PurposeConfig): ModelProvider;
  /** The one that {@link forPurpose} gave for the purpose it was chosen for. Throws `BAD_REQUEST` for any other. */
  forChoice(choice: Pick<Chosen, 'provider' | 'server' | 'apiKeyEnv'>): ModelProvider;
  /**
   * One for a server by the address that people see, which has no password; null where that is not enough to reach it: for
   * an OpenAI-compatible server that this configuration does not name.
   */
  at(provider: Chosen['provider'], server: string): ModelProvider | null;
  close(): Promise<void>;
}

/** Each server that the configuration names, once. */
export function configuredServers(config: Config, providers: Providers): ModelProvider[] {
  const { chat, code, analysis, vision } = config.llms;
  const used = [chat, code, analysis, vision].filter((purpose) => purpose !== null);
  const onServers = used.filter(({ provider }) => provider !== 'llamacpp');
  return [...new Set(onServers.map((purpose) => providers.forPurpose(purpose)))];
}

/**
 * One provider for each server and key, made when it is first asked for. Embedded models have none here: they run
 * elsewhere.
 */
export function createProviders(env: NodeJS.ProcessEnv): Providers {
  const known: { address: string; apiKeyEnv: string | null; provider: ModelProvider }[] = [];
  const once = (address: string, apiKeyEnv: string | null, create: () => ModelProvider): ModelProvider => {
    const found = known.find((one) => one.address === address && one.apiKeyEnv === apiKeyEnv);
    if (found !== undefined) return found.provider;
    const provider = create();
    known.push({ address, apiKeyEnv, provider });
    return provider;
  };
  return {
    forPurpose: (purpose) => {
      if (purpose.provider === 'openai') {
        const { host, apiKeyEnv } = purpose;
        if (host === null) {
          throw new WilsonError('CONFIG_INVALID', 'The provider openai needs the address of its server.', {
            hint: 'Set llms.<purpose>.host in config.yaml, for example http://127.0.0.1:8080/v1.',
          });
        }
        return once(`openai ${host}`, apiKeyEnv, () => createOpenAiProvider({ baseUrl: host, apiKeyEnv, env }));
      }
      const baseUrl = parseOllamaHost(purpose.host ?? env.OLLAMA_HOST);
      return once(`ollama ${baseUrl}`, null, () => createOllamaProvider({ baseUrl }));
    },
    forChoice: ({ provider: id, server, apiKeyEnv }) => {
      const found = known.find(
        ({ provider, apiKeyEnv: key }) => provider.id === id && provider.server === server && key === apiKeyEnv,
      );
      if (found === undefined)
        throw new WilsonError('BAD_REQUEST', `No provider is known for ${id} at ${displayUrl(server)}.`);
      return found.provider;
    },
    at: (id, server) => {
      const found = known.find(({ provider }) => provider.id === id && displayUrl(provider.server) === server);
      if (found !== undefined) return found.provider;
      if (id !== 'ollama') return null;
      return once(`ollama ${server}`, null, () => createOllamaProvider({ baseUrl: server }));
    },
    close: async () => {
      await Promise.all(known.map(({ provider }) => provider.close()));
    },
  };
}
