import { expect, it } from 'vitest';
import { titleOf } from '../../../src/chat/task-title.js';

it.each([
  ['Hey Wilson, could you build this app for me? A todo list with a web page.', 'build this app for me'],
  ['Write slugify.py with a function slugify(text), please', 'Write slugify.py with a function slugify(text), please'],
  ['帮我写一个计算器程序', '帮我写一个计算器程序'],
  ['please', 'please'],
  ['fix\nthe\tbug. Now!', 'fix the bug'],
])('%s', (request, title) => {
  expect(titleOf(request)).toBe(title);
});

it('is short however long the request is', () => {
  const title = titleOf(`add ${'very '.repeat(100)}much`);
  expect(title.length).toBeLessThanOrEqual(72);
  expect(title).toMatch(/very…$/);
});
