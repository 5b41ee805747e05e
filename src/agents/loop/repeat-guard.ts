import type { ToolCall } from '../../providers/provider.js';

/** The same call with nothing written in between: told at the second time, stopped at the third. */
const nudgeAt = 2;
const stopAt = 3;

type RepeatVerdict = 'fresh' | 'nudge' | 'stop';

/** Notices a model that asks for the same thing again and again. */
export class RepeatGuard {
  private readonly seen = new Map<string, number>();

  /** Counts a call and says what to do about it. */
  note(call: ToolCall): RepeatVerdict {
    const key = `${call.name} ${JSON.stringify(call.arguments)}`;
    const times = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, times);
    if (times >= stopAt) return 'stop';
    return times >= nudgeAt ? 'nudge' : 'fresh';
  }

  /** Something changed, so that asking again can bring something new; writing the same thing again cannot. */
  changed(): void {
    for (const key of this.seen.keys()) {
      if (!/^(write|edit)_file /.test(key)) this.seen.delete(key);
    }
  }
}
