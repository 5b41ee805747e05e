import { describe, expect, it } from 'vitest';
import { type FirstRunFacts, firstRunNotice } from '../../../src/cli/first-run.js';

const midrange = { name: 'midrange', maxMemoryMb: 16_384 };
const facts = (own: Partial<FirstRunFacts> = {}): FirstRunFacts => ({
  totalMb: 24_064,
  profile: midrange,
  profileModels: ['llama3:latest', 'qwen2.5-coder:7b'],
  currentModels: ['llama3:latest', 'qwen2.5-coder:14b'],
  currentMaxMemoryMb: 16_384,
  serverModels: ['llama3:latest', 'qwen2.5-coder:7b'],
  ...own,
});

describe('the suggestion at the first start', () => {
  it('is one line with the command', () => {
    expect(firstRunNotice(facts())).toBe(
      'This machine has 23.5 GB of memory: `wilson config use midrange` sets Wilson up for it.',
    );
  });

  it('names what the server lacks for it', () => {
    expect(firstRunNotice(facts({ serverModels: ['llama3'] }))).toBe(
      'This machine has 23.5 GB of memory: `wilson config use midrange` sets Wilson up for it, and then `wilson models pull qwen2.5-coder:7b` fetches what it lacks.',
    );
  });

  it('says what is needed where no Ollama answers', () => {
    expect(firstRunNotice(facts({ serverModels: null }))).toBe(
      'This machine has 23.5 GB of memory: with Ollama, `wilson config use midrange` sets Wilson up for it. It needs llama3:latest and qwen2.5-coder:7b.',
    );
  });

  it('is left out where all is there and no profile is larger', () => {
    expect(firstRunNotice(facts({ serverModels: ['llama3:latest', 'qwen2.5-coder:14b'] }))).toBeNull();
  });

  it('comes all the same where the machine has room for a larger profile, or less than is allowed', () => {
    const serverModels = ['llama3:latest', 'qwen2.5-coder:14b'];
    const highend = { name: 'highend', maxMemoryMb: 32_768 };
    expect(firstRunNotice(facts({ serverModels, profile: highend, totalMb: 32_000 }))).toContain('config use highend');
    const lowend = { name: 'lowend', maxMemoryMb: 8_192 };
    expect(firstRunNotice(facts({ serverModels, profile: lowend, totalMb: 7_900 }))).toContain('config use lowend');
  });
});
