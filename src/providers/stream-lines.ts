/** Thrown when one line outgrows what is kept in memory for it. */
export class LineTooLongError extends Error {
  constructor(limitBytes: number) {
    super(`A line is longer than ${limitBytes} bytes.`);
    this.name = 'LineTooLongError';
  }
}

/** A whole answer of a model fits in one line of this many bytes many times over. */
const defaultLineLimitBytes = 16 * 1024 * 1024;

/**
 * Cuts a stream of bytes into lines, whatever way the bytes are cut: characters of several bytes that are split between
 * two pieces come out whole. A line ends with LF or CRLF; a lone CR belongs to its line.
 */
export class LineSplitter {
  private readonly decoder = new TextDecoder('utf-8');
  private readonly parts: string[] = [];
  private pendingBytes = 0;

  constructor(private readonly limitBytes: number = defaultLineLimitBytes) {}

  /** The lines that this piece completes. Throws {@link LineTooLongError}. */
  push(piece: Uint8Array): string[] {
    const text = this.decoder.decode(piece, { stream: true });
    const pieces = text.split('\n');
    const last = pieces.pop() ?? '';
    const lines: string[] = [];
    for (const each of pieces) {
      lines.push(withoutCarriageReturn(this.parts.join('') + each));
      this.parts.length = 0;
      this.pendingBytes = 0;
    }
    if (last !== '') this.parts.push(last);
    this.pendingBytes += lines.length === 0 ? piece.byteLength : Buffer.byteLength(last);
    if (this.pendingBytes > this.limitBytes) throw new LineTooLongError(this.limitBytes);
    return lines;
  }

  /** What came after the last line end; empty when the stream ended with one. */
  end(): string {
    const rest = this.parts.join('') + this.decoder.decode();
    this.parts.length = 0;
    this.pendingBytes = 0;
    return withoutCarriageReturn(rest);
  }
}

function withoutCarriageReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
