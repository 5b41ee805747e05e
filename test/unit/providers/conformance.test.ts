import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { createOpenAiProvider } from '../../../src/providers/openai.js';
import { startOllamaDouble } from '../../helpers/ollama-double.js';
import { startOpenAiDouble } from '../../helpers/openai-double.js';
import { describeProviderConformance } from '../../helpers/provider-conformance.js';

/** The URL of a port on which nothing listens any more. */
async function closedUrl(): Promise<string> {
  const double = await startOllamaDouble();
  await double.close();
  return double.url;
}

describeProviderConformance('ollama', async () => {
  const double = await startOllamaDouble();
  return {
    provider: createOllamaProvider({ baseUrl: double.url }),
    unreachable: createOllamaProvider({ baseUrl: await closedUrl() }),
    model: 'qwen2.5-coder:0.5b',
    answers: (answer, doneReason = 'stop') => double.script({ answer, doneReason }),
    cuts: () => double.script({ fault: 'cut' }),
    stalls: () => double.script({ fault: 'stall' }),
    hangs: () => double.script({ fault: 'never-answers' }),
    async chatSeen() {
      const request = await double.nextRequest('/api/chat');
      return { dropped: request.closed.then(({ byClient }) => byClient) };
    },
    close: () => double.close(),
  };
});

describeProviderConformance('openai', async () => {
  const double = await startOpenAiDouble();
  const options = { apiKeyEnv: null, env: {} };
  return {
    provider: createOpenAiProvider({ baseUrl: double.url, ...options }),
    unreachable: createOpenAiProvider({ baseUrl: await closedUrl(), ...options }),
    model: 'local',
    answers: (answer, finishReason = 'stop') => double.script({ answer, finishReason }),
    cuts: () => double.script({ answer: ['Sure'], fault: 'cut' }),
    stalls: () => double.script({ answer: ['Sure'], fault: 'stall' }),
    hangs: () => double.script({ fault: 'never-answers' }),
    async chatSeen() {
      const request = await double.nextRequest('/v1/chat/completions');
      return { dropped: request.closed.then(({ byClient }) => byClient) };
    },
    close: () => double.close(),
  };
});
