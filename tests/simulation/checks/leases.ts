import { formatId } from "../../../src/base/ids.ts";
import type { Verdict } from "../verdict.ts";
import type { World } from "../world.ts";
import type { LeaseListener } from "./oracle.ts";

interface LeaseRecord {
  readonly ttlSeconds: number;
  /** When its full time was last promised to have begun; no clock may end it too soon after. */
  promisedMs: number;
  /** When the log ended it; Infinity while it lives. */
  endedMs: number;
  isEndedByLeader: boolean;
}

/**
 * Leases as their holders may rely on them: none ends before its time after the last acknowledged
 * grant or renewal, counted from when that was asked for, and none that has ended is renewed.
 */
export class Leases implements LeaseListener {
  readonly #world: World;
  readonly #verdict: Verdict;
  /** How much sooner than true time a clock that runs fast may end a lease. */
  readonly #fastest: number;
  readonly #records = new Map<bigint, LeaseRecord>();
  /** Leaps ahead of any clock: they too end leases sooner. */
  readonly #leaps: { readonly atMs: number; readonly byMs: number }[] = [];

  constructor(world: World, drift: number, verdict: Verdict) {
    this.#world = world;
    this.#verdict = verdict;
    this.#fastest = 1 + drift;
  }

  granted(id: bigint, ttlSeconds: number): void {
    const record = { ttlSeconds, promisedMs: -Infinity, endedMs: Infinity, isEndedByLeader: false };
    this.#records.set(id, record);
  }

  revoked(id: bigint, isByLeader: boolean): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    record.endedMs = this.#world.nowMs;
    record.isEndedByLeader = isByLeader;
    if (isByLeader) this.#verdict.count("leases expired");
    this.#check(id, record);
  }

  /** Some clock has leapt ahead. */
  leapt(byMs: number): void {
    this.#leaps.push({ atMs: this.#world.nowMs, byMs });
  }

  /** A holder got the promise of the lease's full time, which it had asked for at `askedMs`. */
  promised(id: bigint, askedMs: number): void {
    const record = this.#records.get(id);
    if (record === undefined) {
      this.#verdict.report("leases", `${formatId(id)} was promised and never granted`);
      return;
    }
    if (record.endedMs < askedMs) {
      const lateMs = askedMs - record.endedMs;
      this.#verdict.report("leases", `${formatId(id)} was renewed ${lateMs | 0} ms after its end`);
    }
    record.promisedMs = Math.max(record.promisedMs, askedMs);
    this.#check(id, record);
  }

  #check(id: bigint, { ttlSeconds, promisedMs, endedMs, isEndedByLeader }: LeaseRecord): void {
    if (!isEndedByLeader) return;
    let safeUntilMs = promisedMs + ttlSeconds * 1_000 / this.#fastest;
    for (const { atMs, byMs } of this.#leaps) if (atMs >= promisedMs) safeUntilMs -= byMs;
    if (endedMs >= safeUntilMs) return;
    const earlyMs = safeUntilMs - endedMs;
    this.#verdict.report("leases", `${formatId(id)} expired ${earlyMs | 0} ms too early`);
  }

  /** A holder was told that there is no such lease, although its grant was acknowledged. */
  denied(id: bigint): void {
    if (this.#records.get(id)?.endedMs !== Infinity) return;
    this.#verdict.report("leases", `${formatId(id)} lives, but its holder was told otherwise`);
  }
}
