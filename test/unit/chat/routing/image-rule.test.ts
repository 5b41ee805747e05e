import { describe, expect, it } from 'vitest';
import { emptyContext } from '../../../../src/chat/routing/route.js';
import { decideByRules } from '../../../../src/chat/routing/rules.js';
import { purposeOf } from '../../../../src/task/task.js';

function decided(text: string): string {
  const { route } = decideByRules(text, emptyContext);
  return route.intent === 'delegate' ? route.type : route.intent;
}

describe('a turn that names an image', () => {
  it.each([
    'what is in photo.png?',
    "What's happening in photo.png?",
    'describe photo.png',
    'caption photo.png',
    'transcribe receipt.jpg please',
    'can you read the text in scan.png',
    'please have a look at "my photo.png"',
    'translate the sign in photo.png',
    'count the people in photo.png',
    'tell me what photo.png shows',
    'i want to know what is in photo.png',
    'is there a cat in photo.png?',
    'photo.png',
    'photo.png: what is this?',
    'compare a.png and b.png',
    'why does screenshot.png show an error?',
    'show me the errors in screenshot.png',
    'write an alt text for photo.png',
    'make a list of the items in receipt.jpg',
    'extract the table from scan.png as CSV',
    'describe the chart in plot.png and write it to report.md',
    'review mockup.png',
    'test whether photo.png shows a cat',
    'was ist auf foto.png zu sehen?',
    'Beschreibe foto.png',
    'schreib eine Beschreibung von foto.png',
    'que montre photo.png ?',
    '¿qué hay en foto.png?',
    '请看photo.png里有什么',
    'опиши фото.png',
  ])('has it looked at: %s', (text) => {
    expect(decided(text)).toBe('analysis');
    expect(purposeOf({ type: 'analysis', description: text })).toBe('vision');
  });

  it.each([
    ['write code that resizes photo.png', 'code'],
    ['add photo.png to index.html', 'code'],
    ['make a page like mockup.png', 'code'],
    ['build a website from sketch.png', 'code'],
    ['resize photo.png to 100px', 'code'],
    ['delete photo.png', 'code'],
    ['change the background of photo.png to blue', 'code'],
    ['i need a script that crops photo.png', 'code'],
    ['create an html gallery with a.png and b.png', 'code'],
    ['fix the page, logo.png is not shown', 'code'],
    ['test the function that loads photo.png', 'test'],
    ['schreibe ein skript, das foto.png verkleinert', 'code'],
    ['Erstelle eine Webseite mit foto.png', 'code'],
    ['how do I resize photo.png in python?', 'answer'],
    ['I took photo.png yesterday', 'answer'],
    ['kill the task about photo.png', 'kill'],
    ['stop looking at photo.png', 'kill'],
    ['how far is the task about photo.png?', 'progress'],
  ])('is what it would be without it: %s → %s', (text, intent) => {
    expect(decided(text)).toBe(intent);
  });
});
