import type { Config } from '../config/config.js';
import { isLocalServer } from '../models/local-server.js';
import { ok, warn } from './findings.js';
import type { Finding } from './json-shapes.js';
import type { ModelProcess } from './model-processes.js';
import { memoryText } from './views/amounts.js';

/** The port that llama-server listens on where none is named. */
const usualPort = '8080';

/**
 * Findings on processes that run models without an `ollama serve` above them. One that the configuration uses is left out;
 * one that another program has started is told, but not for killing. Pure.
 */
export function modelProcessFindings(processes: readonly ModelProcess[], config: Config | null): Finding[] {
  const ports = config === null ? [] : configuredPorts(config);
  const unknown = processes.filter((process) => !ports.includes(portOf(process.args)));
  if (unknown.length === 0) return [ok('No model process of an Ollama that is gone is left over.')];
  return unknown.map((process) => {
    const { pid, name, parent } = process;
    if (parent !== null) {
      return ok(
        `Process ${pid} (${name}, ${memoryOf(process)}) is run by ${parent.name} (process ${parent.pid}), not by Ollama.`,
      );
    }
    return warn(
      `Process ${pid} (${name}) holds ${memoryOf(process)} and has no \`ollama serve\` above it: an Ollama that was killed leaves such processes.`,
      `kill ${pid}, unless you started it yourself`,
    );
  });
}

function memoryOf({ memoryMb, memoryKind }: ModelProcess): string {
  return memoryMb === null ? 'unknown memory' : `${memoryText(memoryMb)} ${memoryKind?.toUpperCase() ?? ''}`.trim();
}

/** Ports of this machine where a purpose has a server of its own: a llama-server there was started on purpose. */
function configuredPorts(config: Config): string[] {
  const { chat, code, analysis, vision } = config.llms;
  return [chat, code, analysis, vision].flatMap((purpose) => {
    if (purpose?.provider !== 'openai' || purpose.host === null || !isLocalServer(purpose.host)) return [];
    const { port, protocol } = new URL(purpose.host);
    return [port === '' ? (protocol === 'https:' ? '443' : '80') : port];
  });
}

function portOf(args: readonly string[]): string {
  const index = args.indexOf('--port');
  const joined = args.find((arg) => arg.startsWith('--port='));
  return joined?.slice('--port='.length) ?? (index === -1 ? usualPort : (args[index + 1] ?? usualPort));
}
