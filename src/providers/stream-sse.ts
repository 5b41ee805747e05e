/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** Name of the event; `message` unless the server named it. */
  readonly event: string;
  readonly data: string;
}

/**
 * Puts the lines of a `text/event-stream` together into events (WHATWG HTML, section 9.2). Comments and fields that are
 * of no use here (`id`, `retry`) are dropped.
 */
export class ServerSentEventReader {
  private event = '';
  private data: string[] = [];

  /** The event that this line completes, if any. */
  push(line: string): ServerSentEvent | null {
    if (line === '') return this.flush();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon === -1 ? line : line.slice(0, colon);
    const raw = colon === -1 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    return null;
  }

  /** The event that was not closed by an empty line when the stream ended; some servers leave out the last one. */
  flush(): ServerSentEvent | null {
    if (this.data.length === 0) {
      this.event = '';
      return null;
    }
    const complete = { event: this.event === '' ? 'message' : this.event, data: this.data.join('\n') };
    this.event = '';
    this.data = [];
    return complete;
  }
}
