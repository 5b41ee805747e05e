import { WilsonError } from '../errors.js';
import { maxRequestBytes, tooLong } from '../supervisor/check-request.js';

/**
 * The request of `wilson run -`: all of the input, as text. Reads no further than the limit, so that an endless input
 * ends too. Rejects with `BAD_REQUEST` for what is too long or no UTF-8; the rest is checked with every request.
 */
export async function requestFromInput(input: AsyncIterable<Buffer | string>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += part.length;
    if (bytes > maxRequestBytes) throw tooLong(`more than ${maxRequestBytes / 1024} KB`);
    parts.push(part);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)).trim();
  } catch (error) {
    // The decoder throws for nothing but malformed UTF-8.
    throw new WilsonError('BAD_REQUEST', 'The request is not UTF-8 text.', {
      hint: 'Requests are plain text; name a file instead of sending its bytes.',
      cause: error,
    });
  }
}
