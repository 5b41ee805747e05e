import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bringImages } from '../../../src/cli/bring-images.js';
import { createWorkspace } from '../../../src/workspace/create.js';
import { diffWorkspace } from '../../../src/workspace/diff.js';
import { samplePng } from '../../helpers/sample-images.js';
import { tempFolder } from '../../helpers/temp-folder.js';

describe('images for a task', () => {
  it('that .gitignore keeps out of its copy are brought, and are no part of what it made', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, '.gitignore'), 'out/\n*.gif\n');
    writeFileSync(join(folder, 'out/plot.png'), samplePng);
    writeFileSync(join(folder, 'other.gif'), 'not asked for');
    const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder: tempFolder() });
    expect(existsSync(join(workspace.root, 'out/plot.png'))).toBe(false);
    await bringImages({ type: 'analysis', description: 'what does out/plot.png show?', folder }, workspace.root);
    expect(readFileSync(join(workspace.root, 'out/plot.png'))).toEqual(samplePng);
    expect(existsSync(join(workspace.root, 'other.gif'))).toBe(false);
    expect((await diffWorkspace(workspace)).files).toEqual([]);
  });

  it('from outside of the folder are not', async () => {
    const [folder, root, elsewhere] = [tempFolder(), tempFolder(), tempFolder()];
    writeFileSync(join(elsewhere, 'secret.png'), samplePng);
    symlinkSync(join(elsewhere, 'secret.png'), join(folder, 'link.png'));
    symlinkSync(elsewhere, join(root, 'way-out'));
    writeFileSync(join(folder, 'photo.png'), samplePng);
    const description = `compare link.png, ${join(elsewhere, 'secret.png')}, gone.png and way-out/photo.png`;
    await bringImages({ type: 'analysis', description, folder }, root);
    expect(existsSync(join(root, 'link.png'))).toBe(false);
    expect(existsSync(join(elsewhere, 'photo.png'))).toBe(false);
  });
});
