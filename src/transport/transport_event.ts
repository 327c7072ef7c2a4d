import type { Clock } from "../base/clock.ts";
import type { MemberId } from "../base/ids.ts";
import type { RefusalCode } from "./close_code.ts";

/** Something that whoever runs a replica may want to read. */
export type TransportEvent =
  | {
    /** A connection exists; `dialled` says who opened it. */
    readonly type: "connected";
    readonly peer: MemberId;
    readonly dialled: boolean;
  }
  | {
    /** A connection that existed is gone. */
    readonly type: "disconnected";
    readonly peer: MemberId;
    readonly dialled: boolean;
    readonly code: number;
    readonly reason: string;
  }
  | {
    /** This replica refused a peer. */
    readonly type: "refused";
    readonly peer: MemberId;
    readonly code: RefusalCode;
    readonly reason: string;
  }
  | {
    /** A peer refused this replica; the reason is in the peer's words. */
    readonly type: "refusedBy";
    readonly peer: MemberId;
    readonly code: RefusalCode;
    readonly reason: string;
  }
  | {
    /** A peer could not be reached. */
    readonly type: "dialFailed";
    readonly peer: MemberId;
    readonly url: string;
    readonly reason: string;
  }
  | {
    /** A connection ended before it was known whose it is. */
    readonly type: "strangerClosed";
    readonly code: number;
    readonly reason: string;
  }
  | {
    /** The queue for a peer is full, or a message is larger than a frame can be. */
    readonly type: "dropping";
    readonly peer: MemberId;
    readonly queuedBytes: number;
  }
  | {
    /** The listener threw. Whoever holds an invariant to be broken must stop the replica. */
    readonly type: "listenerFailed";
    readonly error: unknown;
  };

/** The same news of the same peer is told again only after this long. */
const REPEAT_MS = 60_000;
/** How many last news are remembered. */
const KEYS_MAX = 256;
/** How much is let through in one such time, so that a hostile peer cannot flood a log. */
const NEWS_MAX = 256;

/** Lets news through and holds back what only repeats: a peer that is down is dialled every second. */
export class EventThrottle {
  readonly #clock: Clock;
  readonly #last = new Map<string, { text: string; atMs: number }>();
  #windowStartMs = 0;
  #newsInWindow = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether `text` is news under this key. */
  isNews(key: string, text: string): boolean {
    const atMs = this.#clock.nowMs();
    const last = this.#last.get(key);
    if (last && last.text === text && atMs - last.atMs < REPEAT_MS) return false;
    if (atMs - this.#windowStartMs >= REPEAT_MS) {
      this.#windowStartMs = atMs;
      this.#newsInWindow = 0;
    }
    if (++this.#newsInWindow > NEWS_MAX) return false;
    this.#last.delete(key);
    this.#last.set(key, { text, atMs });
    if (this.#last.size > KEYS_MAX) {
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest);
        break;
      }
    }
    return true;
  }

  /** The state under this key changed, so whatever comes next is news. */
  forget(key: string): void {
    this.#last.delete(key);
  }
}
