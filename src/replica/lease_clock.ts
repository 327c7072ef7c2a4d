/** A reading of the lease clock that an entry of the log carries. */
export interface Stamp {
  /** The term of the leader whose reading it is. */
  readonly term: number;
  readonly readingMs: number;
}

/** The term of a reading that the next one replaces, whatever it says. */
const NO_TERM = -1;

/**
 * The lease clock as one replica reads it: milliseconds that go on over changes of leader.
 *
 * The leader's clock counts. It stamps every command entry with its reading and tells it to its
 * followers along with entries and heartbeats; each carries the newest reading on with its own
 * monotonic clock, and who is elected goes on from there. A reading is heard after it was made, so a
 * successor's clock is never ahead of its predecessor's: no lease is cut short. It is behind by what
 * the last message took: no lease is extended by more. A replica that starts has only the stamps of
 * its log, so leases gain the time for which nobody kept the clock: that of a whole cluster that is
 * down.
 *
 * Safety: a lease ends when the clock of the leader of that day has run its time since the stamp of
 * its grant or last renewal. So nobody may lead whose clock is ahead of the clocks behind the stamps in
 * its log. That follows from one rule: a replica holds a reading only of a leader that has every
 * stamped entry of this replica's log. The stamp of the last such entry is such a reading; any other
 * one counts only from a leader of whose log this replica's log is known to be the beginning. Else it
 * may hold an entry that this leader never had, stamped by a clock that is behind.
 */
export class LeaseClock {
  /** In whose term the reading was made, and what it was. */
  #term: number;
  #readingMs: number;
  /** When it was heard, by this replica's monotonic clock. */
  #heardMs: number;
  /** Whether this replica made it as leader of that term. */
  #isOwn = false;
  /** This replica's log is a beginning of the log of that term's leader. */
  #followedTerm = NO_TERM;
  /** A reading of a leader whose log this replica is still to follow: while it fetches a snapshot. */
  #early: { readonly stamp: Stamp; readonly heardMs: number } | null = null;

  /** Starts from the last stamp of the recovered log, or that of its snapshot. */
  constructor(stamp: Stamp, nowMs: number) {
    this.#term = stamp.term;
    this.#readingMs = stamp.readingMs;
    this.#heardMs = nowMs;
  }

  /** What the clock shows, as well as this replica can know. */
  read(nowMs: number): number {
    return this.#readingMs + nowMs - this.#heardMs;
  }

  /** What the clock shows to the leader of `term`: this replica, whose own clock it is from now on. */
  lead(term: number, nowMs: number): number {
    if (!this.#isOwn || this.#term !== term) {
      this.#set(term, this.read(nowMs), nowMs);
      this.#isOwn = true;
    }
    return this.read(nowMs);
  }

  /**
   * The leader of `leaderTerm` has sent entries, with which this replica's log ends.
   *
   * @param stamp The last stamp among them, if there is one.
   */
  appended(leaderTerm: number, stamp: Stamp | null, nowMs: number): void {
    this.#follow(leaderTerm);
    // A reading of this very leader is newer than what others stamped before its time.
    if (stamp === null || (this.#term === leaderTerm && stamp.term < leaderTerm)) return;
    this.#hear(stamp.term, stamp.readingMs, nowMs);
  }

  /** The log gives way to a snapshot of the leader of `leaderTerm`, which will be installed. */
  replaced(leaderTerm: number): void {
    if (this.#term !== leaderTerm) this.#term = NO_TERM;
    this.#follow(leaderTerm);
  }

  /** The snapshot is installed, with this stamp; by now there may be newer readings. */
  installed(stamp: Stamp, nowMs: number): void {
    if (this.#term === NO_TERM) this.#set(stamp.term, stamp.readingMs, nowMs);
    else if (this.#term === stamp.term) this.#hear(stamp.term, stamp.readingMs, nowMs);
  }

  /** The leader of `term` has told its reading. */
  told(term: number, readingMs: number, nowMs: number): void {
    if (term === this.#followedTerm) this.#hear(term, readingMs, nowMs);
    else this.#early = { stamp: { term, readingMs }, heardMs: nowMs };
  }

  /** From now on the readings of that leader count, also the last one that it told before. */
  #follow(leaderTerm: number): void {
    this.#followedTerm = leaderTerm;
    if (this.#early?.stamp.term !== leaderTerm) return;
    const { stamp, heardMs } = this.#early;
    this.#early = null;
    this.#hear(stamp.term, stamp.readingMs, heardMs);
  }

  #hear(term: number, readingMs: number, nowMs: number): void {
    // Within a term the newest reading counts, in whatever order messages come.
    const isNews = term !== this.#term || (!this.#isOwn && readingMs > this.#readingMs);
    if (isNews) this.#set(term, readingMs, nowMs);
  }

  #set(term: number, readingMs: number, nowMs: number): void {
    this.#term = term;
    this.#readingMs = readingMs;
    this.#heardMs = nowMs;
    this.#isOwn = false;
  }
}
