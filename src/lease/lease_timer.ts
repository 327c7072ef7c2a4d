import type { LeaseId } from "../base/ids.ts";
import { DeadlineHeap } from "./deadline_heap.ts";
import type { Lease, LeaseObserver, LeaseTable } from "./lease_table.ts";

/** A lease with more than this left gets a checkpoint this often. Ref: etcd lessor.go. */
export const LEASE_CHECKPOINT_INTERVAL_MS = 300_000;
/** One checkpoint command holds at most this many leases. */
export const LEASE_CHECKPOINTS_MAX = 1_000;
/** A revocation that was not applied after this long is asked for again. */
export const LEASE_REVOKE_RETRY_MS = 7_000;
/** After a change of leader, leases expire with at least this distance: at most 750 a second. */
const EXPIRY_SPACING_MS = 1_000 / 750;

/** What is left of a lease; the body of a checkpoint command is a list of these. */
export interface LeaseCheckpoint {
  readonly id: LeaseId;
  /** Zero clears the checkpoint after a renewal. */
  readonly remainingSeconds: number;
}

/**
 * What a renewal came to.
 * - `renewed`: the lease has its full TTL again.
 * - `checkpoint first`: nothing happened yet. Propose a checkpoint of zero for this lease and renew
 *   again once it is applied; otherwise the next leader would count from the old checkpoint and cut
 *   short what this one promised.
 * - `expired`: its revocation is on the way; answer when it is applied.
 * - `not found`: there is no such lease.
 * - `not primary`: this replica does not lead.
 */
export type Renewal = "renewed" | "checkpoint first" | "expired" | "not found" | "not primary";

interface Timed {
  readonly lease: Lease;
  expiresMs: number;
  /** A checkpoint was handed out and has not been applied yet. */
  checkpointing: boolean;
  ended: boolean;
}

/**
 * The leader's own clock of leases. It is not replicated: it only proposes. Every moment is passed in
 * as monotonic milliseconds.
 *
 * Safety: only a promoted timer lets leases expire, and a replica that stops leading must demote it
 * at once; on followers leases live until the log says otherwise. A lease never expires before its
 * TTL after the last moment at which somebody was promised it.
 */
export class LeaseTimer implements LeaseObserver {
  readonly #table: LeaseTable;
  readonly #timed = new Map<LeaseId, Timed>();
  readonly #expiries = new DeadlineHeap<Timed>();
  readonly #checkpoints = new DeadlineHeap<Timed>();
  /** Granted since the last call that knew the time. */
  readonly #fresh = new Map<LeaseId, Lease>();
  #primary = false;

  /** Listens to `table` from now on. */
  constructor(table: LeaseTable) {
    this.#table = table;
    table.observe(this);
  }

  /** Whether this replica decides what expires. */
  get isPrimary(): boolean {
    return this.#primary;
  }

  /** How many places the queues take, for those who watch memory. */
  get queuedCount(): number {
    return this.#expiries.size + this.#checkpoints.size;
  }

  /**
   * Starts the clock of a new leader. Every lease gets its full TTL, or what its checkpoint says,
   * plus `extendMs`, because the old leader may have renewed it a moment ago. Expiries that would
   * come all at once are spread.
   */
  promote(nowMs: number, extendMs: number): void {
    this.demote();
    this.#primary = true;
    const timed: Timed[] = [];
    for (const lease of this.#table.list()) {
      const leftSeconds = lease.remainingSeconds > 0 ? lease.remainingSeconds : lease.ttlSeconds;
      timed.push(timedOf(lease, nowMs + extendMs + leftSeconds * 1_000));
    }
    timed.sort((a, b) => a.expiresMs - b.expiresMs);
    let earliestMs = 0;
    for (const entry of timed) {
      entry.expiresMs = Math.max(entry.expiresMs, earliestMs);
      earliestMs = entry.expiresMs + EXPIRY_SPACING_MS;
      this.#start(entry, nowMs);
    }
  }

  /** Stops the clock: nothing expires here any more. */
  demote(): void {
    this.#primary = false;
    this.#timed.clear();
    this.#expiries.clear();
    this.#checkpoints.clear();
    this.#fresh.clear();
  }

