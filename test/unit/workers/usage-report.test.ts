import { expect, it } from 'vitest';
import { noUsage, type Usage } from '../../../src/task/task.js';
import { UsageReport } from '../../../workers/usage-report.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

it('tells what was used, once a second and only what is new, until it is stopped', () => {
  const clock = createFakeClock();
  const sent: Usage[] = [];
  const report = new UsageReport(clock, (usage) => sent.push(usage));
  let used: Usage = { ...noUsage, loadMs: 900 };
  report.watch(() => used);
  expect(sent).toEqual([used]);
  for (let tokens = 1; tokens <= 500; tokens += 1) {
    used = { ...used, outputTokens: tokens };
    clock.advance(10);
  }
  expect(sent.map(({ outputTokens }) => outputTokens)).toEqual([0, 100, 200, 300, 400, 500]);
  clock.advance(60_000);
  expect(sent).toHaveLength(6);
  used = { ...used, outputTokens: 501 };
  report.stop();
  clock.advance(60_000);
  expect(sent).toHaveLength(6);
  expect(clock.pending()).toBe(0);
});
