/** Characters that file systems of Apple leave out when they compare names. */
const unseen = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * Whether some file system takes a name for `.git`, where the repository (and what git runs for its user) is kept: other
 * case, unseen characters, the endings and the short form that Windows drops. git refuses the same names in a tree.
 */
export function isGitName(name: string): boolean {
  const plain = name
    .replace(unseen, '')
    .toLowerCase()
    .replace(/:.*$/s, '')
    .replace(/[ .]+$/, '');
  return plain === '.git' || /^git~\d+$/.test(plain);
}
