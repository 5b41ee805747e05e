import { describe, expect, it } from 'vitest';
import { imagesInQuestion } from '../../../src/task/images-in-question.js';
import { imagesToSee, purposeOf, taskTypes } from '../../../src/task/task.js';

describe('an image is to be looked at', () => {
  it.each([
    'what is in photo.png?',
    'how many cats are in photo.png?',
    'is there a cat in photo.png',
    'open photo.png and tell me what you see',
    'read the text in photo.png',
    'write an alt text for photo.png',
    'describe photo.png and write it to report.md',
    'does index.html look like photo.png?',
    'Wie viele Leute sind auf photo.png?',
    'Que montre photo.png ?',
    'look again\n\nBefore that, the user had said: what is in photo.png',
  ])('%s', (text) => {
    expect(imagesInQuestion(text)).toEqual(['photo.png']);
  });

  it('or several', () => {
    expect(imagesInQuestion('compare a.png with "b c.jpg", then a.png again')).toEqual(['a.png', 'b c.jpg']);
  });
});

describe('an image is a file like any other', () => {
  it.each([
    'write code that resizes photo.png',
    'resize photo.png to 100 px',
    "delete my image 'my photo.png'",
    'the script that reads photo.png crashes, find out why',
    'review the page which shows logo.png',
    'why does app.py not load logo.png?',
    'why is logo.png not shown on index.html?',
    'where is logo.png used?',
    'use logo.png as the favicon',
    'save the chart to plot.png',
    'create chart.png from data.csv',
    'convert a.png to b.png',
    'how do I resize photo.png in python?',
    'Lösche foto.png',
    'Wie verkleinere ich foto.png?',
    'review it\n\nBefore that, the user had said: write code that resizes photo.png',
    'all png files',
  ])('%s', (text) => {
    expect(imagesInQuestion(text)).toEqual([]);
  });
});

describe('the purpose of a task', () => {
  const request = 'what is in photo.png?';

  it('is vision where there is something to see, but never for code and tests', () => {
    const seeing = taskTypes.filter((type) => purposeOf({ type, description: request }) === 'vision');
    expect(seeing).toEqual(['review', 'research', 'analysis', 'general']);
    expect(imagesToSee({ type: 'code', description: request })).toEqual([]);
  });

  it('is that of its type otherwise', () => {
    expect(taskTypes.map((type) => purposeOf({ type, description: 'look at main.py' }))).toEqual([
      'code',
      'chat',
      'analysis',
      'analysis',
      'analysis',
      'chat',
    ]);
  });
});
