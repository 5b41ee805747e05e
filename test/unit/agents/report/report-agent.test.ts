import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentFor } from '../../../../src/agents/registry.js';
import type { TaskType } from '../../../../src/task/task.js';
import { agentContext } from '../../../helpers/agent-context.js';
import {
  type AgentScript,
  question,
  ScriptedModel,
  type ScriptedModelOptions,
} from '../../../helpers/scripted-model.js';
import { tempFolder } from '../../../helpers/temp-folder.js';

const words =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega one two three four five six seven eight nine ten eleven twelve north south east west up down';

async function write(
  description: string,
  files: Readonly<Record<string, string>>,
  script: AgentScript = [`${words}.`],
  options: ScriptedModelOptions & { taskType?: TaskType } = {},
) {
  const root = tempFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text);
  const model = new ScriptedModel(script, options);
  const context = agentContext({ root, model, description, taskType: options.taskType ?? 'research' });
  const result = await agentFor(context.order)(context);
  return { result, model, logs: context.logs, report: () => readFileSync(path.join(root, 'report.md'), 'utf8') };
}

const asked = (model: ScriptedModel): string => model.requests.map((request) => question(request)).join('\n');

describe('a report', () => {
  it('lists by program what was read', async () => {
    const { result, report, model } = await write('How does the login code of this project work?', {
      'login.py': 'def login(user):\n    return True\n',
      'README.md': '# Shop\n',
    });
    expect(result).toMatchObject({ outcome: 'finished', checks: [{ check: 'report_written', paths: ['report.md'] }] });
    expect(result.summary).toContain('from 2 files');
    expect(asked(model)).toContain('def login(user)');
    expect(report()).toContain('## Sources\n\n- login.py, all 2 lines\n- README.md, all 1 lines');
  });

  it('about the world reads nothing here and says where it comes from', async () => {
    const { result, report, model } = await write('Research the history of the printing press', {
      'login.py': 'def login(user):\n    return True\n',
    });
    expect(asked(model)).not.toContain('login');
    expect(result.summary).toContain('own knowledge alone; nothing was looked up');
    expect(report()).toContain('there is no connection to the internet');
    expect(report()).not.toContain('## Sources');
  });

  it('about the world does not take code for a source that shares a word or two', async () => {
    const { model } = await write('Research the advantages of SQLite over plain text for small programs', {
      'store.py': 'import sqlite3\n# plain and small\n',
    });
    expect(asked(model)).not.toContain('sqlite3');
  });

  it('says which of the files it names are not there', async () => {
    const { report } = await write('Summarise notes.txt and missing.txt', { 'notes.txt': 'Buy milk.\n' });
    expect(report()).toContain('## Not read\n\n- missing.txt (not there)');
  });

  it('reads what does not fit part by part, within bounds, and names the rest', async () => {
    const long = Array.from({ length: 4_000 }, (_, index) => `word${index} is in this long text`).join('\n');
    const { result, report, model } = await write(
      'Summarise notes.txt',
      { 'notes.txt': long },
      (request) => (request.maxTokens === 160 ? '- a note' : `${words}.`),
      { contextTokens: 2_000 },
    );
    expect(model.requests).toHaveLength(11);
    expect(question(model.requests.at(-1) ?? { messages: [], maxTokens: 1 })).toContain(
      'Notes on notes.txt:\n- a note',
    );
    expect(report()).toMatch(
      /## Sources\n\n- notes\.txt, lines 1-\d+ of 4000\n\n## Not read\n\n- notes\.txt, lines \d+-4000 of 4000/,
    );
    expect(report()).toContain('from its own notes on the sources');
    expect(result.summary).toContain('1 source was not read, or not whole');
  });

  it('loses the sentences with figures that are in no source, and names quotes that are in none', async () => {
    const prose = `${words}. There are 4711 users. It says "a line that is nowhere".`;
    const { report, logs } = await write('Summarise notes.txt', { 'notes.txt': 'There are 12 users.\n' }, [prose]);
    expect(report()).not.toContain('4711');
    expect(report()).toContain('A sentence with figures that are in none of the sources was taken out.');
    expect(report()).toContain('- “a line that is nowhere.”'.replace('.”', '”'));
    expect(logs.join('\n')).toContain('There are 4711 users.');
  });

  it('counts a log and a table, gives the model the facts, and is worth something without it', async () => {
    const log = Array.from(
      { length: 30 },
      (_, index) => `2026-01-05 0${index % 3}:00:00 ERROR disk ${index} is full`,
    ).join('\n');
    const { result, report, model } = await write(
      'Analyse app.log: what goes wrong?',
      { 'app.log': `${log}\n` },
      ['The disks are full. There were 999 errors.'],
      { taskType: 'analysis' },
    );
    expect(result.outcome).toBe('finished');
    expect(asked(model)).toContain(
      'Counted facts; use no other figures:\n- app.log has 30 lines, 30 of them with a time.',
    );
    expect(report()).toContain('- Lines by level: ERROR 30.');
    expect(report()).toContain('- app.log, 30 lines counted by the program');
    expect(report()).toContain('The disks are full.');
    expect(report()).not.toContain('999');
  });

  it('fails when the model writes next to nothing', async () => {
    const { result } = await write('Summarise notes.txt', { 'notes.txt': 'Hello.\n' }, ['Hello.']);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'REPORT_TOO_SHORT' } });
  });

  it('gives the model what the user answered', async () => {
    const root = tempFolder();
    const model = new ScriptedModel([`${words}.`]);
    const context = agentContext({
      root,
      model,
      description: 'Compare databases',
      taskType: 'research',
      handover: [{ from: 'user', text: 'Only SQLite, please' }],
    });
    await agentFor(context.order)(context);
    expect(asked(model)).toContain('The user answered: Only SQLite, please');
  });
});
