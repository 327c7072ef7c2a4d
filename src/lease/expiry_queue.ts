import type { LeaseId } from "../base/ids.ts";
import { DeadlineHeap } from "./deadline_heap.ts";
import type { Lease, LeaseObserver, LeaseTable } from "./lease_table.ts";

/** An end that has not come this long after it was asked for is asked for again. */
export const LEASE_END_RETRY_MS = 500;

/**
 * The leases in the order in which they end, for the leader, who sees to it that the log ends them.
 * It costs renewals nothing: a lease that was renewed is found out when its old end comes.
 */
export class ExpiryQueue implements LeaseObserver {
  readonly #table: LeaseTable;
  readonly #ends = new DeadlineHeap<Lease>();

  constructor(table: LeaseTable) {
    this.#table = table;
  }

  /** How many places the queue takes, for those who watch memory. */
  get queuedCount(): number {
    return this.#ends.size;
  }

  /** Begins with all leases that there are, and listens for more. */
  open(): void {
    this.#ends.clear();
    for (const lease of this.#table.list()) this.granted(lease);
    this.#table.observe(this);
  }

  /** Forgets everything. */
  close(): void {
    this.#table.observe(null);
    this.#ends.clear();
  }

  /**
   * Up to `limit` leases whose time is over at this reading of the lease clock. Each is named once,
   * and again only if it is still over and still there after {@linkcode LEASE_END_RETRY_MS}.
   */
  takeOver(clockMs: number, limit: number): LeaseId[] {
    const ids: LeaseId[] = [];
    while (ids.length < limit) {
      const lease = this.#ends.popDue(clockMs);
      if (lease === undefined) break;
      if (!this.#isLive(lease)) continue;
      if (lease.endsMs > clockMs) {
        this.#ends.push(lease.endsMs, lease);
      } else {
        ids.push(lease.id);
        this.#ends.push(clockMs + LEASE_END_RETRY_MS, lease);
      }
    }
    return ids;
  }

  /** @inheritdoc */
  granted(lease: Lease): void {
    this.#ends.push(lease.endsMs, lease);
  }

  /** Clears out what has ended when that is most of the queue, so that it stays bounded. */
  revoked(): void {
    if (this.#ends.size > 2 * this.#table.size + 1_024) {
      this.#ends.retain((lease) => this.#isLive(lease));
    }
  }

  #isLive(lease: Lease): boolean {
    return this.#table.get(lease.id) === lease;
  }
}
