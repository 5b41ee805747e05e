import { describe, expect, it } from 'vitest';
import { kill } from '../../../src/cli/kill.js';
import { ps } from '../../../src/cli/ps.js';
import { logs, show, tasks } from '../../../src/cli/tasks.js';
import { type CapturedIo, capturedIo } from '../../helpers/captured-io.js';
import { plannedFamily } from '../../helpers/family-rig.js';

describe('--json', () => {
  it.each<[string, (io: CapturedIo) => Promise<number>]>([
    ['show', (io) => show('1', { json: true }, io)],
    ['tasks', (io) => tasks({ json: true, limit: '5' }, io)],
    ['ps', (io) => ps({ json: true, watch: false }, io)],
    ['kill', (io) => kill(['1'], { all: false, json: true }, io)],
  ])('is one indented value of %s', async (_name, command) => {
    const { state } = plannedFamily();
    const io = capturedIo(state);
    expect(await command(io)).toBe(0);
    expect(io.out.stdout).toBe(`${JSON.stringify(JSON.parse(io.out.stdout), null, 2)}\n`);
  });

  it('is one value a line where they come one after the other', async () => {
    const { state, store } = plannedFamily();
    for (const text of ['one', 'two'])
      store.events.append({ taskId: 'TASK-001', sessionId: null, level: 'info', kind: 'log', text });
    const io = capturedIo(state);
    expect(await logs('1', { follow: false, json: true }, io)).toBe(0);
    const lines = io.out.stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual([
      'Build a todo app with tests',
      'one',
      'two',
    ]);
  });
});
