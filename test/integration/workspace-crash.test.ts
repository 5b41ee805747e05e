import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sleep, systemClock } from '../../src/clock.js';
import { applyWorkspace, recoverApplies } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import type { Workspace } from '../../src/workspace/workspace.js';

const fileCount = 90;
let top: string;
let folder: string;
let stateFolder: string;
let workspace: Workspace;

beforeEach(async () => {
  top = realpathSync(mkdtempSync(path.join(tmpdir(), 'wilson-crash-')));
  folder = path.join(top, 'project');
  stateFolder = path.join(top, 'state');
  mkdirSync(folder);
  for (let index = 0; index < fileCount; index += 1) writeFileSync(path.join(folder, `old-${index}`), 'old');
  workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder });
  mkdirSync(path.join(workspace.root, 'new'));
  for (let index = 0; index < fileCount; index += 1) {
    if (index % 3 === 0) rmSync(path.join(workspace.root, `old-${index}`));
    else writeFileSync(path.join(workspace.root, `old-${index}`), 'new');
    writeFileSync(path.join(workspace.root, 'new', `${index}`), 'new');
  }
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function contents(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(names.map((name) => [path.relative(root, name), readFileSync(name, 'utf8')]));
}

/** Starts the action in a process of its own and kills it once `isMidway`, or lets it end. True when it was killed. */
async function killMidway(action: 'apply' | 'undo', isMidway: () => boolean): Promise<boolean> {
  const file = path.join(workspace.metaDir, 'workspace.json');
  const fixture = path.resolve(import.meta.dirname, '../fixtures/commands/applies-workspace.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', fixture, action, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  await once(child.stdout, 'data');
  while (child.exitCode === null && !isMidway()) await sleep(systemClock, 0);
  child.kill('SIGKILL');
  await exit;
  return child.signalCode === 'SIGKILL';
}

function count(root: string, wanted: (name: string) => boolean): number {
  try {
    return readdirSync(root).filter(wanted).length;
  } catch {
    // The folder is not there yet.
    return 0;
  }
}

describe('an apply that is killed', () => {
  const staged = (): number => {
    const staging = readdirSync(folder).find((name) => name.startsWith('.wilson-'));
    return staging === undefined ? 0 : count(path.join(folder, staging), () => true);
  };
  const placed = (): number => count(path.join(folder, 'new'), () => true);
  const removed = (): number => fileCount - count(folder, (name) => name.startsWith('old-'));

  it.each<[string, () => boolean]>([
    ['before it staged anything', () => true],
    ['while it stages', () => staged() > 10],
    ['while it removes', () => removed() > 0],
    ['while it places', () => placed() > 0],
    ['when most is placed', () => placed() > 30],
  ])('%s leaves all or nothing', async (_when, isMidway) => {
    const [before, after] = [contents(folder), contents(workspace.root)];
    await killMidway('apply', isMidway);
    recoverApplies(stateFolder);
    const now = contents(folder);
    if (Object.keys(now).some((name) => name.startsWith('new'))) expect(now).toEqual(after);
    else expect(now).toEqual(before);
    await applyWorkspace(workspace);
    expect(contents(folder)).toEqual(after);
    expect(readdirSync(folder).filter((name) => name.startsWith('.wilson-'))).toEqual([]);
  });

  it('does the same for an undo', async () => {
    const [before, after] = [contents(folder), contents(workspace.root)];
    await applyWorkspace(workspace);
    expect(contents(folder)).toEqual(after);
    await killMidway('undo', () => fileCount - placed() > 0);
    recoverApplies(stateFolder);
    expect([before, after]).toContainEqual(contents(folder));
  });

  it('is left alone while it is still going on in another process', async () => {
    let recovered: string[] | null = null;
    await killMidway('apply', () => {
      if (staged() <= 10) return false;
      recovered ??= recoverApplies(stateFolder);
      return true;
    });
    expect(recovered).toEqual([]);
    expect(recoverApplies(stateFolder)).toEqual(['TASK-001']);
  });

  it('keeps what somebody wrote after the crash', async () => {
    const killed = await killMidway('apply', () => placed() > 0);
    writeFileSync(path.join(folder, 'old-1'), 'mine');
    recoverApplies(stateFolder);
    expect(readFileSync(path.join(folder, 'old-1'), 'utf8')).toBe('mine');
    expect(killed || placed() === fileCount).toBe(true);
  });
});
