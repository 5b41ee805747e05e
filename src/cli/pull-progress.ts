import type { Clock } from '../clock.js';
import { type DownloadProgress, RateMeter } from '../models/download-progress.js';
import type { PullProgress } from '../providers/ollama-pull.js';

/** Turns what an Ollama server reports of a pull into progress as it is shown, with rate and time left. */
export class PullMeter {
  private meter = new RateMeter();
  private totalBytes = 0;

  constructor(
    private readonly source: string,
    private readonly clock: Clock,
  ) {}

  next({ status, completedBytes, totalBytes }: PullProgress): DownloadProgress {
    // A further layer came, or one that was here in part already: what was measured says nothing about it.
    if (totalBytes !== this.totalBytes) this.meter = new RateMeter();
    this.totalBytes = totalBytes;
    const phase = phaseOf(status, totalBytes);
    if (phase === 'downloading') this.meter.add(this.clock.monotonicMs(), completedBytes);
    return {
      phase,
      receivedBytes: completedBytes,
      totalBytes,
      bytesPerSecond: this.meter.bytesPerSecond,
      secondsLeft: this.meter.secondsLeft(totalBytes),
      source: this.source,
    };
  }
}

function phaseOf(status: string, totalBytes: number): DownloadProgress['phase'] {
  if (totalBytes === 0) return 'connecting';
  return /^(verifying|writing|removing)/.test(status) ? 'verifying' : 'downloading';
}
