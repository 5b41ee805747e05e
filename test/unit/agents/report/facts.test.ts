import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvFacts, CsvReader } from '../../../../src/agents/report/facts/csv-facts.js';
import { fileFacts } from '../../../../src/agents/report/facts/file-facts.js';
import { isLog, LogFacts } from '../../../../src/agents/report/facts/log-facts.js';
import { tempFolder } from '../../../helpers/temp-folder.js';

function logFacts(text: string): string[] {
  const facts = new LogFacts();
  for (const line of text.split('\n')) facts.add(line);
  return facts.result('app.log');
}

function csvFacts(text: string): string[] {
  const reader = new CsvReader();
  const facts = new CsvFacts();
  for (const line of text.split('\n')) {
    const row = reader.line(line);
    if (row !== null) facts.add(row);
  }
  return facts.result('sales.csv');
}

describe('LogFacts', () => {
  const log = [
    '2026-01-05 09:00:01 INFO server started on port 8080',
    '2026-01-05 09:10:02 ERROR timeout after 1200 ms for user 17',
    '2026-01-05 09:20:03 WARN slow query took 2.5 s',
    '2026-01-05 10:00:04 ERROR timeout after 800 ms for user 99',
  ].join('\n');

  it('counts lines, levels, hours, messages of one kind, and names the slowest', () => {
    expect(logFacts(log)).toEqual([
      'app.log has 4 lines, 4 of them with a time.',
      'The first time is 2026-01-05 09:00:01, the last 2026-01-05 10:00:04.',
      'Lines by level: ERROR 2, INFO 1, WARN 1.',
      'Lines per hour: 2026-01-05 09:00 3, 2026-01-05 10:00 1.',
      '2 × “ERROR timeout after # ms for user #” (first in line 2).',
      '1 × “WARN slow query took # s” (first in line 3).',
      'Slow: 2.5 s in line 3: “2026-01-05 09:20:03 WARN slow query took 2.5 s”.',
      'Slow: 1.2 s in line 2: “2026-01-05 09:10:02 ERROR timeout after 1200 ms for user 17”.',
      'Slow: 800 ms in line 4: “2026-01-05 10:00:04 ERROR timeout after 800 ms for user 99”.',
    ]);
  });

  it('counts the requests of a web server', () => {
    const line = (status: number, target: string): string =>
      `1.2.3.4 - - [05/Jan/2026:09:00:00 +0000] "GET ${target} HTTP/1.1" ${status} 12`;
    const facts = logFacts([line(200, '/a?x=1'), line(404, '/b'), line(200, '/a')].join('\n'));
    expect(facts).toContain('Requests by status: 200 2, 404 1.');
    expect(facts).toContain('Most asked for: GET /a 2, GET /b 1.');
  });

  it('knows a log by its name or its lines', () => {
    expect(isLog('var/app.log', '')).toBe(true);
    expect(isLog('out.txt', log)).toBe(false);
    expect(isLog('out.txt', `${log}\n${log}`)).toBe(true);
    expect(isLog('notes.txt', 'Dear all,\nit rains.\n')).toBe(false);
    expect(isLog('app.py', `${log}\n${log}`)).toBe(false);
  });
});

describe('CsvFacts', () => {
  it('describes columns and sums by group', () => {
    expect(csvFacts('region,amount,note\nnorth,10,a\nsouth,2.5,\nnorth,20,"b, ""c"""\n')).toEqual([
      'sales.csv has 3 rows and 3 columns: region, amount, note.',
      'region: 2 different values: north 2, south 1.',
      'amount: 3 numbers from 2.5 to 20, sum 32.5, mean 10.83.',
      'note: 2 different values, 1 empty.',
      'The most amount by region has north, the least south.',
      'Sum of amount by region: north 30 (mean 15), south 2.5 (mean 2.5).',
    ]);
  });

  it('reads other delimiters, figures with signs, and cells over several lines', () => {
    expect(csvFacts('a;b\n"x\ny";$1,200\nz;300')).toEqual([
      'sales.csv has 2 rows and 2 columns: a, b.',
      'a: 2 different values.',
      'b: 2 numbers from 300 to 1200, sum 1500, mean 750.',
    ]);
  });

  it('reads back whatever was quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 2, maxLength: 5 }), (cells) => {
        const plain = cells.map((cell) => cell.replace(/[\r\n]/g, ''));
        const line = plain.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');
        const reader = new CsvReader();
        reader.line('a,b');
        expect(reader.line(line)).toEqual(plain);
      }),
    );
  });
});

describe('fileFacts', () => {
  const signal = new AbortController().signal;

  it('counts a long file by streaming, and leaves other files alone', async () => {
    const root = tempFolder();
    writeFileSync(
      path.join(root, 'big.csv'),
      `\uFEFFid,n\n${Array.from({ length: 20_000 }, (_, index) => `${index},${index % 7}\n`).join('')}`,
    );
    writeFileSync(path.join(root, 'a.py'), 'x = 1\n');
    writeFileSync(path.join(root, 'b.log'), Buffer.from([0, 1, 2]));
    const counted = await fileFacts(root, 'big.csv', signal);
    expect(counted).toMatchObject({ lines: 20_001, whole: true });
    expect(counted?.facts[0]).toBe('big.csv has 20000 rows and 2 columns: id, n.');
    expect(await fileFacts(root, 'a.py', signal)).toBeNull();
    expect(await fileFacts(root, 'b.log', signal)).toBeNull();
  });

  it('stops when the task does', async () => {
    const root = tempFolder();
    writeFileSync(path.join(root, 'big.log'), 'x\n'.repeat(50_000));
    await expect(fileFacts(root, 'big.log', AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
