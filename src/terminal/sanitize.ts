/** Where the text stands inside an escape sequence; kept between chunks, because a stream may be cut anywhere. */
type State = 'ground' | 'escape' | 'intermediate' | 'csi' | 'string' | 'string-escape';

const ESC = 0x1b;

/** Characters that reorder or hide what follows them: bidirectional controls, and the line and paragraph separators. */
function isDeceptive(code: number): boolean {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code === 0x2028 || code === 0x2029;
}

function isString(code: number): boolean {
  // OSC, DCS, SOS, PM, APC, written after ESC.
  return code === 0x5d || code === 0x50 || code === 0x58 || code === 0x5e || code === 0x5f;
}

function isC1String(code: number): boolean {
  return code === 0x90 || code === 0x98 || code === 0x9d || code === 0x9e || code === 0x9f;
}

/**
 * Takes control codes out of text that comes from models, tasks and files, chunk by chunk: whole escape sequences go,
 * also those cut in two by a chunk's end. Line feeds and tabs stay. A string sequence that never ends is given up at
 * the next line feed, so that it cannot swallow the rest of an answer.
 */
export class Sanitizer {
  #state: State = 'ground';
  #parameters = '';
  readonly #keepColors: boolean;

  /** With `keepColors`, colour sequences (SGR) pass; for text that Wilson rendered itself. */
  constructor(options: { keepColors?: boolean } = {}) {
    this.#keepColors = options.keepColors ?? false;
  }

  push(chunk: string): string {
    let out = '';
    for (let index = 0; index < chunk.length; index += 1) {
      out += this.#step(chunk.charCodeAt(index), chunk.charAt(index));
    }
    return out;
  }

  #step(code: number, character: string): string {
    switch (this.#state) {
      case 'ground':
        return this.#ground(code, character);
      case 'escape':
        return this.#escape(code, character);
      case 'intermediate':
        if (code >= 0x20 && code <= 0x2f) return '';
        this.#state = 'ground';
        return code >= 0x30 && code <= 0x7e ? '' : this.#ground(code, character);
      case 'csi':
        return this.#csi(code, character);
      case 'string':
        return this.#string(code);
      case 'string-escape':
        this.#state = 'ground';
        return code === 0x5c ? '' : this.#escape(code, character);
    }
  }

  #ground(code: number, character: string): string {
    if (code === 0x0a || code === 0x09) return character;
    if (code === ESC) this.#state = 'escape';
    else if (code === 0x9b) this.#enterCsi();
    else if (isC1String(code)) this.#state = 'string';
    else if (code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && !isDeceptive(code)) return character;
    return '';
  }

  #escape(code: number, character: string): string {
    if (code === 0x5b) {
      this.#enterCsi();
      return '';
    }
    if (isString(code)) {
      this.#state = 'string';
      return '';
    }
    if (code >= 0x20 && code <= 0x2f) {
      this.#state = 'intermediate';
      return '';
    }
    this.#state = 'ground';
    return code >= 0x30 && code <= 0x7e ? '' : this.#ground(code, character);
  }

  #enterCsi(): void {
    this.#state = 'csi';
    this.#parameters = '';
  }

  #csi(code: number, character: string): string {
    if (code >= 0x20 && code <= 0x3f && this.#parameters.length < 64) {
      this.#parameters += character;
      return '';
    }
    this.#state = 'ground';
    if (code < 0x40 || code > 0x7e) return this.#ground(code, character);
    const isColor = character === 'm' && /^[0-9;:]*$/.test(this.#parameters);
    return this.#keepColors && isColor ? `\u001b[${this.#parameters}m` : '';
  }

  #string(code: number): string {
    if (code === 0x07 || code === 0x9c) this.#state = 'ground';
    else if (code === ESC) this.#state = 'string-escape';
    else if (code === 0x0a) {
      this.#state = 'ground';
      return '\n';
    }
    return '';
  }
}

/** One whole text without control codes; see {@link Sanitizer}. */
export function sanitize(text: string, options: { keepColors?: boolean } = {}): string {
  return new Sanitizer(options).push(text);
}

/** Text that is being typed, with each control character shown as one visible sign of width 1; line feeds stay. */
export function showControls(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu, (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x0a) return '\n';
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? '\u2421' : '\ufffd';
  });
}
