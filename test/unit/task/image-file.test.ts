import { describe, expect, it } from 'vitest';
import { imageFormat, imageHeadBytes, pixelSize } from '../../../src/task/image-file.js';
import { images } from '../../helpers/sample-images.js';

describe('an image', () => {
  it.each(Object.entries(images))('of %s is known by its first bytes, with its size', (format, bytes) => {
    expect(imageFormat(bytes.subarray(0, imageHeadBytes))).toBe(format.split(' ')[0]);
    expect(pixelSize(bytes)).toEqual({ width: 3, height: 2 });
  });

  it.each(Object.entries(images))('of %s that is cut off says no size, and never throws', (format, bytes) => {
    for (let length = 0; length < bytes.length; length += 1) {
      const size = pixelSize(bytes.subarray(0, length));
      expect(size === null || (size.width === 3 && size.height === 2), `${format} cut at ${length}`).toBe(true);
    }
  });

  it.each(['', 'BM is how this text begins', '<svg/>', '%PDF-1.7', 'hello', 'RIFF....WAVE'])('is not: %j', (text) => {
    expect(imageFormat(Buffer.from(text))).toBeNull();
    expect(pixelSize(Buffer.from(text))).toBeNull();
  });
});
