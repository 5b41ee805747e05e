import { fileURLToPath } from 'node:url';
import { nodeArguments } from '../platform/bound-child.js';

/** The command that a guardian becomes when its parent was killed: see give-back.ts. */
export function giveBackCommand(): string[] {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`./give-back.${extension}`, import.meta.url));
  return [process.execPath, ...nodeArguments(entry)];
}
