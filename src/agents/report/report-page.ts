import { plainText } from '../plain-text.js';

const shownLimit = 30;

export interface ReportParts {
  readonly prose: string;
  /** Counted by the program. */
  readonly facts: readonly string[];
  /** What was read, one entry a file. */
  readonly sources: readonly string[];
  readonly unread: readonly string[];
  readonly model: string;
  /** Sentences that were taken out for their figures. */
  readonly removed: readonly string[];
  readonly unfound: readonly string[];
  /** True when the model read notes instead of the texts. */
  readonly isNotes: boolean;
}

/** The report: what the model wrote, then, apart from it, what was counted and read and what is not known. Pure. */
export function reportPage(parts: ReportParts): string {
  const { facts, sources, unread, removed, unfound } = parts;
  return [
    plainText(parts.prose).trim(),
    ...(facts.length === 0 ? [] : ['## Counted by the program', listed(facts)]),
    ...(sources.length === 0 ? [] : ['## Sources', listed(sources)]),
    ...(unread.length === 0 ? [] : ['## Not read', listed(unread)]),
    '## About this report',
    aboutText(parts),
    ...(unfound.length === 0
      ? []
      : [`These quotes are in none of the sources:\n\n${listed(unfound.map((quote) => `“${quote}”`))}`]),
    ...(removed.length === 0
      ? []
      : [
          `${removed.length === 1 ? 'A sentence' : `${removed.length} sentences`} with figures that are in none of the sources ${removed.length === 1 ? 'was' : 'were'} taken out.`,
        ]),
  ].join('\n\n');
}

function aboutText({ sources, facts, model, isNotes }: ReportParts): string {
  if (sources.length === 0 && facts.length === 0) {
    return `${model} wrote this from what it was trained on. Nothing was read or looked up, there is no connection to the internet, and it may be wrong or out of date: check what matters.`;
  }
  const read = sources.length === 0 ? 'what was counted' : isNotes ? 'its own notes on the sources' : 'the sources';
  const counted = facts.length === 0 ? '' : ' The figures above were counted by the program.';
  return `The text at the top was written by ${model} from ${read} and, where they say nothing, from what it was trained on; apart from figures and quotes, nobody checked what it says.${counted}`;
}

function listed(entries: readonly string[]): string {
  const shown = entries.slice(0, shownLimit).map((entry) => `- ${plainText(entry).replace(/\n/g, ' ')}`);
  const rest = entries.length - shown.length;
  return [...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])].join('\n');
}
