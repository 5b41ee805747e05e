import { ollamaCommand, startHint } from '../providers/ollama-errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import { isSameModel } from '../providers/ollama-names.js';
import type { ProviderId } from '../task/task.js';
import type { ProbeResult } from './server-probe.js';

export interface WantedModel {
  readonly provider: ProviderId;
  readonly server: string;
  readonly model: string;
  /** The address came from `OLLAMA_HOST`. */
  readonly fromEnv: boolean;
}

/**
 * Why a model on a server cannot be used, in whole sentences for people, with the command that mends it; null when it can.
 * Pure.
 */
export function fallbackReasonFor(result: ProbeResult, wanted: WantedModel): string | null {
  if (result.ok) return hasModel(result.models, wanted) ? null : missingReason(wanted);
  const { error } = result;
  if (error.code !== 'SERVER_UNREACHABLE' && error.code !== 'TIMED_OUT') return `${error.message} ${error.hint}`.trim();
  const where = `${displayUrl(wanted.server)}${wanted.fromEnv ? ' (from OLLAMA_HOST)' : ''}`;
  return wanted.provider === 'ollama'
    ? `Ollama does not answer at ${where}. ${startHint(wanted.server)}`
    : `The model server does not answer at ${where}. Start it, or correct \`host\` in config.yaml.`;
}

function hasModel(models: readonly string[], wanted: WantedModel): boolean {
  if (wanted.provider === 'ollama') return models.some((name) => isSameModel(name, wanted.model));
  // Some compatible servers list nothing and serve the model all the same.
  return models.length === 0 || models.includes(wanted.model);
}

function missingReason({ provider, server, model }: WantedModel): string {
  const where = displayUrl(server);
  return provider === 'ollama'
    ? `${model} is not on the Ollama server at ${where}: fetch it with \`${ollamaCommand(server, `pull ${model}`)}\`.`
    : `${model} is not on the model server at ${where}: load it there, or name another in config.yaml.`;
}
