import { expect, it } from 'vitest';
import { isLargeModel } from '../../../src/agents/model-size.js';
import { countSteps } from '../../../src/agents/step-counter.js';
import type { Progress } from '../../../src/task/task.js';

it.each([
  ['qwen2.5-coder:0.5b', true, false],
  ['qwen2.5-coder:1.5b', true, false],
  ['smollm2:135m', false, false],
  ['qwen2.5-coder:3b', false, true],
  ['qwen2.5-coder-14b-instruct-q4_k_m', false, true],
  ['llama3.1:70b', false, true],
  ['gpt-oss:20b', true, true],
  ['some-model', true, true],
  ['some-model', false, false],
])('%s with tools %s is large: %s', (name, supportsTools, large) => {
  expect(isLargeModel({ name, supportsTools })).toBe(large);
});

it('counts steps that are done, of those planned, and never more than all', () => {
  const seen: Progress[] = [];
  const steps = countSteps({ progress: (progress) => seen.push(progress) }, 2);
  steps.next('a');
  steps.say('still a');
  steps.next('b');
  steps.next('c');
  expect(seen.map((each) => each.basis)).toEqual(['0 of 2 steps', '0 of 2 steps', '1 of 2 steps', '2 of 3 steps']);
  expect(seen.every((each) => each.fraction !== null && each.fraction >= 0 && each.fraction <= 1)).toBe(true);
});
