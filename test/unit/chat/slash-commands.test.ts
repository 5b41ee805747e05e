import { expect, it } from 'vitest';
import { commandNamed, helpText, slashCommands, unknownCommand } from '../../../src/chat/slash-commands.js';

it.each([
  ['pss', '/ps'],
  ['kil', '/kill'],
  ['aply', '/apply'],
  ['mod', '/models'],
])('suggests for /%s', (typed, suggestion) => {
  expect(unknownCommand(typed)).toContain(`Did you mean ${suggestion}?`);
});

it('suggests nothing that is far off', () => {
  expect(unknownCommand('xyzzy')).not.toContain('Did you mean');
});

it('knows the names and their aliases', () => {
  expect(commandNamed('exit')).toBe('quit');
  expect(commandNamed('undo')).toBe('undo');
  expect(commandNamed('sudo')).toBeNull();
});

it('explains every command', () => {
  for (const [, usage] of slashCommands) expect(helpText()).toContain(usage);
});
