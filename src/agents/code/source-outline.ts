/** Names of the functions, methods and classes that a source defines. */
export function definitionsIn(source: string): string[] {
  const patterns = [
    /^\s*(?:async )?def (\w+)/gm,
    /^class (\w+)/gm,
    /^(?:export )?(?:default )?(?:async )?function\s*\*?\s*(\w+)/gm,
    /^(?:export )?const (\w+)\s*=\s*(?:async\s*)?(?:function|\()/gm,
    /^export (?:default )?class (\w+)/gm,
  ];
  return [...new Set(patterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1] ?? '')))];
}

export interface Block {
  readonly name: string;
  /** Its own name and those of its methods. */
  readonly names: readonly string[];
  readonly text: string;
}

/** The top-level definitions of a source, each with its text. Pure. */
export function blocksOf(source: string): Block[] {
  return source.split(blockStart).flatMap((text) => {
    const name = blockName.exec(text)?.[1];
    return name === undefined ? [] : [{ name, names: [...new Set([name, ...definitionsIn(text)])], text }];
  });
}

const blockName =
  /^(?:(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:def|class|function\s*\*?)|(?:export\s+)?(?:const|let|var))\s+(\w+)/m;
const blockStart = /\n(?=(?:@|def |async def |class |export |function |async function |const |module\.))/;

/**
 * The source as a prompt shows it: whole up to `limit` characters, otherwise the top-level blocks that `mentions` names,
 * and the first line of the others. What was left out is marked.
 */
export function outlineFor(source: string, mentions: string, limit: number): string {
  if (source.length <= limit) return source;
  const blocks = source.split(blockStart);
  const parts: string[] = [];
  let room = limit;
  for (const block of blocks) {
    const name = definitionsIn(block)[0];
    const wanted = name === undefined || new RegExp(`\\b${name}\\b`).test(mentions);
    if (wanted && block.length <= room) {
      parts.push(block);
      room -= block.length;
    } else {
      const first = block.split('\n')[0] ?? '';
      if (first.length > room) break;
      parts.push(`${first}\n    ...`);
      room -= first.length;
    }
  }
  return parts.join('\n');
}

/** The first lines of a function: its signature with the docstring or the comment that goes with it; null if not found. */
export function headOf(source: string, name: string): string | null {
  const lines = source.split('\n');
  const at = lines.findIndex((line) =>
    new RegExp(`^(?:async )?def ${name}\\(|^(?:export )?(?:default )?(?:async )?function\\s*\\*?\\s*${name}\\(`).test(
      line,
    ),
  );
  if (at < 0) return null;
  let start = at;
  while (start > 0 && /^(?:@|\/\/|\/\*|\s\*|#)/.test(lines[start - 1] ?? '')) start -= 1;
  let end = at;
  while (end + 1 < lines.length && !/[:{]\s*(?:#.*|\/\/.*)?$/.test(lines[end] ?? '')) end += 1;
  const quote = /^\s+(?:r|u)?("""|''')/.exec(lines[end + 1] ?? '')?.[1];
  if (quote !== undefined) {
    end += 1;
    const closed = (lines[end] ?? '').split(quote).length > 2;
    while (!closed && end + 1 < lines.length) {
      end += 1;
      if ((lines[end] ?? '').includes(quote)) break;
    }
  }
  return lines.slice(start, end + 1).join('\n');
}