  /** Sets a lease back to its full TTL. */
  renew(id: LeaseId, nowMs: number): Renewal {
    const entry = this.#find(id, nowMs);
    if (!this.#primary) return "not primary";
    if (entry === undefined) return "not found";
    if (entry.expiresMs <= nowMs) return "expired";
    if (entry.checkpointing || entry.lease.remainingSeconds > 0) return "checkpoint first";
    entry.expiresMs = Math.max(entry.expiresMs, nowMs + entry.lease.ttlSeconds * 1_000);
    return "renewed";
  }

  /** Whole seconds until a lease expires, zero if it has; null if unknown or not the leader. */
  remainingSeconds(id: LeaseId, nowMs: number): number | null {
    const entry = this.#find(id, nowMs);
    if (entry === undefined) return null;
    return Math.max(0, Math.floor((entry.expiresMs - nowMs) / 1_000));
  }

  /** Whether a lease has run out here and waits for its revocation. */
  isExpired(id: LeaseId, nowMs: number): boolean {
    const entry = this.#find(id, nowMs);
    return entry !== undefined && entry.expiresMs <= nowMs;
  }

  /**
   * Up to `limit` leases that have run out. Each is named once, and again only if it is still there
   * after {@linkcode LEASE_REVOKE_RETRY_MS}.
   */
  expired(nowMs: number, limit: number): LeaseId[] {
    this.#settle(nowMs);
    const ids: LeaseId[] = [];
    while (ids.length < limit) {
      const entry = this.#expiries.popDue(nowMs);
      if (entry === undefined) break;
      if (entry.ended) continue;
      if (entry.expiresMs > nowMs) {
        this.#expiries.push(entry.expiresMs, entry);
      } else {
        ids.push(entry.lease.id);
        this.#expiries.push(nowMs + LEASE_REVOKE_RETRY_MS, entry);
      }
    }
    return ids;
  }

  /** Up to {@linkcode LEASE_CHECKPOINTS_MAX} leases whose remaining time should be noted in the log. */
  checkpointsDue(nowMs: number): LeaseCheckpoint[] {
    this.#settle(nowMs);
    const due: LeaseCheckpoint[] = [];
    while (due.length < LEASE_CHECKPOINTS_MAX) {
      const entry = this.#checkpoints.popDue(nowMs);
      if (entry === undefined) break;
      if (entry.ended) continue;
      const leftMs = entry.expiresMs - nowMs;
      if (leftMs > LEASE_CHECKPOINT_INTERVAL_MS) {
        entry.checkpointing = true;
        due.push({ id: entry.lease.id, remainingSeconds: Math.ceil(leftMs / 1_000) });
      }
      // Why: also a lease about to end stays queued, since a renewal may give it more time.
      this.#checkpoints.push(nowMs + LEASE_CHECKPOINT_INTERVAL_MS, entry);
    }
    return due;
  }

  granted(lease: Lease): void {
    if (this.#primary) this.#fresh.set(lease.id, lease);
  }

  revoked(id: LeaseId): void {
    const entry = this.#timed.get(id);
    if (entry !== undefined) {
      entry.ended = true;
      this.#timed.delete(id);
      this.#sweep();
    } else {
      this.#fresh.delete(id);
    }
  }

  checkpointed(lease: Lease): void {
    const entry = this.#timed.get(lease.id);
    if (entry !== undefined) entry.checkpointing = false;
  }

  #find(id: LeaseId, nowMs: number): Timed | undefined {
    this.#settle(nowMs);
    return this.#timed.get(id);
  }

  /** Gives leases granted since the last call their first deadline. */
  #settle(nowMs: number): void {
    if (this.#fresh.size === 0) return;
    for (const lease of this.#fresh.values()) {
      this.#start(timedOf(lease, nowMs + lease.ttlSeconds * 1_000), nowMs);
    }
    this.#fresh.clear();
  }

  #start(entry: Timed, nowMs: number): void {
    this.#timed.set(entry.lease.id, entry);
    this.#expiries.push(entry.expiresMs, entry);
    if (entry.lease.ttlSeconds * 1_000 > LEASE_CHECKPOINT_INTERVAL_MS) {
      this.#checkpoints.push(nowMs + LEASE_CHECKPOINT_INTERVAL_MS, entry);
    }
  }

  /** Clears the queues of what has ended when that is most of them, so that they stay bounded. */
  #sweep(): void {
    const heapMax = 2 * this.#timed.size + 1_024;
    if (this.#expiries.size > heapMax) this.#expiries.retain(isLive);
    if (this.#checkpoints.size > heapMax) this.#checkpoints.retain(isLive);
  }
}

function isLive(entry: Timed): boolean {
  return !entry.ended;
}

function timedOf(lease: Lease, expiresMs: number): Timed {
  return { lease, expiresMs, checkpointing: false, ended: false };
}
