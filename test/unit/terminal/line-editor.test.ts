import { describe, expect, it } from 'vitest';
import { LineEditor } from '../../../src/terminal/line-editor.js';

function typed(text: string): LineEditor {
  const editor = new LineEditor();
  editor.insert(text);
  return editor;
}

describe('LineEditor', () => {
  it('inserts at the cursor', () => {
    const editor = typed('ac');
    editor.left();
    editor.insert('b');
    expect(editor.text).toBe('abc');
    expect(editor.cursor).toBe(2);
  });

  it.each([
    ['wide', '文'],
    ['combining', 'e\u0301'],
    ['joined emoji', '👨‍👩‍👧'],
    ['flag', '🇩🇪'],
  ])('takes a %s character as one', (_, character) => {
    const editor = typed(`a${character}b`);
    editor.left();
    editor.left();
    expect(editor.cursor).toBe(1);
    editor.deleteForward();
    expect(editor.text).toBe('ab');
    editor.insert(character);
    editor.backspace();
    expect(editor.text).toBe('ab');
  });

  it('moves and deletes by words', () => {
    const editor = typed('one two  three');
    editor.wordLeft();
    expect(editor.cursor).toBe(9);
    editor.killWord();
    expect(editor.text).toBe('one three');
    editor.home();
    editor.wordRight();
    expect(editor.cursor).toBe(3);
    editor.killToEnd();
    expect(editor.text).toBe('one');
  });

  it('moves within the current line of several', () => {
    const editor = typed('first\nsecond');
    editor.home();
    expect(editor.cursor).toBe(6);
    editor.killToEnd();
    expect(editor.text).toBe('first\n');
  });

  it('goes home in an empty line without leaving the text', () => {
    const editor = new LineEditor();
    editor.home();
    editor.backspace();
    editor.left();
    expect(editor.cursor).toBe(0);
  });

  it('walks through earlier lines and brings the draft back', () => {
    const editor = new LineEditor();
    editor.setHistory(['one', 'two']);
    editor.insert('draft');
    editor.previous();
    editor.previous();
    editor.previous();
    expect(editor.text).toBe('one');
    editor.next();
    editor.next();
    expect(editor.text).toBe('draft');
  });

  it('remembers what was sent, but not blanks and repetitions', () => {
    const editor = new LineEditor();
    for (const line of ['one', 'one', '  ']) {
      editor.insert(line);
      editor.take();
    }
    editor.previous();
    expect(editor.text).toBe('one');
    editor.previous();
    expect(editor.text).toBe('one');
  });
});
