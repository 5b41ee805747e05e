import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentModel, AgentModelRequest } from '../src/agents/agent.js';
import { addUsage, type Usage } from '../src/task/task.js';

type Answer = Awaited<ReturnType<AgentModel['complete']>>;

/**
 * A model whose answers are kept in a folder by what was asked, so that a change of the agent only pays for the questions
 * that are new. Tokens count as if they had been generated; a question without a seed gets the same answer each time.
 */
export function cachedModel(model: AgentModel, folder: string): AgentModel {
  mkdirSync(folder, { recursive: true });
  let reused: Usage = { promptTokens: 0, outputTokens: 0, loadMs: 0, generateMs: 0 };
  return {
    name: model.name,
    contextTokens: model.contextTokens,
    supportsTools: model.supportsTools,
    temperature: model.temperature,
    usage: () => addUsage(model.usage(), reused),
    async complete(request: AgentModelRequest): Promise<Answer> {
      const asked = JSON.stringify([model.name, model.temperature, request]);
      const file = path.join(folder, `${createHash('sha256').update(asked).digest('hex')}.json`);
      if (existsSync(file)) {
        const kept = JSON.parse(readFileSync(file, 'utf8')) as { answer: Answer; usage: Usage };
        reused = addUsage(reused, kept.usage);
        return kept.answer;
      }
      const before = model.usage();
      const answer = await model.complete(request);
      const after = model.usage();
      const usage: Usage = {
        promptTokens: after.promptTokens - before.promptTokens,
        outputTokens: after.outputTokens - before.outputTokens,
        loadMs: 0,
        generateMs: after.generateMs - before.generateMs,
      };
      writeFileSync(file, JSON.stringify({ answer, usage }));
      return answer;
    },
  };
}
