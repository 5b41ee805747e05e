import { describe, expect, it } from 'vitest';
import type { CommandIo } from '../../../src/cli/command-io.js';
import type { TaskJson } from '../../../src/cli/json-shapes.js';
import { show } from '../../../src/cli/tasks.js';
import { systemClock } from '../../../src/clock.js';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { Store } from '../../../src/store/store.js';
import { MemoryTimeline } from '../../../src/supervisor/memory-timeline.js';
import { tempFolder } from '../../helpers/temp-folder.js';

/** A state folder with one task that was tried once and is running again. */
function running() {
  const state = tempFolder();
  const store = Store.open(state, systemClock);
  store.sessions.begin({
    id: 's1',
    kind: 'chat',
    folder: '/project',
    identity: ownIdentity(),
    limits: { maxConcurrent: 2, maxMemoryMb: 4_096, warnThresholdMb: 4_000 },
  });
  const input = {
    title: 't',
    description: 'd',
    type: 'code',
    folder: '/project',
    priority: 0,
    sessionId: 's1',
  } as const;
  const { id } = store.tasks.submit(input);
  const need = { processMb: 200, model: null };
  const claim = { taskId: id, sessionId: 's1', ownerToken: 's1', maxConcurrent: 2, need, maxMemoryMb: 4_096 };
  const sample = (attempt: number, amounts: readonly number[], reservedMb: number): void => {
    const timeline = new MemoryTimeline(0);
    for (const [index, mb] of amounts.entries()) {
      timeline.add(index * 500, mb);
      const record = JSON.stringify({ ...timeline.record(), reservedMb });
      store.workers.setMemory(id, attempt, { processMb: mb, kind: 'pss', timeline: record });
    }
  };
  store.workers.claim(claim);
  sample(1, [50, 300], 200);
  store.workers.release(id, 1);
  store.tasks.requeue(id, 1, { runAtMs: 0, findings: [], interruption: 'none', needMb: 330, error: null });
  store.workers.claim({ ...claim, need: { processMb: 330, model: null } });
  sample(2, [50, 100, 200], 330);
  store.close();
  return { state, id };
}

async function shown(state: string, id: string, json: boolean): Promise<string> {
  let text = '';
  const stdout = {
    write: (part: string) => {
      text += part;
    },
  };
  const io: CommandIo = { env: { WILSON_HOME: state }, cwd: state, stdout, stderr: stdout };
  expect(await show(id, { json }, io)).toBe(0);
  return text;
}

describe('wilson show', () => {
  it('draws the memory of each attempt, that of the running one as far as it goes', async () => {
    const { state, id } = running();
    expect(await shown(state, id, false)).toContain(
      [
        'Memory    attempt 1  ▂█  at most 300 MB, 200 MB reserved',
        '          attempt 2  ▂▃▆  at most 200 MB, 330 MB reserved',
      ].join('\n'),
    );
  });

  it('gives the same as JSON', async () => {
    const { state, id } = running();
    expect((JSON.parse(await shown(state, id, true)) as TaskJson).memory).toEqual([
      { attempt: 1, stepMs: 500, mb: [50, 300], reservedMb: 200 },
      { attempt: 2, stepMs: 500, mb: [50, 100, 200], reservedMb: 330 },
    ]);
  });
});
