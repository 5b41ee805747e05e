import type { ChatMessage } from '../../providers/provider.js';
import type { AgentContext } from '../agent.js';
import { type Observed, supportOf, tellingProbes } from './agreement.js';
import { askForText } from './ask.js';
import { caseFault, faultText } from './case-fault.js';
import { codeFor } from './complete-prompts.js';
import { fitsOnlyTheCase, problemOf, underTheRightName } from './draft-problem.js';
import type { TestCase } from './language.js';
import { fenceStop } from './prompts.js';
import type { Target } from './targets.js';
import type { Subject } from './workbench.js';

/** Calls that candidates are compared by. */
const probeLimit = 40;
/** Versions that small changes are tried on, and changes that are kept. */
const repairedVersions = 5;
const repairLimit = 8;

export interface Candidate {
  /** What the model wrote, without tests and examples. */
  readonly own: string;
  /** The whole file with it. */
  readonly whole: string;
  /** How many of the examples it meets. */
  readonly met: number;
  /** What it did instead, for those that it does not meet. */
  readonly faults: readonly string[];
  /** True for what the model answered to the bare prompt. */
  readonly first: boolean;
}

export interface Question {
  readonly messages: readonly ChatMessage[];
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed?: number;
  /** What the answer goes on with, where its beginning was given. */
  readonly continues?: string;
  /** What the answer is told to mend: it must not merely spell that out. */
  readonly faults?: readonly string[];
  readonly first?: boolean;
}

/** A continued answer ends where the function does: what follows at the margin is an example or a remark. */
const continuedStop: readonly string[] = ['\n```', '\nprint(', '\nassert ', '\n#', '\nif __name__', '\nconsole.'];

/** Versions of one function, each run against the examples of the request as it comes. Writes nothing. */
export class Candidates {
  readonly all: Candidate[] = [];
  /** Why the last answer was of no use; null when it was. */
  lastProblem: string | null = null;
  private probes: readonly string[] | null = null;
  private readonly seen = new Map<string, Observed>();

  constructor(
    private readonly context: AgentContext,
    private readonly subject: Subject,
    readonly target: Target,
    private readonly skeleton: string,
    /** What every version has to meet. */
    readonly examples: readonly TestCase[],
  ) {}

  /** Asks once and takes the answer if it is of use; null when it is not. */
  async ask(question: Question): Promise<Candidate | null> {
    const { language } = this.subject;
    const { text, cut } = await askForText(this.context, question.messages, {
      temperature: question.temperature,
      maxTokens: question.maxTokens,
      ...(question.seed === undefined ? {} : { seed: question.seed }),
      // Not every first answer begins with a fence, so that one may open what follows.
      stop: question.continues !== undefined ? continuedStop : question.first === true ? [] : fenceStop,
    });
    const code =
      question.continues === undefined ? codeFor(text, this.target.name) : this.continued(question.continues, text);
    const candidate = cut ? this.refuse('the answer did not end') : await this.take(code, question);
    const said =
      candidate === null ? `no use: ${this.lastProblem}` : `${candidate.met} of ${this.examples.length} examples hold`;
    this.context.log('info', `version at temperature ${question.temperature} in ${language.name}: ${said}`);
    return candidate;
  }

  /**
   * Takes in versions that differ from those so far in one small place and meet all examples. Resolves with how many
   * there are.
   */
  async repair(): Promise<number> {
    const { language } = this.subject;
    const best = [...this.all].sort((a, b) => b.met - a.met).map((each) => each.whole);
    const codes = [...new Set(best)].slice(0, repairedVersions);
    const found = await language.repairs(codes, this.target.name, this.examples, repairLimit);
    for (const whole of found) {
      this.add({ own: whole, whole, met: this.examples.length, faults: [], first: false });
    }
    this.context.log('info', `${found.length} small changes of ${codes.length} versions meet all examples`);
    return found.length;
  }

  /** What each of some candidates gives for the same calls; without a call where none could be made up. */
  async observe(candidates: readonly Candidate[]): Promise<Observed[]> {
    const { language, request } = this.subject;
    this.probes ??= await language.probes(this.skeleton, this.target.name, request.examples, probeLimit);
    const probes = this.probes;
    const observed: Observed[] = [];
    for (const each of candidates) {
      const known = this.seen.get(each.own) ?? (probes.length === 0 ? [] : await language.observe(each.whole, probes));
      this.seen.set(each.own, known);
      observed.push(known);
    }
    return observed;
  }

  /** How many of some candidates behave like one of them, itself not counted. */
  async supportOf(candidate: Candidate, among: readonly Candidate[]): Promise<number> {
    const observed = await this.observe(among);
    return supportOf(among.indexOf(candidate), observed, tellingProbes(observed));
  }

  private async take(code: string, question: Question): Promise<Candidate | null> {
    const { language } = this.subject;
    const names = { functions: [this.target.name], classes: [] };
    let own = code;
    let reading = await language.read(own, names);
    const renamed = underTheRightName(reading, own, [this.target]);
    if (renamed !== null) {
      own = renamed;
      reading = await language.read(own, names);
    }
    const problem =
      problemOf(reading, own, [this.target], false) ?? fitsOnlyTheCase(reading.clean, question.faults ?? []);
    if (problem !== null) return this.refuse(problem);
    const before = this.all.find((each) => each.own === reading.clean);
    if (before !== undefined) return this.add({ ...before, first: question.first ?? false });
    const base = this.subject.existing ?? this.skeleton;
    const whole = await language.merge({ text: base }, reading.clean);
    const judgement = await language.judge(whole, this.examples);
    if (judgement.loadError !== null) return this.refuse(`it cannot be loaded (${judgement.loadError})`);
    const faults = this.examples.flatMap((each, index) => {
      const fault = caseFault(each, judgement.results[index]);
      return fault === null ? [] : [faultText(fault)];
    });
    const met = this.examples.length - faults.length;
    return this.add({ own: reading.clean, whole, met, faults, first: question.first ?? false });
  }

  private add(candidate: Candidate): Candidate {
    this.lastProblem = null;
    this.all.push(candidate);
    return candidate;
  }

  private refuse(problem: string): null {
    this.lastProblem = problem;
    return null;
  }

  /** What was begun with what an answer goes on with; a model that begins anew is taken by its word. */
  private continued(beginning: string, text: string): string {
    const anew = new RegExp(
      `^\\s*(?:\`\`\`|(?:async )?def ${this.target.name}\\b|(?:async )?function ${this.target.name}\\b)`,
    );
    if (anew.test(text)) return codeFor(text, this.target.name);
    return `${beginning}${text.replace(/\n?```[\s\S]*$/, '')}`;
  }
}
