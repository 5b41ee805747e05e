import type { ChatMessage } from '../../providers/provider.js';
import type { AgentContext } from '../agent.js';
import { wholeText } from '../handover-text.js';
import { askForCode } from './ask.js';
import { type Choice, choose, gatherCases, type WeighedCase } from './choice.js';
import { fitsOnlyTheCase, problemOf, underTheRightName } from './draft-problem.js';
import type { CodeReading, Judgement, Language, TestCase } from './language.js';
import { type CodePrompt, casesPrompt, classCasesPrompt, codePrompt, repairPrompt, systemPrompt } from './prompts.js';
import type { CodeRequest, Target } from './request.js';

/** Longest answers, in tokens: a function with its docstring, a class, a list of cases. */
const functionTokens = 450;
const classTokens = 800;
const casesTokens = 360;
const classCasesTokens = 500;
/** Targets that are asked about one by one. */
const targetLimit = 6;
/** Cases that are run against every candidate. */
const caseLimit = 60;
/** Cases of one answer: a model that writes many more than it was asked for is counting, not thinking. */
const answerCaseLimit = 10;

interface Drafted {
  /** What the model wrote, without tests and examples. */
  readonly own: string;
  /** The whole file with it. */
  readonly whole: string;
}

export interface Subject {
  readonly request: CodeRequest;
  readonly language: Language;
  readonly modulePath: string | null;
  /** Text of the file that the code goes into; null for a new file. */
  readonly existing: string | null;
  readonly findings: readonly string[];
}

/** Collects drafts of the code and test cases for it, and says how well they agree. Writes nothing. */
export class Workbench {
  targets: readonly Target[];
  /** Why the last draft was of no use; null when it was. */
  lastProblem: string | null = null;
  cases: WeighedCase[] = [];
  private readonly drafts: Drafted[] = [];
  private readonly judgements: Judgement[] = [];

  constructor(
    private readonly context: AgentContext,
    private readonly subject: Subject,
  ) {
    this.targets = subject.request.targets.slice(0, targetLimit);
  }

  get draftCount(): number {
    return this.drafts.length;
  }

  /** The whole file as the draft `index` would leave it. */
  fileOf(index: number): string {
    return this.drafts[index]?.whole ?? '';
  }

  /** Takes over the examples that the request shows. */
  async readExamples(): Promise<void> {
    const { request, language } = this.subject;
    if (request.examples.length === 0 || this.targets.length === 0) return;
    const reading = await language.read('', { ...this.names(), lines: request.examples });
    this.cases = gatherCases(this.cases, reading.cases, true);
  }

  /** Takes cases that every version has to meet. */
  require(cases: readonly TestCase[]): void {
    this.cases = gatherCases(this.cases, cases, true);
  }

  /** Takes existing code as the only draft. */
  takeAsIs(code: string): void {
    this.drafts.push({ own: code, whole: code });
  }

  /** Asks for one more draft. */
  async draft(temperature: number): Promise<void> {
    await this.takeDraft(codePrompt(this.prompt()), temperature);
  }

  /** Asks for one more draft in words of the caller's. */
  async draftFrom(messages: readonly ChatMessage[], temperature: number): Promise<void> {
    await this.takeDraft(messages, temperature);
  }

  /** Asks again with what was wrong with the draft `index`, or with the last answer when none was usable. */
  async repair(index: number | null, faults: readonly string[], temperature: number): Promise<void> {
    const asked = codePrompt(this.prompt());
    const code = index === null ? null : this.drafts[index]?.own;
    if (code === null || code === undefined) {
      const hint = `${asked.at(-1)?.content ?? ''}\n\nMind this: ${faults.join('; ')}.`;
      await this.takeDraft([systemPrompt(this.subject.language), { role: 'user', content: hint }], temperature);
      return;
    }
    await this.takeDraft(repairPrompt(asked, this.subject.language, code, faults), temperature, faults);
  }

  /** Asks for test cases of every target; what the answer holds of the code itself becomes a draft too. */
  async proposeCases(
    round: number,
    temperature: number,
    onlyResult: string | null = null,
    options: { readonly keepDrafts: boolean } = { keepDrafts: true },
  ): Promise<void> {
    const { language, request } = this.subject;
    for (const target of this.targets) {
      const messages =
        target.kind === 'class'
          ? classCasesPrompt(language, request, target, this.methodsOf(target.name))
          : casesPrompt(language, request, target, round, onlyResult);
      const maxTokens = target.kind === 'class' ? classCasesTokens : casesTokens;
      const { code } = await askForCode(this.context, messages, { temperature, maxTokens });
      const reading = await language.read(code, { ...this.namesOf([target]), lines: assertionLines(code) });
      const fresh = gatherCases([], reading.cases, false)
        .slice(0, answerCaseLimit)
        .map((each) => each.test);
      this.context.log('info', `${fresh.length} test cases proposed for ${target.name}`);
      const usable =
        options.keepDrafts &&
        this.targets.length === 1 &&
        problemOf(reading, code, this.targets, this.subject.request.wantsTests) === null;
      const companion = usable ? this.drafts.length : null;
      this.cases = gatherCases(this.cases, fresh, false, companion).slice(0, caseLimit);
      if (usable) await this.addDraft(reading.clean);
    }
  }

