import type { Config } from '../config/config.js';
import { suggestProfile } from '../config/suggest-profile.js';
import { isLocalServer } from '../models/local-server.js';
import { workerShareMb } from '../models/model-needs.js';
import { error, ok, warn } from './findings.js';
import type { Finding, ModelJson, ModelsJson, PurposeJson } from './json-shapes.js';
import { memoryText } from './views/amounts.js';

/**
 * Findings on the models that the purposes would use now: whether they are the configured ones, and whether they fit into
 * `resources.max_memory_mb` and into this machine, alone and beside the chat's. `totalMb` is what the machine has, infinite
 * where that is not known. Pure.
 */
export function modelFindings(report: ModelsJson, config: Config, totalMb: number): Finding[] {
  const fit = fitFindings(report, config.resources.maxMemoryMb, totalMb);
  return [...report.purposes.map(choiceFinding), ...fit, ...sharedServerFindings(report.purposes)];
}

function choiceFinding(row: PurposeJson): Finding {
  if (row.model === null) return ok(`${row.purpose}: ${row.reason}.`);
  const memory = row.memoryMb === null ? '' : `, ${amountOf(row)} of memory`;
  const what = `${row.purpose}: ${row.model} (${row.provider})`;
  if (row.usedFallback) return warn(`${what}, as a fallback${memory}.`, row.reason);
  if (row.fallbackReason !== null) return error(`${what} is not to be had, and nothing stands in for it.`, row.reason);
  return ok(`${what}${memory}.`);
}

/** A purpose whose model takes this machine's memory, and how much. */
type Need = PurposeJson & { readonly model: string; readonly server: string; readonly memoryMb: number };

function fitFindings(report: ModelsJson, maxMemoryMb: number, totalMb: number): Finding[] {
  const needs = report.purposes.filter(takesMemoryHere);
  const chat = needs.find(({ purpose }) => purpose === 'chat');
  const findings: Finding[] = [];
  for (const group of groupsOf(needs)) {
    const need = group[0];
    if (need === undefined) continue;
    const names = group.map(({ purpose }) => purpose).join(', ');
    const remedy = (roomMb: number): string => remedyFor(need, roomMb, report.models, totalMb);
    if (need.memoryMb > totalMb) {
      const what = `${names}: ${need.model} needs ${amountOf(need)}, more than this machine has (${memoryText(totalMb)}).`;
      findings.push(warn(what, remedy(Math.min(maxMemoryMb, totalMb))));
    } else if (need.memoryMb > maxMemoryMb) {
      const what = `${names}: ${need.model} needs ${amountOf(need)}, more than Wilson may take (max_memory_mb: ${memoryText(maxMemoryMb)}).`;
      findings.push(warn(what, `${remedy(maxMemoryMb)}${raise(need.memoryMb, totalMb)}`));
    } else if (chat !== undefined && !group.includes(chat)) {
      findings.push(besideChat(names, need, chat, { report, maxMemoryMb, totalMb }));
    }
  }
  return findings;
}

/** The chat's model is always there, so what another purpose needs comes on top of it. */
function besideChat(
  names: string,
  need: Need,
  chat: Need,
  { report, maxMemoryMb, totalMb }: { report: ModelsJson; maxMemoryMb: number; totalMb: number },
): Finding {
  const limitMb = Math.min(maxMemoryMb, totalMb);
  // Beside a model on a server there is the process that works with it; an embedded one is within that process.
  const processMb = need.provider === 'llamacpp' ? 0 : workerShareMb;
  const sumMb = chat.memoryMb + need.memoryMb + processMb;
  const sum = `chat beside ${names}: ${chat.model}, ${need.model} and the worker, about ${memoryText(sumMb)}`;
  if (sumMb <= limitMb) return ok(`${sum} of ${memoryText(limitMb)}.`);
  const byConfig = limitMb === maxMemoryMb;
  const limit = byConfig
    ? `Wilson may take (max_memory_mb: ${memoryText(limitMb)})`
    : `this machine has (${memoryText(limitMb)})`;
  const remedy = remedyFor(need, limitMb - chat.memoryMb - processMb, report.models, totalMb);
  return warn(`${sum}, more than ${limit}.`, `${remedy}${byConfig ? raise(sumMb, totalMb) : ''}`);
}

/** The largest model that is there and fits, else a smaller profile. */
function remedyFor(need: Need, roomMb: number, models: readonly ModelJson[], totalMb: number): string {
  const fitting = models
    .filter((model) => model.present && model.memoryMb !== null && model.memoryMb <= roomMb)
    .filter((model) => model.provider === need.provider && model.server === need.server && model.name !== need.model)
    .sort((a, b) => (b.memoryMb ?? 0) - (a.memoryMb ?? 0))[0];
  if (fitting !== undefined) {
    return `${fitting.name} (${amountOf(fitting)}) is there and fits: name it as llms.${need.purpose}.model.`;
  }
  const profile = Number.isFinite(totalMb) ? suggestProfile(totalMb) : null;
  if (profile === null) return `Name a smaller model as llms.${need.purpose}.model.`;
  return `Name a smaller model as llms.${need.purpose}.model, or take the profile for this machine: wilson config use ${profile.name}.`;
}

function raise(neededMb: number, totalMb: number): string {
  if (neededMb > totalMb || !Number.isFinite(totalMb)) return '';
  return ` This machine has ${memoryText(totalMb)}: resources.max_memory_mb may also be raised to ${Math.ceil(neededMb)} or more.`;
}

/** Ollama does not tell how many models it may hold at once. */
function sharedServerFindings(rows: readonly PurposeJson[]): Finding[] {
  const servers = new Map<string, Set<string>>();
  for (const { provider, server, model } of rows) {
    if (provider !== 'ollama' || server === null || model === null) continue;
    servers.set(server, (servers.get(server) ?? new Set()).add(model));
  }
  return [...servers]
    .filter(([, models]) => models.size > 1)
    .map(([server, models]) =>
      ok(
        `${[...models].join(' and ')} are to be loaded side by side on ${server}: its OLLAMA_MAX_LOADED_MODELS has to be unset, or ${models.size} or more.`,
      ),
    );
}

/** A model on another machine takes nothing here. */
function takesMemoryHere(row: PurposeJson): row is Need {
  if (row.model === null || row.server === null || row.memoryMb === null) return false;
  return row.provider === 'llamacpp' || isLocalServer(row.server);
}

/** Purposes that share a model on a server share its memory; an embedded one is in each process anew. */
function groupsOf(needs: readonly Need[]): Need[][] {
  const groups = new Map<string, Need[]>();
  for (const need of needs) {
    const own = need.provider === 'llamacpp' && need.purpose === 'chat' ? 'chat' : '';
    const key = JSON.stringify([need.provider, need.server, need.model, own]);
    groups.set(key, [...(groups.get(key) ?? []), need]);
  }
  return [...groups.values()];
}

function amountOf({ memoryMb, memoryBasis }: Pick<PurposeJson, 'memoryMb' | 'memoryBasis'>): string {
  return `${memoryBasis === 'measured' ? '' : 'about '}${memoryText(memoryMb)}`;
}
