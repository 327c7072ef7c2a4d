import { assert } from "../base/assert.ts";
import type { ByteReader } from "../base/byte_reader.ts";
import { MalformedBytesError } from "../base/byte_reader.ts";
import type { ByteWriter } from "../base/byte_writer.ts";
import type { LeaseId } from "../base/ids.ts";
import { bytesOfKeyText, keyTextOf } from "./key_text.ts";

/** One key on its lease: a link in the lease's list of keys. */
interface Attachment {
  readonly keyText: string;
  readonly lease: LeaseRecord;
  previous: Attachment | null;
  next: Attachment | null;
}

interface LeaseRecord {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  endsMs: number;
  keyCount: number;
  firstKey: Attachment | null;
}

/** A promise that its keys vanish when nobody renews it. */
export interface Lease {
  /** The lease's name, not zero. */
  readonly id: LeaseId;
  /** What was granted, and what a renewal sets it back to. */
  readonly ttlSeconds: number;
  /** The reading of the lease clock at which its time is over. */
  readonly endsMs: number;
  /** How many keys are attached. */
  readonly keyCount: number;
}

/** How often something became of a lease. */
export interface LeaseCounts {
  granted: number;
  renewed: number;
  /** Ended, for whatever reason. */
  revoked: number;
  /** Those of them whose time was over. */
  expired: number;
}

/** Learns of what the log did to leases. A leader listens, see `expiry_queue.ts`. */
export interface LeaseObserver {
  /** A lease came into being. */
  granted(lease: Lease): void;
  /** A lease ended and its keys are gone. */
  revoked(): void;
}

/**
 * Leases as replicated state: it changes only by what the log says, and the only time that it knows is
 * the lease clock, in milliseconds, as the stamps of the log's entries tell it.
 *
 * Invariants: the clock never goes back. A key is attached to at most one lease; an attached key
 * exists in the store with that lease in its newest version. The order of leases is that of their
 * grants in the log, and a snapshot keeps it: all replicas list the same leases in the same order.
 */
export class LeaseTable {
  readonly #leases = new Map<LeaseId, LeaseRecord>();
  readonly #attachments = new Map<string, Attachment>();
  /** What became of leases since the program began, which is no part of the state. */
  readonly counts: LeaseCounts = { granted: 0, renewed: 0, revoked: 0, expired: 0 };
  #observer: LeaseObserver | null = null;
  #clockMs = 0;

  /** The newest reading of the lease clock that the log holds. */
  get clockMs(): number {
    return this.#clockMs;
  }

  /** How many leases there are. */
  get size(): number {
    return this.#leases.size;
  }

  /** How many keys are attached to leases. */
  get attachedKeyCount(): number {
    return this.#attachments.size;
  }

  /** Names the one listener; null for none. */
  observe(observer: LeaseObserver | null): void {
    this.#observer = observer;
  }

  /** Whether there is such a lease. */
  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  /** The lease of that name, or null. */
  get(id: LeaseId): Lease | null {
    return this.#leases.get(id) ?? null;
  }

  /** All leases in the order of their grants. */
  list(): IterableIterator<Lease> {
    return this.#leases.values();
  }

