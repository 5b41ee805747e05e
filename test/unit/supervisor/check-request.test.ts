import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRequest } from '../../../src/supervisor/check-request.js';
import { taskTypes } from '../../../src/task/task.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const asked = { title: 't', description: 'Count the files in here', planned: false };

describe('a request in the home folder or for a whole disk', () => {
  it('is refused where it needs a copy of that folder', async () => {
    const home = tempFolder();
    for (const type of taskTypes) {
      for (const folder of [home, join(home, '..'), '/']) {
        await expect(checkRequest({ ...asked, type, folder }, home), `${type} in ${folder}`).rejects.toMatchObject({
          code: 'FOLDER_TOO_WIDE',
          message: expect.stringContaining('makes no copy of it'),
          hint: expect.stringContaining('in the folder of a project'),
        });
      }
    }
    const planned = { ...asked, type: 'general', description: 'Tell me more', planned: true, folder: home } as const;
    await expect(checkRequest(planned, home)).rejects.toMatchObject({ code: 'FOLDER_TOO_WIDE' });
  });

  it('is taken where it needs none, and in any folder below', async () => {
    const home = tempFolder();
    const question = { ...asked, description: 'What is the capital of France?' };
    for (const type of ['general', 'research', 'analysis'] as const) {
      for (const folder of [home, '/']) await checkRequest({ ...question, type, folder }, home);
    }
    await checkRequest({ ...asked, type: 'analysis', description: 'What is in photo.png?', folder: home }, home);
    await checkRequest({ ...asked, type: 'code', folder: tempFolder() }, home);
  });
});
