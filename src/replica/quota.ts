/** What a replica may hold when nothing else is said: etcd's default. */
export const QUOTA_BYTES_DEFAULT = 2_147_483_648;

/**
 * How much a replica may hold. What a write adds is known before it is proposed, so the edge refuses
 * it there, and the cluster refuses the next ones by the alarm that the replica raises.
 *
 * What is on its way through the log counts by its estimate until the next measurement, so that many
 * writes at once cannot pass by the limit together.
 */
export class Quota {
  /** Infinite when there is no quota. */
  readonly limitBytes: number;
  #sizeBytes = 0;

  /** @param limitBytes Zero stands for the default, a negative number for no quota, as in etcd. */
  constructor(limitBytes = 0) {
    if (limitBytes < 0) this.limitBytes = Infinity;
    else this.limitBytes = limitBytes === 0 ? QUOTA_BYTES_DEFAULT : limitBytes;
  }

  /** Notes how large the store is. */
  measure(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
  }

  /** Whether a write of this cost fits. One that costs nothing always does: a delete, a read. */
  admits(costBytes: number): boolean {
    if (costBytes === 0) return true;
    if (this.#sizeBytes + costBytes >= this.limitBytes) return false;
    this.#sizeBytes += costBytes;
    return true;
  }
}
