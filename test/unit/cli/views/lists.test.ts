import { describe, expect, it } from 'vitest';
import { taskJson } from '../../../../src/cli/json-shapes.js';
import { columnsOf } from '../../../../src/cli/views/columns.js';
import { findingsView } from '../../../../src/cli/views/findings-view.js';
import { logLines } from '../../../../src/cli/views/log-lines.js';
import { modelsView } from '../../../../src/cli/views/models-view.js';
import { tasksView } from '../../../../src/cli/views/tasks-view.js';
import { doneTask, sampleTask } from '../sample-task.js';

const wide = { columns: Number.POSITIVE_INFINITY, colors: false };

describe('tasksView', () => {
  const tasks = [taskJson(sampleTask({ id: 'TASK-002' })), taskJson(doneTask())];
  const now = Date.parse('2026-11-25T17:43:20.000Z');

  it('is one line a task, in the given order', () => {
    expect(tasksView(tasks, now, wide)).toBe(
      [
        'TASK      STATUS  TYPE  AGE        MODEL                          TITLE',
        'TASK-002  queued  code  3 min ago  -                              Write slugify.py',
        'TASK-001  done    code  3 min ago  qwen2.5-coder:0.5b (fallback)  Write slugify.py',
        '',
      ].join('\n'),
    );
    expect(tasksView([], now, wide)).toBe('No tasks.\n');
  });

  it('leaves out columns rather than the title where it is narrow', () => {
    const narrow = tasksView(tasks, now, { columns: 40, colors: false });
    for (const line of narrow.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(40);
    expect(narrow).toMatch(/^TASK +STATUS.* +TITLE\n/);
  });
});

describe('logLines', () => {
  it('gives each event its time and level, and indents further lines', () => {
    const at = new Date(2026, 10, 25, 17, 42, 3).toISOString();
    expect(
      logLines(
        [
          { at, level: 'info', text: 'claimed' },
          { at, level: 'error', text: 'exit 1\n  File "x.py"\u001b[31m\r\n' },
        ],
        wide,
      ),
    ).toBe('17:42:03 info  claimed\n17:42:03 error exit 1\n                 File "x.py"\n');
  });
});

describe('modelsView', () => {
  it('shows what is used for what, why, and what is there', () => {
    const server = 'http://127.0.0.1:11434';
    const reason = 'Ollama has no qwen2.5-coder:14b; fetch it with: ollama pull qwen2.5-coder:14b';
    expect(
      modelsView(
        {
          purposes: [
            {
              purpose: 'chat',
              provider: 'ollama',
              model: 'llama3:latest',
              server,
              usedFallback: false,
              fallbackReason: null,
            },
            {
              purpose: 'code',
              provider: 'ollama',
              model: 'llama3:latest',
              server,
              usedFallback: true,
              fallbackReason: reason,
            },
          ],
          models: [
            {
              name: 'llama3:latest',
              provider: 'ollama',
              server,
              sizeBytes: 4_661_224_676,
              contextTokens: 8_192,
              present: true,
              loaded: true,
            },
            {
              name: 'qwen2.5-coder:1.5b',
              provider: 'llamacpp',
              server: 'embedded',
              sizeBytes: 1_117_320_768,
              contextTokens: null,
              present: false,
              loaded: false,
            },
          ],
        },
        wide,
      ),
    ).toBe(
      [
        'PURPOSE  MODEL                     PROVIDER  SERVER',
        'chat     llama3:latest             ollama    http://127.0.0.1:11434',
        'code     llama3:latest (fallback)  ollama    http://127.0.0.1:11434',
        '',
        `code: ${reason}`,
        '',
        'MODEL               PROVIDER    SIZE  CONTEXT  STATE                         SERVER',
        'llama3:latest       ollama    4.3 GB    8,192  loaded                        http://127.0.0.1:11434',
        'qwen2.5-coder:1.5b  llamacpp  1.0 GB        -  not here: wilson models pull  embedded',
        '',
      ].join('\n'),
    );
  });
});

describe('findingsView', () => {
  it('puts each remedy below its finding and counts', () => {
    expect(
      findingsView(
        [
          { level: 'ok', what: 'Configuration: /c.yaml', remedy: '' },
          { level: 'warn', what: 'Ollama does not answer.', remedy: 'Start it with: ollama serve' },
          { level: 'error', what: 'Two lines\nof it', remedy: '' },
        ],
        wide,
      ),
    ).toBe(
      '✓ Configuration: /c.yaml\n! Ollama does not answer.\n  → Start it with: ollama serve\n✗ Two lines\n  of it\n\n1 error, 1 warning.\n',
    );
    expect(findingsView([{ level: 'ok', what: 'x', remedy: '' }], wide)).toMatch(/All is well\.\n$/);
  });
});