  /** Runs what is not run yet and chooses; null when there is no draft that loads. */
  async choose(): Promise<Choice | null> {
    const tests = this.cases.map((each) => each.test);
    for (const [index, draft] of this.drafts.entries()) {
      const before = this.judgements[index];
      const known = before?.results.length ?? 0;
      if (before !== undefined && (known === tests.length || before.loadError !== null)) continue;
      const fresh = await this.subject.language.judge(draft.whole, tests.slice(known));
      this.judgements[index] = { ...fresh, results: [...(before?.results ?? []), ...fresh.results] };
    }
    return choose(this.cases, this.judgements);
  }

  /** The reasons why drafts did not load, each once. */
  loadErrors(): string[] {
    return [...new Set(this.judgements.flatMap((each) => (each.loadError === null ? [] : [each.loadError])))];
  }

  private async takeDraft(
    messages: readonly ChatMessage[],
    temperature: number,
    faults: readonly string[] = [],
  ): Promise<void> {
    const { language } = this.subject;
    const isClass = this.targets.some((each) => each.kind === 'class') || this.targets.length > 1;
    const maxTokens = isClass || this.targets.length === 0 ? classTokens : functionTokens;
    const answer = await askForCode(this.context, messages, { temperature, maxTokens });
    let code = answer.code;
    let reading = await language.read(code, this.names());
    const renamed = underTheRightName(reading, code, this.targets);
    if (renamed !== null) {
      code = renamed;
      reading = await language.read(code, this.names());
    }
    if (this.targets.length === 0) this.targets = discoverTargets(reading);
    this.lastProblem =
      problemOf(reading, code, this.targets, this.subject.request.wantsTests) ?? fitsOnlyTheCase(reading.clean, faults);
    if (this.lastProblem !== null) {
      this.context.log('warn', `draft at temperature ${temperature} not usable: ${this.lastProblem}`);
      return;
    }
    this.cases = gatherCases(this.cases, reading.cases, false, this.drafts.length).slice(0, caseLimit);
    await this.addDraft(reading.clean);
  }

  private async addDraft(own: string): Promise<void> {
    const { existing, request, language } = this.subject;
    const base = existing ?? request.skeleton;
    const whole = base === null ? own : await language.merge({ text: base }, own);
    if (whole === existing) {
      this.lastProblem = 'it changes nothing';
      return;
    }
    this.drafts.push({ own, whole });
  }

  private prompt(): CodePrompt {
    const request = { ...this.subject.request, targets: this.targets };
    return { ...this.subject, request, background: wholeText(this.context) };
  }

  private names(): { functions: string[]; classes: string[] } {
    return this.namesOf(this.targets);
  }

  private namesOf(targets: readonly Target[]): { functions: string[]; classes: string[] } {
    const of = (kind: Target['kind']): string[] =>
      targets.filter((each) => each.kind === kind).map((each) => each.name);
    return { functions: of('function'), classes: of('class') };
  }

  private methodsOf(name: string): string[] {
    const own = this.drafts[0]?.own ?? '';
    const start = own.indexOf(`class ${name}`);
    if (start < 0) return [];
    const text = own.slice(start);
    return [...text.matchAll(/^\s+(?:async )?(?:def )?(\w+)\((?:self|.*\)\s*\{)/gm)]
      .map((match) => match[1] ?? '')
      .filter((method) => !method.startsWith('_') && !/^(if|for|while|switch|constructor)$/.test(method));
  }
}

/** Lines that look like assertions, to be read one by one. */
function assertionLines(code: string): string[] {
  return code
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(assert|self\.assert|expect\()/.test(line));
}

function discoverTargets(reading: CodeReading): Target[] {
  if (reading.classes.length > 0) {
    return reading.classes.slice(0, 2).map(({ name }) => ({ kind: 'class', name, params: null }));
  }
  return reading.functions
    .filter((each) => !each.helper && !each.name.startsWith('_') && each.name !== 'main')
    .slice(0, targetLimit)
    .map(({ name, params }) => ({ kind: 'function', name, params }));
}
