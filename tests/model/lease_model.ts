interface TimedLease {
  readonly ttlSeconds: number;
  endsMs: number;
}

/** When leases are over, in the plainest form: by the clock that the stamps of the log tell. */
export class LeaseModel {
  clockMs = 0;
  readonly #leases = new Map<bigint, TimedLease>();

  /** The leases that there are, in the order of their grants. */
  get ids(): bigint[] {
    return [...this.#leases.keys()];
  }

  /** An entry has this stamp. */
  stamp(clockMs: number): void {
    this.clockMs = Math.max(this.clockMs, clockMs);
  }

  grant(id: bigint, ttlSeconds: number): void {
    this.#leases.set(id, { ttlSeconds, endsMs: this.clockMs + ttlSeconds * 1_000 });
  }

  /** The seconds that a renewal is answered. */
  renew(id: bigint): number {
    const lease = this.#leases.get(id);
    if (lease === undefined) return 0;
    lease.endsMs = this.clockMs + lease.ttlSeconds * 1_000;
    return lease.ttlSeconds;
  }

  end(id: bigint): void {
    this.#leases.delete(id);
  }

  endsMs(id: bigint): number {
    return this.#leases.get(id)?.endsMs ?? Infinity;
  }

  isOver(id: bigint): boolean {
    return this.endsMs(id) <= this.clockMs;
  }
}
