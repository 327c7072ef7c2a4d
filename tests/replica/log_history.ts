/** The logs of a cluster as Raft makes them, without Raft, and the lease clocks beside them. */
import { LeaseClock, type Stamp } from "../../src/replica/lease_clock.ts";

interface LogEntry {
  readonly term: number;
  /** Null for the entry that opens a term. */
  readonly stampMs: number | null;
  readonly madeMs: number;
}

interface Member {
  log: LogEntry[];
  term: number;
  /** The term in which it leads, as it believes. */
  leads: number;
  clock: LeaseClock;
}

interface Sent {
  readonly to: number;
  readonly term: number;
  readonly readingMs: number;
  /** Null for a heartbeat. */
  readonly append: { readonly from: number; readonly entries: readonly LogEntry[] } | null;
  /** The leader's log before the entries, for the check that the logs match. */
  readonly before: LogEntry | undefined;
}

function lastTerm(log: readonly LogEntry[]): number {
  return log.at(-1)?.term ?? 0;
}

function lastStamp(entries: readonly LogEntry[]): Stamp | null {
  const entry = entries.findLast(({ stampMs }) => stampMs !== null);
  return entry === undefined ? null : { term: entry.term, readingMs: entry.stampMs as number };
}

/** Replicas whose logs Raft keeps: only elections that it allows, only appends that match. */
export class LogHistory {
  nowMs = 0;
  readonly #members: Member[];
  #inFlight: Sent[] = [];
  #newestTerm = 0;

  constructor(size: number) {
    this.#members = Array.from({ length: size }, () => ({
      log: [],
      term: 0,
      leads: 0,
      clock: this.#newClock([]),
    }));
  }

  #newClock(log: readonly LogEntry[]): LeaseClock {
    return new LeaseClock(lastStamp(log) ?? { term: 0, readingMs: 0 }, this.nowMs);
  }

  /** One leads a new term if another, a majority of three with it, finds its log up to date. */
  elect(who: number, voter: number): void {
    const [member, other] = [this.#members[who], this.#members[voter]];
    if (member === other) return;
    const [mine, theirs] = [lastTerm(member.log), lastTerm(other.log)];
    if (mine < theirs || (mine === theirs && member.log.length < other.log.length)) return;
    this.#newestTerm++;
    member.term = other.term = member.leads = this.#newestTerm;
    other.leads = 0;
    member.clock.lead(member.term, this.nowMs);
    member.log.push({ term: member.term, stampMs: null, madeMs: this.nowMs });
  }

  /** A leader, or who still believes to be one, puts a stamped entry into its log. */
  stamp(who: number): void {
    const { log, leads, clock } = this.#members[who];
    if (leads === 0) return;
    log.push({ term: leads, stampMs: clock.lead(leads, this.nowMs), madeMs: this.nowMs });
  }

  /** A leader sends some entries from about where the follower's log begins to differ. */
  send(who: number, to: number, count: number): void {
    const { log, leads, clock } = this.#members[who];
    const theirs = this.#members[to].log;
    if (leads === 0 || who === to) return;
    let from = 0;
    while (from < Math.min(log.length, theirs.length) && log[from] === theirs[from]) from++;
    const entries = log.slice(from, from + count);
    const readingMs = clock.lead(leads, this.nowMs);
    this.#inFlight.push({
      ...{ to, term: leads, readingMs, append: { from, entries } },
      before: log[from - 1],
    });
  }

  heartbeat(who: number, to: number): void {
    const { leads, clock } = this.#members[who];
    if (leads === 0 || who === to) return;
    const readingMs = clock.lead(leads, this.nowMs);
    this.#inFlight.push({ to, term: leads, readingMs, append: null, before: undefined });
  }

  /** A message arrives, with its reading or without, and again later if it is doubled. */
  deliver(which: number, { isDoubled = false, isTold = true } = {}): void {
    const [sent] = this.#take(which);
    if (sent === undefined) return;
    if (isDoubled) this.#inFlight.push(sent);
    const member = this.#members[sent.to];
    if (sent.term < member.term) return;
    if (sent.term > member.term) member.leads = 0;
    member.term = sent.term;
    if (sent.append !== null) this.#append(member, sent, sent.append);
    if (isTold) member.clock.told(sent.term, sent.readingMs, this.nowMs);
  }

  #append(member: Member, sent: Sent, { from, entries }: NonNullable<Sent["append"]>): void {
    const { log } = member;
    if (log[from - 1] !== sent.before) return;
    const known = entries.findIndex((entry, i) => log[from + i] !== entry);
    if (known >= 0) {
      log.length = from + known;
      log.push(...entries.slice(known));
    }
    if (log.length !== from + entries.length) return;
    member.clock.appended(sent.term, lastStamp(entries), this.nowMs);
  }

  drop(which: number): void {
    this.#take(which);
  }

  /** Takes a message off its way; -1 for the one sent last. */
  #take(which: number): Sent[] {
    return this.#inFlight.splice(which % Math.max(1, this.#inFlight.length), 1);
  }

  /** Nothing is left of the clock but what the log says. */
  restart(who: number): void {
    const member = this.#members[who];
    member.leads = 0;
    member.clock = this.#newClock(member.log);
  }

  /** By how much some leader's clock has run on more than the time since a stamp in its log. */
  leadersAheadMs(): number {
    let most = -Infinity;
    for (const { log, leads, clock } of this.#members) {
      if (leads === 0) continue;
      for (const { stampMs, madeMs } of log) {
        if (stampMs === null) continue;
        const ranMs = clock.lead(leads, this.nowMs) - stampMs;
        most = Math.max(most, ranMs - (this.nowMs - madeMs));
      }
    }
    return most;
  }
}