  /** An entry was stamped with this reading of the lease clock. */
  advance(clockMs: number): void {
    if (clockMs > this.#clockMs) this.#clockMs = clockMs;
  }

  /** Adds a lease; false if the name is taken. */
  grant(id: LeaseId, ttlSeconds: number): boolean {
    assert(id !== 0n, "LeaseTable cannot grant lease zero: it means no lease");
    if (this.#leases.has(id)) return false;
    const endsMs = this.#endOf(ttlSeconds);
    const lease: LeaseRecord = { id, ttlSeconds, endsMs, keyCount: 0, firstKey: null };
    this.#leases.set(id, lease);
    this.counts.granted++;
    this.#observer?.granted(lease);
    return true;
  }

  /**
   * Removes a lease and forgets its attachments.
   *
   * @returns The keys that were attached, sorted, or null if there is no such lease. The caller
   * deletes them from the store.
   */
  revoke(id: LeaseId): Uint8Array[] | null {
    const lease = this.#leases.get(id);
    if (lease === undefined) return null;
    const keyTexts = this.#keyTextsOf(lease);
    for (const keyText of keyTexts) this.#attachments.delete(keyText);
    this.#leases.delete(id);
    this.counts.revoked++;
    if (lease.endsMs <= this.#clockMs) this.counts.expired++;
    this.#observer?.revoked();
    return keyTexts.map(bytesOfKeyText);
  }

  /** Gives a lease its full time again; null if there is no such lease. */
  renew(id: LeaseId): Lease | null {
    const lease = this.#leases.get(id);
    if (lease === undefined) return null;
    lease.endsMs = this.#endOf(lease.ttlSeconds);
    this.counts.renewed++;
    return lease;
  }

  /** Whether a lease's time is over; not so for one that is gone. */
  isOver(id: LeaseId): boolean {
    const lease = this.#leases.get(id);
    return lease !== undefined && lease.endsMs <= this.#clockMs;
  }

  #endOf(ttlSeconds: number): number {
    return this.#clockMs + ttlSeconds * 1_000;
  }

  /** Puts `key` on a lease and takes it off any other. The lease must exist. */
  attach(id: LeaseId, key: Uint8Array): void {
    const lease = this.#leases.get(id);
    assert(lease !== undefined, `LeaseTable cannot attach a key to lease ${id}: there is none`);
    const keyText = keyTextOf(key);
    const old = this.#attachments.get(keyText);
    if (old !== undefined) {
      if (old.lease === lease) return;
      unlink(old);
    }
    const attachment: Attachment = { keyText, lease, previous: null, next: lease.firstKey };
    if (lease.firstKey !== null) lease.firstKey.previous = attachment;
    lease.firstKey = attachment;
    lease.keyCount++;
    this.#attachments.set(keyText, attachment);
  }

  /** Takes `key` off its lease, if it is on one. */
  detach(key: Uint8Array): void {
    // Why: most stores have no attached keys, and then a put must not pay for the look-up.
    if (this.#attachments.size === 0) return;
    const keyText = keyTextOf(key);
    const attachment = this.#attachments.get(keyText);
    if (attachment === undefined) return;
    unlink(attachment);
    this.#attachments.delete(keyText);
  }

  /** The lease that `key` is on, or zero. */
  leaseOf(key: Uint8Array): LeaseId {
    if (this.#attachments.size === 0) return 0n;
    return this.#attachments.get(keyTextOf(key))?.lease.id ?? 0n;
  }

  /** The keys of a lease, sorted; none if there is no such lease. */
  keysOf(id: LeaseId): Uint8Array[] {
    const lease = this.#leases.get(id);
    return lease === undefined ? [] : this.#keyTextsOf(lease).map(bytesOfKeyText);
  }

  #keyTextsOf(lease: LeaseRecord): string[] {
    const keyTexts: string[] = [];
    for (let at = lease.firstKey; at !== null; at = at.next) keyTexts.push(at.keyText);
    return keyTexts.sort();
  }

  /** Writes the clock and all leases. Attachments are left out: the store's newest records hold them. */
  snapshot(writer: ByteWriter): void {
    writer.varint(this.#clockMs);
    writer.varint(this.#leases.size);
    for (const { id, ttlSeconds, endsMs } of this.#leases.values()) {
      writer.uint64(id);
      writer.varint(ttlSeconds);
      writer.varint(endsMs);
    }
  }

  /** Replaces everything by what `snapshot` wrote. The caller attaches the keys afterwards. */
  restore(reader: ByteReader): void {
    this.#leases.clear();
    this.#attachments.clear();
    this.#clockMs = reader.varint();
    const count = reader.varint();
    for (let i = 0; i < count; i++) {
      const id = BigInt.asIntN(64, reader.uint64());
      const ttlSeconds = reader.varint();
      const endsMs = reader.varint();
      if (id === 0n || this.#leases.has(id)) {
        throw new MalformedBytesError(`Cannot restore lease ${id}: it is zero or there twice`);
      }
      this.#leases.set(id, { id, ttlSeconds, endsMs, keyCount: 0, firstKey: null });
    }
  }
}

function unlink(attachment: Attachment): void {
  const { lease, previous, next } = attachment;
  if (previous === null) lease.firstKey = next;
  else previous.next = next;
  if (next !== null) next.previous = previous;
  lease.keyCount--;
}
