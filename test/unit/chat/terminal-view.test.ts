import { expect, it } from 'vitest';
import { TerminalView } from '../../../src/chat/terminal-view.js';
import { LiveRegion } from '../../../src/terminal/live-region.js';
import { createTheme } from '../../../src/terminal/theme.js';

it('a line counts as shown while there is a screen to show it on, not once the chat has left it', () => {
  const written: string[] = [];
  const output = { columns: 80, rows: 24, write: (text: string) => written.push(text) > 0 };
  const theme = createTheme(false);
  const region = new LiveRegion(output, theme);
  const view = new TerminalView(region, theme, false, () => undefined);
  const shown: string[] = [];
  const say = (text: string): void => view.say(text, 'notice', () => shown.push(text));
  say('one');
  region.close();
  say('two');
  expect(shown).toEqual(['one']);
  expect(written.join('')).toContain('one');
  expect(written.join('')).not.toContain('two');
});
