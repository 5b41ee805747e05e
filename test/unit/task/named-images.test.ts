import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findImages, namedImages } from '../../../src/task/named-images.js';

describe('the images that a text names', () => {
  it.each<[string, string[]]>([
    ['what is in photo.png?', ['photo.png']],
    ['describe Photo.JPG.', ['Photo.JPG']],
    ['./a.jpeg, b.gif; (c.webp) and d.bmp', ['a.jpeg', 'b.gif', 'c.webp', 'd.bmp']],
    ['compare img/a.png,img/b.png', ['img/a.png', 'img/b.png']],
    ['/home/me/p.png: who is that?', ['/home/me/p.png']],
    ["photo.png's colours", ['photo.png']],
    ['~/Pictures/x.png', ['~/Pictures/x.png']],
    ['C:\\pictures\\p.png', ['C:/pictures/p.png']],
    ['photo(1).png', ['photo(1).png']],
    ['@photo.png', ['photo.png']],
    ['![a cat](photo.png)', ['photo.png']],
    ['file:///home/me/p.png', ['/home/me/p.png']],
    ['photo.png and photo.png', ['photo.png']],
  ])('%s', (text, names) => {
    expect(namedImages(text)).toEqual(names);
  });

  it.each<[string, string[]]>([
    ["what's in 'my photo.png' and what's in b.png?", ['my photo.png', 'b.png']],
    ['look at "a b/c d.webp"', ['a b/c d.webp']],
    ['describe `x y.png`', ['x y.png']],
    ['„mein bild.gif“ beschreiben', ['mein bild.gif']],
    ['que montre « ma photo.bmp » ?', ['ma photo.bmp']],
    ['my\\ photo.png', ['my photo.png']],
    ["what is in it\\'s\\ me\\ \\(1\\).png", ["it's me (1).png"]],
  ])('with spaces where they are quoted: %s', (text, names) => {
    expect(namedImages(text)).toEqual(names);
  });

  it.each<[string, string[]]>([
    ['Was ist auf Foto.png zu sehen?', ['Foto.png']],
    ['Beschreibe die photo.png-Datei.', ['photo.png']],
    ['Bild:photo.png', ['photo.png']],
    ['Que montre photo.png ?', ['photo.png']],
    ['请看photo.png里有什么', ['photo.png']],
    ['看照片.png', ['看照片.png']],
    ['photo.png에 뭐가 있어?', ['photo.png']],
    ['что на фото.png?', ['фото.png']],
  ])('in other languages: %s', (text, names) => {
    expect(namedImages(text)).toEqual(names);
  });

  it.each([
    'image.png.py',
    'all png files',
    'a .png file',
    '*.png and {a,b}.png',
    'https://example.com/photo.png?size=1',
    'www.example.com/photo.png',
    '//cdn.example.com/photo.png',
    "img = open('photo.png')",
    'img = open(photo.png',
    '<img src="photo.png">',
    'fix this:\n```\nload photo.png\n```',
    'photo.pngx, photo.png/ and photopng',
    'logo.svg',
  ])('are none in: %s', (text) => {
    expect(namedImages(text)).toEqual([]);
  });

  it('are found in any sentence, wherever they stand, and their place is where the name is', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}(?:\/[a-z0-9_-]{1,8}){0,2}$/);
    const extension = fc.constantFrom('png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp', 'PNG');
    const around = fc.constantFrom('what is in ', '', 'sieh dir ', '(', '"', '“', 'look at: ', 'a.txt, ');
    fc.assert(
      fc.property(name, extension, around, fc.constantFrom('', '?', '.', ' an', ', please', ')'), (stem, ext, a, b) => {
        const path = `${stem}.${ext}`;
        const close = a === '"' ? '"' : a === '“' ? '”' : '';
        const text = `${a}${path}${close}${b}`;
        const found = findImages(text);
        expect(found.map((each) => each.path)).toEqual([path]);
        expect(text.slice(found[0]?.start, found[0]?.end)).toBe(path);
      }),
    );
  });

  it('take no time in a long text without spaces', () => {
    const text = 'a.png:'.repeat(11_000);
    const start = performance.now();
    expect(namedImages(text)).toEqual([]);
    namedImages('"x.png '.repeat(9_000));
    namedImages(')].'.repeat(20_000).concat(' x.png'));
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
