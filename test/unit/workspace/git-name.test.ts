import { describe, expect, it } from 'vitest';
import { isGitName } from '../../../src/workspace/git-name.js';

describe('isGitName', () => {
  it.each([
    '.git',
    '.GIT',
    '.Git.',
    '.git ',
    '.git. .',
    'git~1',
    'GIT~2',
    '.git::$INDEX_ALLOCATION',
    '.g\u200cit',
    '\ufeff.git',
  ])('knows %j', (name) => expect(isGitName(name)).toBe(true));

  it.each(['.gitignore', '.github', 'git', 'agit~1', '.gitx', 'git~1x', '..git', 'x.git'])('leaves %j alone', (name) =>
    expect(isGitName(name)).toBe(false),
  );
});
