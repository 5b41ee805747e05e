import { expect, it } from 'vitest';
import { PullMeter } from '../../../src/cli/pull-progress.js';
import { renderProgress } from '../../../src/models/download-progress.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

const mb = 1e6;

function meterAt() {
  const clock = createFakeClock();
  const meter = new PullMeter('Ollama at http://x', clock);
  const at = (ms: number, status: string, completedMb: number, totalMb: number): string => {
    clock.advance(ms);
    return renderProgress(meter.next({ status, completedBytes: completedMb * mb, totalBytes: totalMb * mb }));
  };
  return at;
}

it('goes from connecting over bytes, rate and time left to checking', () => {
  const at = meterAt();
  expect(at(0, 'pulling manifest', 0, 0)).toBe('[          ] 0% connecting to Ollama at http://x');
  expect(at(10, 'pulling 2af3b81862c6', 0, 100)).toBe('[          ] 0% 0 of 100 MB');
  expect(at(1_000, 'pulling 2af3b81862c6', 20, 100)).toBe('[##        ] 20% 20 of 100 MB, 20 MB/s, 4 s left');
  expect(at(1_000, 'verifying sha256 digest', 100, 100)).toBe('[##########] 100% checking 100 of 100 MB');
});

it('does not take what was there already for speed: a pull that goes on, and a further layer', () => {
  const at = meterAt();
  at(0, 'pulling manifest', 0, 0);
  expect(at(600, 'pulling a', 90, 100)).toBe('[######### ] 90% 90 of 100 MB');
  expect(at(1_000, 'pulling a', 91, 100)).toBe('[######### ] 91% 91 of 100 MB, 1.0 MB/s, 9 s left');
  expect(at(1_000, 'pulling b', 151, 200)).toBe('[########  ] 76% 151 of 200 MB');
});
