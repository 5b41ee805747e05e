import { balanced } from './example-text.js';

/**
 * Doctests as assertions: `>>> f(1)` and the value below it, over as many lines as its brackets need. Values given to
 * names before (`>>> x = [1]`) are repeated in front of what uses them, what `print` shows is compared as text, and a
 * traceback becomes an exception that has to be raised. Pure.
 */
export function findDoctests(text: string): string[] {
  const found: string[] = [];
  const given: string[] = [];
  const lines = text.split('\n').map((line) => line.replace(/(?:"""|''').*$/, ''));
  for (let index = 0; index < lines.length; index += 1) {
    const prompt = /^\s*>>>\s*(.+?)\s*$/.exec(lines[index] ?? '');
    if (prompt?.[1] === undefined) continue;
    let source = prompt[1];
    for (let more = /^\s*\.\.\.\s?(.*)$/.exec(lines[index + 1] ?? ''); more !== null; ) {
      source += `\n${more[1] ?? ''}`;
      index += 1;
      more = /^\s*\.\.\.\s?(.*)$/.exec(lines[index + 1] ?? '');
    }
    const answer: string[] = [];
    while (isAnswer(lines[index + 1]) && !isWhole(source, answer)) {
      index += 1;
      answer.push((lines[index] ?? '').trim());
    }
    if (/[^=!<>]==[^=]/.test(source) && (answer.length === 0 || answer[0] === 'True')) {
      found.push(`assert ${source}`);
      continue;
    }
    if (answer.length === 0) {
      if (/^[A-Za-z_]\w*\s*=[^=]/.test(source)) given.push(source);
      continue;
    }
    found.push([...given.filter((each) => uses(source, each)), asserted(source, answer)].join('\n'));
  }
  return found;
}

function isAnswer(line: string | undefined): boolean {
  return line !== undefined && line.trim() !== '' && !/^\s*>>>/.test(line);
}

/** A value ends with its last bracket, whatever prose follows below; what is printed or raised ends where the block does. */
function isWhole(source: string, answer: readonly string[]): boolean {
  const [first] = answer;
  if (first === undefined || /^Traceback \(/.test(first) || source.startsWith('print(')) return false;
  return !/^[[({]/.test(first) || balanced(answer.join('\n'), 0) !== null;
}

function uses(source: string, assignment: string): boolean {
  const name = /^\w+/.exec(assignment)?.[0];
  return name !== undefined && new RegExp(`\\b${name}\\b`).test(source);
}

function asserted(source: string, answer: readonly string[]): string {
  if (/^Traceback \(/.test(answer[0] ?? '')) {
    const error = /^(\w+)/.exec(answer.at(-1) ?? '')?.[1] ?? 'Exception';
    return `with self.assertRaises(${error}):\n    ${source}`;
  }
  const printed = /^print\((.*)\)$/s.exec(source)?.[1];
  if (printed !== undefined) return `assert str(${printed}) == ${JSON.stringify(answer.join('\n'))}`;
  const result = answer.join(' ');
  // A result over several lines is one literal; a comment after it is none of it.
  return `assert ${source} == ${answer.length > 1 || result.includes('#') ? `(${answer.join('\n')}\n)` : result}`;
}
