import { expect, it } from 'vitest';
import { PipedView } from '../../../src/chat/piped-view.js';

function setUp() {
  const written: string[] = [];
  const output = {
    write: (text: string) => {
      written.push(text);
      return true;
    },
  };
  return { written, view: new PipedView(output, output) };
}

it('a line counts as shown when it is written: at once, or after the answer that it waited for', () => {
  const { written, view } = setUp();
  const say = (text: string): void => view.say(text, 'notice', () => written.push(`(${text} is shown)`));
  say('one');
  view.answer('an answer');
  say('two');
  expect(written).toEqual(['one\n', '(one is shown)', 'an answer']);
  view.endAnswer();
  expect(written.slice(3)).toEqual(['\n', 'two\n', '(two is shown)']);
});
