import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRequest } from '../../../src/supervisor/check-request.js';
import { taskTypes } from '../../../src/task/task.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const asked = { title: 't', description: 'do something', planned: false };

describe('a request in the home folder or for a whole disk', () => {
  it('is refused where it needs a copy of that folder', async () => {
    const home = tempFolder();
    for (const type of taskTypes.filter((one) => one !== 'general')) {
      for (const folder of [home, join(home, '..'), '/']) {
        await expect(checkRequest({ ...asked, type, folder }, home), `${type} in ${folder}`).rejects.toMatchObject({
          code: 'FOLDER_TOO_WIDE',
          message: expect.stringContaining('makes no copy of it'),
          hint: expect.stringContaining('in the folder of a project'),
        });
      }
    }
    const planned = { ...asked, type: 'general', planned: true, folder: home } as const;
    await expect(checkRequest(planned, home)).rejects.toMatchObject({ code: 'FOLDER_TOO_WIDE' });
  });

  it('is taken where it needs none, and in any folder below', async () => {
    const home = tempFolder();
    await checkRequest({ ...asked, type: 'general', folder: home }, home);
    await checkRequest({ ...asked, type: 'general', folder: '/' }, home);
    await checkRequest({ ...asked, type: 'analysis', description: 'What is in photo.png?', folder: home }, home);
    await checkRequest({ ...asked, type: 'code', folder: tempFolder() }, home);
  });
});
