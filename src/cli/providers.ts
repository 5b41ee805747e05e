import type { PurposeConfig } from '../config/config.js';
import { WilsonError } from '../errors.js';
import { createOllamaProvider } from '../providers/ollama.js';
import { parseOllamaHost } from '../providers/ollama-host.js';
import { createOpenAiProvider } from '../providers/openai.js';
import type { ModelProvider } from '../providers/provider.js';
import type { ModelChoice } from '../supervisor/port.js';

export interface Providers {
  forPurpose(purpose: PurposeConfig): ModelProvider;
  forChoice(choice: Pick<ModelChoice, 'provider' | 'server'>): ModelProvider;
  close(): Promise<void>;
}

/** One provider for each server, made when it is first asked for. Embedded models have none here: they run elsewhere. */
export function createProviders(env: NodeJS.ProcessEnv): Providers {
  const byServer = new Map<string, ModelProvider>();
  const once = (key: string, create: () => ModelProvider): ModelProvider => {
    const known = byServer.get(key) ?? create();
    byServer.set(key, known);
    return known;
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
        return once(`openai ${host} ${apiKeyEnv ?? ''}`, () => createOpenAiProvider({ baseUrl: host, apiKeyEnv, env }));
      }
      const baseUrl = parseOllamaHost(purpose.host ?? env.OLLAMA_HOST);
      return once(`ollama ${baseUrl}`, () => createOllamaProvider({ baseUrl }));
    },
    forChoice: ({ provider, server }) => {
      const known =
        byServer.get(`${provider} ${server}`) ?? [...byServer.values()].find((one) => one.server === server);
      if (known === undefined)
        throw new WilsonError('BAD_REQUEST', `No provider is known for ${provider} at ${server}.`);
      return known;
    },
    close: async () => {
      await Promise.all([...byServer.values()].map((provider) => provider.close()));
    },
  };
}
