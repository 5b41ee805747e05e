const compareTimeoutMs = 500;

/**
 * The new text of a file whose lines end in different ways: lines that were there before keep their ending, new ones get
 * `newline`. A model sees and writes `\n` alone, and would otherwise change every line of such a file.
 */
export async function keepNewlines(oldText: string, newText: string, newline: '\n' | '\r\n'): Promise<string> {
  const before = cut(oldText);
  const after = cut(newText);
  const { diffArrays } = await import('diff');
  const plain = (lines: readonly Line[]): string[] => lines.map((line) => line.text);
  const parts = diffArrays(plain(before), plain(after), { timeout: compareTimeoutMs });
  const endings: string[] = [];
  let at = 0;
  for (const part of parts ?? []) {
    if (part.removed) at += part.value.length;
    else if (part.added) endings.push(...part.value.map(() => newline));
    else for (const _ of part.value) endings.push(before[at++]?.ending || newline);
  }
  // The last line ends as it is given.
  return after.map(({ text, ending }, index) => text + (ending === '' ? '' : (endings[index] ?? newline))).join('');
}

interface Line {
  readonly text: string;
  readonly ending: string;
}

function cut(text: string): Line[] {
  return text.split(/(?<=\n)/).map((line) => {
    const ending = /\r?\n$/.exec(line)?.[0] ?? '';
    return { text: line.slice(0, line.length - ending.length), ending };
  });
}
