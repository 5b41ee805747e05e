import { type Phase, phases } from './bench-chat-latency-load.js';
import { speedOf, tokensPerSecond, type Work } from './bench-chat-latency-speed.js';
import { figuresOf, goal } from './bench-figures.js';
import type { Turn } from './bench-wilson.js';

export const setups = ['embedded', 'shared', 'two'] as const;
export type Setup = (typeof setups)[number];
/** Chat priority as it is built, and switched off. */
export const modes = ['on', 'off'] as const;
export type Mode = (typeof modes)[number];

interface Sample {
  readonly setup: Setup;
  readonly mode: Mode;
  /** Turns of one round stand within seconds of each other. */
  readonly round: number;
  readonly phase: Phase;
  readonly turn: Turn;
}

const setupTexts: Readonly<Record<Setup, string>> = {
  embedded: 'chat engine and embedded workers, the 0.5B in both',
  shared: 'one model (0.5B) on a server, for the chat and the workers',
  two: 'two models on one server: the chat’s 0.5B, the workers’ 135M',
};
/** What a first token may take beside workers: this many times, and this much more than, without them. */
const factor = 1.25;
const extraMs = 100;
const speedLossLimit = 20;

/** Gathers what was measured and prints it: both sides beside each other, then the goals. */
export class Report {
  private readonly samples: Sample[] = [];
  private readonly work: { mode: Mode; kind: 'prompt' | 'generate'; work: Work }[] = [];
  private readonly remarks = new Map<string, readonly string[]>();
  private round = 0;
  private setup: Setup = 'embedded';
  private mode: Mode = 'on';

  constructor(private readonly shown: readonly Mode[]) {}

  beginRound(setup: Setup, mode: Mode): void {
    this.round += 1;
    this.setup = setup;
    this.mode = mode;
  }

  record(phase: Phase, turn: Turn): void {
    // An answer without a word has no first token.
    if (Number.isNaN(turn.firstMs)) return;
    this.samples.push({ setup: this.setup, mode: this.mode, round: this.round, phase, turn });
  }

  worked(mode: Mode, kind: 'prompt' | 'generate', work: Work): void {
    this.work.push({ mode, kind, work });
  }

  remark(setup: Setup, mode: Mode, texts: readonly string[]): void {
    if (texts.length > 0) this.remarks.set(`${setup}, priority ${mode}`, texts);
  }

  /** `goals`: whether they apply, i.e. priority is in the build and was measured. A missed one makes the process exit with 1. */
  print(options: { readonly goals: boolean }): void {
    for (const setup of setups.filter((one) => this.samples.some((sample) => sample.setup === one))) {
      this.printSetup(setup);
      if (options.goals) this.printGoal(setup);
    }
    this.printSpeed(options.goals);
    for (const [where, texts] of this.remarks) for (const text of texts) console.log(`note (${where}): ${text}`);
  }

  private printSetup(setup: Setup): void {
    console.log(`\n${setup}: ${setupTexts[setup]}`);
    const side = (mode: Mode): string => pad(`priority ${mode}: first token / whole answer, ms`, columnWidth);
    console.log(`${pad('', 14)}${this.shown.map(side).join('')}`);
    const rows: { name: string; of: readonly Phase[] }[] = [
      ...phases.map((phase) => ({ name: phase as string, of: [phase] })),
      { name: 'under load', of: phases.filter((phase) => phase !== 'idle') },
    ];
    for (const { name, of } of rows) {
      const cells = this.shown.map((mode) => pad(cell(this.turns(setup, mode, of)), columnWidth));
      console.log(`${pad(name, 14)}${cells.join('')}`);
    }
    for (const mode of this.shown) {
      const ratios = this.ratios(setup, mode);
      if (ratios.length === 0) continue;
      const { p50Ms, maxMs } = figuresOf(ratios);
      console.log(
        `priority ${mode}: first token under load over idle, medians of ${ratios.length} rounds: p50 ${p50Ms.toFixed(2)}, max ${maxMs.toFixed(2)}`,
      );
    }
  }

  private printGoal(setup: Setup): void {
    const p95 = (of: readonly Phase[]): number =>
      figuresOf(this.turns(setup, 'on', of).map(({ firstMs }) => firstMs)).p95Ms;
    const limitMs = Math.round(factor * p95(['idle']) + extraMs);
    const under = p95(phases.filter((phase) => phase !== 'idle'));
    goal(
      `${setup}: p95 of the first token under load, against ${factor} × idle p95 + ${extraMs} ms`,
      under,
      limitMs,
      'ms',
    );
  }

  private printSpeed(goals: boolean): void {
    if (this.work.length === 0) return;
    console.log('\nan embedded worker while nobody chats, tokens a second');
    const of = (mode: Mode, kind?: 'prompt' | 'generate'): Work[] =>
      this.work.filter((one) => one.mode === mode && (kind ?? one.kind) === one.kind).map(({ work }) => work);
    for (const mode of this.shown) {
      const speed = speedOf(of(mode, 'prompt'), of(mode, 'generate'));
      const shown = (value: number): string => (value > 0 ? value.toFixed(1) : 'too few tasks to tell');
      console.log(
        `priority ${mode}: reads ${shown(speed.prompt)}, writes ${shown(speed.generate)}, both together ${tokensPerSecond(of(mode)).toFixed(1)} (${of(mode).length} tasks)`,
      );
    }
    if (!goals) return;
    const [on, off] = modes.map((mode) => tokensPerSecond(of(mode)));
    const loss = 100 * (1 - (on ?? Number.NaN) / (off ?? Number.NaN));
    goal('speed that a worker loses to priority while the chat is silent', loss, speedLossLimit, '%');
  }

  private turns(setup: Setup, mode: Mode, of: readonly Phase[]): Turn[] {
    return this.samples
      .filter((sample) => sample.setup === setup && sample.mode === mode && of.includes(sample.phase))
      .map(({ turn }) => turn);
  }

  /** For each round the median first token beside workers over that without: what the rest of the machine does cancels out. */
  private ratios(setup: Setup, mode: Mode): number[] {
    const mine = this.samples.filter((sample) => sample.setup === setup && sample.mode === mode);
    return [...new Set(mine.map(({ round }) => round))].flatMap((round) => {
      const median = (idle: boolean): number =>
        figuresOf(
          mine
            .filter((sample) => sample.round === round && (sample.phase === 'idle') === idle)
            .map(({ turn }) => turn.firstMs),
        ).p50Ms;
      const ratio = median(false) / median(true);
      return Number.isNaN(ratio) ? [] : [ratio];
    });
  }
}

const columnWidth = 58;

function cell(turns: readonly Turn[]): string {
  if (turns.length === 0) return 'n=0';
  const first = figuresOf(turns.map(({ firstMs }) => firstMs));
  const whole = figuresOf(turns.map(({ wholeMs }) => wholeMs));
  const two = (figures: typeof first): string => `p50 ${figures.p50Ms.toFixed(0)} p95 ${figures.p95Ms.toFixed(0)}`;
  return `n=${first.count}  ${two(first)} / ${two(whole)}`;
}

function pad(text: string, width: number): string {
  return text.padEnd(width);
}
