/** Memory of an attempt over its time: the highest sample of each step, in MB. */
export interface TimelineRecord {
  readonly stepMs: number;
  /** From the start on; null where a step had no sample. */
  readonly mb: readonly (number | null)[];
}

/** The memory of an attempt as it is stored with it. */
export interface AttemptMemory extends TimelineRecord {
  /** What its worker had reserved at the last sample; a model on a server is not in it. */
  readonly reservedMb: number;
}

const firstStepMs = 500;
const mostSteps = 60;

/**
 * Keeps the samples of an attempt in at most sixty steps: when they are full, each two become one that is twice as long.
 * So a task of a second and one of an hour take the same room, and no peak is lost.
 */
export class MemoryTimeline {
  private stepMs = firstStepMs;
  private steps: (number | null)[] = [];

  constructor(private readonly startMs: number) {}

  /** `atMs` on the same clock as the start; samples may skip steps, and come in their order. */
  add(atMs: number, sampleMb: number): void {
    let index = Math.max(0, Math.floor((atMs - this.startMs) / this.stepMs));
    while (index >= mostSteps) {
      this.merge();
      index = Math.floor((atMs - this.startMs) / this.stepMs);
    }
    while (this.steps.length <= index) this.steps.push(null);
    this.steps[index] = Math.max(this.steps[index] ?? 0, sampleMb);
  }

  record(): TimelineRecord {
    return { stepMs: this.stepMs, mb: [...this.steps] };
  }

  private merge(): void {
    const merged: (number | null)[] = [];
    for (let index = 0; index < this.steps.length; index += 2) {
      const pair = [this.steps[index] ?? null, this.steps[index + 1] ?? null].filter((sample) => sample !== null);
      merged.push(pair.length === 0 ? null : Math.max(...pair));
    }
    this.steps = merged;
    this.stepMs *= 2;
  }
}
