/** A timer or loop that can be stopped. Stopping twice is fine. */
export interface Stoppable {
  /** Nothing more happens. */
  stop(): void;
}

/**
 * Time as the replica sees it. Production passes the platform's, the simulator its own; nothing in
 * the core asks the platform what time it is.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes backwards, says nothing about the calendar. */
  nowMs(): number;
  /** Milliseconds since 1970, for what people read. It may jump. */
  wallMs(): number;
  /** Calls `fn` once, `delayMs` from now. */
  after(delayMs: number, fn: () => void): Stoppable;
  /** Calls `fn` every `periodMs`. Missed calls are not made up for. */
  every(periodMs: number, fn: () => void): Stoppable;
  /**
   * Calls `fn` when the present event has been handled, before the next one. The loop gathers a
   * turn's requests with it.
   */
  defer(fn: () => void): void;
}
