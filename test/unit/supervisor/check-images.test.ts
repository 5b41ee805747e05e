import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { WilsonError } from '../../../src/errors.js';
import { checkImages, maxImages } from '../../../src/supervisor/check-images.js';
import { maxImageBytes } from '../../../src/task/image-file.js';
import type { TaskType } from '../../../src/task/task.js';
import { samplePng } from '../../helpers/sample-images.js';
import { tempFolder } from '../../helpers/temp-folder.js';

let folder: string;

beforeEach(() => {
  folder = join(tempFolder(), 'project');
  put('photo.png');
});

function put(name: string, content: Buffer | string = samplePng): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

function check(
  description: string,
  { type = 'analysis', configured = true }: { type?: TaskType; configured?: boolean } = {},
) {
  const request = { title: 'x', description, type, folder };
  return checkImages(request, { visionConfigured: configured, home: dirname(folder) });
}

async function refusal(description: string, options: { type?: TaskType; configured?: boolean } = {}): Promise<string> {
  return check(description, options).then(
    ({ description: text }) => `accepted: ${text}`,
    ({ code, message, hint }: WilsonError) => `${code}: ${message} ${hint}`,
  );
}

describe('a request about an image', () => {
  it('is taken as it is where the image is there', async () => {
    expect(await refusal('what is in photo.png?')).toBe('accepted: what is in photo.png?');
    expect(await refusal('what is in ./photo.png?')).toBe('accepted: what is in ./photo.png?');
  });

  it('is refused where no vision model is configured, with the key and an example, and before any file is looked at', async () => {
    expect(await refusal('what is in gone.png?', { configured: false })).toMatch(
      /^VISION_NOT_CONFIGURED: No vision model is configured: .*gone\.png.* set llms\.vision in config\.yaml, e\.g\. .*llava/,
    );
  });

  it('is nobody’s business where it is about code, or names no image', async () => {
    const text = 'write code that resizes gone.png';
    expect(await refusal(text, { type: 'code', configured: false })).toBe(`accepted: ${text}`);
    expect(await refusal('what is in gone.png?', { type: 'code', configured: false })).toContain('accepted');
    expect(await refusal('look at main.py', { configured: false })).toContain('accepted');
  });

  it('says of an image that is not there which may be meant', async () => {
    expect(await refusal('what is in phtoo.png?')).toBe(
      'IMAGE_MISSING: There is no image phtoo.png. Did you mean "photo.png"?',
    );
    expect(await refusal('what is in zebra.png?')).toMatch(
      /^IMAGE_MISSING: There is no image zebra\.png\. Name a file of /,
    );
    put('img/my holiday.jpg');
    expect(await refusal('what is in holiday.jpg?')).toMatch(
      /Did you mean "img\/my holiday\.jpg"\? A name with spaces/,
    );
    expect(await refusal('what is in photo.png/x.png?')).toMatch(/^IMAGE_MISSING/);
  });

  it('says of a file that is no image why', async () => {
    put('text.png', 'hello');
    put('empty.png', '');
    mkdirSync(join(folder, 'folder.png'));
    expect(await refusal('what is in text.png?')).toMatch(/^NOT_AN_IMAGE: text\.png is no image: its content/);
    expect(await refusal('what is in empty.png?')).toMatch(/^NOT_AN_IMAGE: .*empty/);
    expect(await refusal('what is in folder.png?')).toMatch(/^NOT_AN_IMAGE: .*not a file/);
  });

  it('is refused for an image that is too large, and for too many', async () => {
    put('big.png', Buffer.concat([samplePng, Buffer.alloc(maxImageBytes)]));
    expect(await refusal('what is in big.png?')).toMatch(/^IMAGE_TOO_LARGE: big\.png has 21 MB; at most 20 MB/);
    const names = Array.from({ length: maxImages + 1 }, (_, index) => `${index}.png`);
    expect(await refusal(`compare ${names.join(', ')}`)).toMatch(/^BAD_REQUEST: .*9 images; at most 8/);
  });

  it.runIf(process.getuid?.() !== 0)('says of an image that may not be read that it may not', async () => {
    put('closed.png');
    chmodSync(join(folder, 'closed.png'), 0);
    expect(await refusal('what is in closed.png?')).toMatch(/^IMAGE_MISSING: closed\.png may not be read/);
  });

  it('is refused for an image outside of the folder, also behind a link', async () => {
    writeFileSync(join(dirname(folder), 'secret.png'), samplePng);
    symlinkSync(join(dirname(folder), 'secret.png'), join(folder, 'link.png'));
    for (const name of ['../secret.png', join(dirname(folder), 'secret.png'), '~/secret.png', 'link.png']) {
      expect(await refusal(`what is in ${name}?`), name).toMatch(/^IMAGE_OUTSIDE: /);
    }
  });

  it('names an image by its place in the folder, since the task gets a copy', async () => {
    put('a b/c d.png');
    const escaped = join(folder, 'a b/c d.png').replaceAll(' ', '\\ ');
    expect(await refusal(`what is in ${join(folder, 'photo.png')}?`)).toBe('accepted: what is in photo.png?');
    expect(await refusal('what is in ~/project/photo.png?')).toBe('accepted: what is in photo.png?');
    expect(await refusal(`compare '${join(folder, 'a b/c d.png')}' with photo.png`)).toBe(
      "accepted: compare 'a b/c d.png' with photo.png",
    );
    expect(await refusal(`compare ${escaped} with photo.png`)).toBe('accepted: compare "a b/c d.png" with photo.png');
  });

  it('knows the folder by its other name too', async () => {
    const alias = join(dirname(folder), 'alias');
    symlinkSync(folder, alias);
    const request = {
      title: 'x',
      description: `describe ${join(alias, 'photo.png')}`,
      type: 'analysis',
      folder,
    } as const;
    const { description } = await checkImages(request, { visionConfigured: true, home: '/' });
    expect(description).toBe('describe photo.png');
  });
});
