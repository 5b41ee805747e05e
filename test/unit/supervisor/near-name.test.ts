import { describe, expect, it } from 'vitest';
import { nearestName } from '../../../src/supervisor/near-name.js';

describe('the nearest name', () => {
  it.each<[string, string[], string | null]>([
    ['photo.png', ['Photo.PNG', 'foto.png'], 'Photo.PNG'],
    ['photo.png', ['img/photo.png', 'phato.png'], 'img/photo.png'],
    ['photo.png', ['photo.jpg', 'phot.png'], 'photo.jpg'],
    ['photo.png', ['my photo.png'], 'my photo.png'],
    ['phtoo.png', ['photo.png'], 'photo.png'],
    ['screnshot.png', ['logo.png', 'screenshot.png'], 'screenshot.png'],
    ['cat.png', ['dog.png'], null],
    ['photo.png', [], null],
  ])('to %s among %j is %s', (name, candidates, near) => {
    expect(nearestName(name, candidates)).toBe(near);
  });
});
