import type { Clock, Timer } from '../clock.js';
import { toErrorRecord } from '../errors.js';
import type { Log } from '../log.js';
import type { Session } from '../store/session-store.js';
import { askControl, type ControlRequest } from './control-socket.js';

export interface NeighbourHoldsOptions {
  readonly sessionId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The sessions of the state folder that may be alive. */
  sessions(): Promise<readonly Pick<Session, 'id' | 'socket'>[]>;
}

/** A hold that is not renewed is over after this long: its chat has died. */
const holdTtlMs = 6_000;
const renewEveryMs = 2_000;
/** A neighbour that does not answer within this is told again with the next renewal. */
const answerWithinMs = 1_000;
/** The list of neighbours is read anew when it is older than this. */
const listAgeMs = 2_000;

interface Neighbour {
  readonly socket: string;
  holding: boolean;
  sending: boolean;
  again: boolean;
}

/**
 * Tells the other wilson processes of this state folder when a chat turn runs here: their workers use the same processors
 * and servers. The turn waits for none of it; a neighbour that cannot be reached is left alone.
 */
export class NeighbourHolds {
  private readonly neighbours = new Map<string, Neighbour>();
  private place: string | null = null;
  private renewal: Timer | null = null;
  private listedAtMs = Number.NEGATIVE_INFINITY;
  private listing = false;

  constructor(private readonly options: NeighbourHoldsOptions) {}

  /** A turn runs at that place now; null: none does any more. Returns at once. */
  turn(place: string | null): void {
    if (place === this.place) return;
    this.place = place;
    this.tellAll();
    if (place === null) {
      this.renewal?.cancel();
      this.renewal = null;
    } else {
      this.readList();
      this.renewal ??= this.options.clock.after(renewEveryMs, () => this.renew());
    }
  }

  /** Tells nobody anything any more; what was told ends by itself. */
  close(): void {
    this.renewal?.cancel();
    this.renewal = null;
    this.place = null;
    this.neighbours.clear();
  }

  private renew(): void {
    this.renewal = null;
    if (this.place === null) return;
    this.readList();
    this.tellAll();
    this.renewal = this.options.clock.after(renewEveryMs, () => this.renew());
  }

  private tellAll(): void {
    for (const neighbour of this.neighbours.values()) this.tell(neighbour);
  }

  /** One request at a time to each neighbour, so that an end never overtakes its beginning; the newest state counts. */
  private tell(neighbour: Neighbour): void {
    neighbour.again = true;
    if (neighbour.sending) return;
    neighbour.sending = true;
    void (async () => {
      while (neighbour.again) {
        neighbour.again = false;
        const { place } = this;
        if (place === null && !neighbour.holding) break;
        neighbour.holding = place !== null;
        await askControl(neighbour.socket, this.request(place), answerWithinMs, this.options.clock);
      }
      neighbour.sending = false;
    })();
  }

  private request(place: string | null): ControlRequest {
    const from = this.options.sessionId;
    return place === null ? { op: 'continue', from } : { op: 'hold', from, place, ttlMs: holdTtlMs };
  }

  private readList(): void {
    const { clock, sessionId, log } = this.options;
    if (this.listing || clock.monotonicMs() - this.listedAtMs < listAgeMs) return;
    this.listing = true;
    this.options
      .sessions()
      .then((sessions) => {
        this.listedAtMs = clock.monotonicMs();
        const others = sessions.filter((session) => session.id !== sessionId);
        for (const { id, socket } of others) {
          if (socket === null || this.neighbours.has(id)) continue;
          const neighbour = { socket, holding: false, sending: false, again: false };
          this.neighbours.set(id, neighbour);
          this.tell(neighbour);
        }
        const ids = new Set(others.map((session) => session.id));
        for (const id of this.neighbours.keys()) if (!ids.has(id)) this.neighbours.delete(id);
      })
      .catch((error: unknown) => log.warn({ error: toErrorRecord(error) }, 'the other sessions could not be listed'))
      .finally(() => {
        this.listing = false;
      });
  }
}
