import { StringDecoder } from 'node:string_decoder';

export type KeyName =
  | 'enter'
  | 'newline'
  | 'backspace'
  | 'delete'
  | 'left'
  | 'right'
  | 'up'
  | 'down'
  | 'home'
  | 'end'
  | 'word-left'
  | 'word-right'
  | 'kill-word'
  | 'kill-to-start'
  | 'kill-to-end'
  | 'interrupt'
  | 'end-of-input'
  | 'redraw'
  | 'escape';

export type KeyEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'paste'; readonly text: string }
  | { readonly type: 'key'; readonly name: KeyName };

const controlKeys: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0001': 'home',
  '\u0002': 'left',
  '\u0003': 'interrupt',
  '\u0004': 'end-of-input',
  '\u0005': 'end',
  '\u0006': 'right',
  '\u000b': 'kill-to-end',
  '\u000c': 'redraw',
  '\u000e': 'down',
  '\u0010': 'up',
  '\u0015': 'kill-to-start',
  '\u0017': 'kill-word',
};

/** What follows ESC; both the normal and the application form of the cursor keys. */
const escapeKeys: Readonly<Record<string, KeyName>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
  '[1~': 'home',
  '[3~': 'delete',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  '[1;5C': 'word-right',
  '[1;5D': 'word-left',
  '[1;3C': 'word-right',
  '[1;3D': 'word-left',
  b: 'word-left',
  f: 'word-right',
  '\r': 'newline',
  '\n': 'newline',
  '\u007f': 'kill-word',
};

const pasteStart = '\u001b[200~';
const pasteEnd = '\u001b[201~';

/** Sequences after ESC that are complete: one character, SS3 with one more, or CSI with its final character. */
const completeEscape = /^(?:\[[\x20-\x3f]*[\x40-\x7e]|O[\x20-\x7e]|[^[O])/u;

/**
 * Turns what a terminal in raw mode sends into keys, text and pastes. Bytes may be cut anywhere: inside a character,
 * an escape sequence or a paste. A bracketed paste is one event with every byte in it; its line ends, which terminals
 * send as CR, come back as LF.
 */
export class KeyDecoder {
  readonly #decoder = new StringDecoder('utf8');
  #pending = '';
  /** Parts of a paste that has begun; null outside one. */
  #paste: string | null = null;

  push(chunk: Buffer): KeyEvent[] {
    // A paste whose end got lost must not lock the keyboard: Ctrl-C on its own gives it up.
    if (this.#paste !== null && chunk.length === 1 && chunk[0] === 0x03) {
      this.#paste = null;
      this.#pending = '';
    }
    this.#pending += this.#decoder.write(chunk);
    return this.#drain();
  }

  /** True when an escape sequence has begun: without more bytes soon, it was the Escape key. */
  get waiting(): boolean {
    return this.#paste === null && this.#pending !== '';
  }

  /** Gives up waiting for the rest of an escape sequence. */
  flush(): KeyEvent[] {
    if (!this.waiting) return [];
    this.#pending = this.#pending.slice(1);
    return [{ type: 'key', name: 'escape' }, ...this.#drain()];
  }

  #drain(): KeyEvent[] {
    const events: KeyEvent[] = [];
    while (this.#pending !== '') {
      if (this.#paste !== null) {
        if (!this.#continuePaste(events)) break;
      } else if (this.#pending.startsWith('\u001b')) {
        if (!this.#takeEscape(events)) break;
      } else this.#takeText(events);
    }
    return events;
  }

  #continuePaste(events: KeyEvent[]): boolean {
    const end = this.#pending.indexOf(pasteEnd);
    if (end === -1) {
      // The last characters may be the beginning of the end mark.
      const safe = Math.max(0, this.#pending.length - (pasteEnd.length - 1));
      this.#paste += this.#pending.slice(0, safe);
      this.#pending = this.#pending.slice(safe);
      return false;
    }
    const text = `${this.#paste ?? ''}${this.#pending.slice(0, end)}`;
    this.#pending = this.#pending.slice(end + pasteEnd.length);
    this.#paste = null;
    events.push({ type: 'paste', text: text.replace(/\r\n?/g, '\n') });
    return true;
  }

  #takeEscape(events: KeyEvent[]): boolean {
    if (this.#pending.startsWith(pasteStart)) {
      this.#pending = this.#pending.slice(pasteStart.length);
      this.#paste = '';
      return true;
    }
    const rest = this.#pending.slice(1);
    const match = completeEscape.exec(rest);
    if (match === null) return false;
    this.#pending = rest.slice(match[0].length);
    const name = escapeKeys[match[0]];
    if (name !== undefined) events.push({ type: 'key', name });
    return true;
  }

  #takeText(events: KeyEvent[]): void {
    const length = this.#pending.search(/[\p{Cc}]/u);
    if (length !== 0) {
      const text = length === -1 ? this.#pending : this.#pending.slice(0, length);
      this.#pending = this.#pending.slice(text.length);
      events.push({ type: 'text', text });
      return;
    }
    const name = controlKeys[this.#pending.charAt(0)];
    if (name !== undefined) events.push({ type: 'key', name });
    else if (this.#pending.startsWith('\t')) events.push({ type: 'text', text: '\t' });
    this.#pending = this.#pending.slice(1);
  }
}
