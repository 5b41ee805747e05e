/** Folders and files that hold the keys of a person, never of a project. */
const personal = new Set([
  '.ssh',
  '.aws',
  '.gnupg',
  'id_rsa',
  'id_dsa',
  'id_ecdsa',
  'id_ed25519',
  '.netrc',
  '.git-credentials',
]);

/**
 * The part of a path at which the credentials of a person begin (`deploy/.ssh` of `deploy/.ssh/config`); null where there
 * are none. Goes by names that no project uses for anything else: a `.pem` may be what the tests of a project need.
 */
export function credentialsIn(path: string): string | null {
  const parts = path.split('/');
  const at = parts.findIndex((part) => personal.has(part));
  return at < 0 ? null : parts.slice(0, at + 1).join('/');
}
