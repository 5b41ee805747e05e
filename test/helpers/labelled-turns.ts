import { readFileSync } from 'node:fs';

/** A turn of a chat with how it is to be routed. */
export interface LabelledTurn {
  readonly text: string;
  readonly intent: string;
  readonly type?: string;
  /** What Wilson had said before it. */
  readonly after?: string;
}

/** The labelled turns of a file below test/fixtures/data/routing. */
export function labelledTurns(name: string): LabelledTurn[] {
  const file = new URL(`../fixtures/data/routing/${name}`, import.meta.url);
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LabelledTurn);
}
