import { expect, it } from 'vitest';
import { needsFolder } from '../../../src/task/needs-folder.js';

it.each([
  'What is the capital of France?',
  'Explain how TLS works, e.g. with a picture of the handshake.',
  'Compare Go and Rust for a CLI',
  'Translate "good morning" to French.',
  'What is 17*23 and 2.5 times 3?',
  'Was ist die Hauptstadt von Frankreich?',
  'What does https://example.com/a.html stand for?',
])('%s needs no folder', (text) => {
  expect(needsFolder('analysis', text)).toBe(false);
});

it.each([
  'Summarize notes.txt',
  'Summarize notes.txt.',
  'What is in "Documents/plan.md"?',
  'How many files are in here?',
  'Analyze my logs',
  'What does this project do?',
  'Wie viele Dateien liegen im Ordner?',
  'Combien de fichiers y a-t-il ?',
])('%s needs the folder', (text) => {
  expect(needsFolder('general', text)).toBe(true);
});

it('work on code needs it whatever the words', () => {
  for (const type of ['code', 'test', 'review'] as const) expect(needsFolder(type, 'add one')).toBe(true);
});
