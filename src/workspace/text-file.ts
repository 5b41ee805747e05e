/** How the characters of a file are stored. */
export type Encoding = 'utf8' | 'utf8-bom' | 'utf16le' | 'utf16be' | 'latin1';

export interface TextFormat {
  readonly encoding: Encoding;
  /** The line ending that most lines have; `\n` where there is none. */
  readonly newline: '\n' | '\r\n';
  /** Whether it has no other line ending than that one. */
  readonly uniform: boolean;
  /** Whether it would be the same bytes in any of the encodings, but UTF-16. */
  readonly isAscii: boolean;
}

const marks: readonly (readonly [Encoding, readonly number[]])[] = [
  ['utf8-bom', [0xef, 0xbb, 0xbf]],
  ['utf16le', [0xff, 0xfe]],
  ['utf16be', [0xfe, 0xff]],
];

/** Finds out how a file is written; null when it is no text (it holds NULs outside UTF-16). */
export function detectFormat(bytes: Buffer): TextFormat | null {
  const encoding = detectEncoding(bytes);
  if (encoding === null) return null;
  const text = decode(bytes, encoding);
  const windows = text.match(/\r\n/g)?.length ?? 0;
  const all = text.match(/\n/g)?.length ?? 0;
  return {
    encoding,
    newline: windows > all / 2 ? '\r\n' : '\n',
    uniform: windows === 0 || windows === all,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII has them.
    isAscii: encoding === 'utf8' && /^[\x00-\x7f]*$/.test(text),
  };
}

function detectEncoding(bytes: Buffer): Encoding | null {
  // The mark of UTF-32, which begins like that of UTF-16.
  if (bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfeff) return null;
  for (const [encoding, mark] of marks) {
    if (!mark.every((byte, index) => bytes[index] === byte)) continue;
    return encoding === 'utf8-bom' || bytes.length % 2 === 0 ? encoding : null;
  }
  if (bytes.includes(0)) return null;
  return isUtf8(bytes) || isDamagedUtf8(bytes) ? 'utf8' : 'latin1';
}

/**
 * UTF-8 with some bytes that do not belong: most of what is no ASCII makes UTF-8 sequences, which in Latin-1 would be
 * letters that no language puts side by side.
 */
function isDamagedUtf8(bytes: Buffer): boolean {
  // A byte for each character, so that sequences can be told by their shape.
  const text = bytes.toString('latin1');
  const sequences = text.match(/[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/g) ?? [];
  const others = (text.match(/[\x80-\xff]/g)?.length ?? 0) - sequences.join('').length;
  return sequences.length > others;
}

/** The characters of a file, without its byte order mark. */
export function decode(bytes: Buffer, encoding: Encoding): string {
  const rest = bytes.subarray(markOf(encoding).length);
  if (encoding === 'latin1') return rest.toString('latin1');
  if (encoding === 'utf16le') return rest.toString('utf16le');
  if (encoding === 'utf16be') return swapped(rest).toString('utf16le');
  return rest.toString('utf8');
}

/** The bytes of a text, without a byte order mark; null when the encoding has no room for a character of it. */
export function encode(text: string, encoding: Encoding): Buffer | null {
  // Half a surrogate pair is no character in any of them.
  if (/\p{Surrogate}/u.test(text)) return null;
  if (encoding === 'latin1') return /[^\0-\xff]/.test(text) ? null : Buffer.from(text, 'latin1');
  if (encoding === 'utf16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf16be') return swapped(Buffer.from(text, 'utf16le'));
  return Buffer.from(text, 'utf8');
}

export function markOf(encoding: Encoding): Buffer {
  return Buffer.from(marks.find(([name]) => name === encoding)?.[1] ?? []);
}

/** The text with every line ending in the way of the file. */
export function withNewlines(text: string, newline: '\n' | '\r\n'): string {
  const plain = text.replaceAll('\r\n', '\n');
  return newline === '\n' ? plain : plain.replaceAll('\n', '\r\n');
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** UTF-16 with the two bytes of each unit in the other order. */
export function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes).swap16();
}
