/** Everything inside the code blocks of an answer; the answer itself where it has none but looks like code. */
export function codeOf(answer: string): string {
  const blocks = [...answer.matchAll(/```[^\n`]*\n([\s\S]*?)(?:\n```|$)/g)].map((match) => match[1] ?? '');
  const code = blocks.filter((block) => block.trim() !== '').join('\n\n');
  if (code !== '') return dedent(code);
  const plain = answer.trim();
  return /^(from |import |def |class |async def |function |const |export |assert|#|@|"use strict")/m.test(plain)
    ? plain
    : '';
}

/** Small models sometimes indent a whole block. */
function dedent(code: string): string {
  const lines = code.replace(/\r\n/g, '\n').replace(/\t/g, '    ').split('\n');
  const first = lines.find((line) => line.trim() !== '') ?? '';
  const indent = first.length - first.trimStart().length;
  if (indent === 0) return lines.join('\n');
  return lines.map((line) => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line)).join('\n');
}
