import { assert } from "../base/assert.ts";
import { EMPTY_BYTES } from "../base/bytes.ts";
import { isSingleKey, keyInterval } from "./key_interval.ts";
import type { OperationCounts } from "./operation_counts.ts";
import { type KeyValue, type MvccReason, NO_LEASE } from "./key_value.ts";
import type { RangeRequest, RangeResult } from "./requests.ts";
import type { RecordDraft } from "./revision_log.ts";
import type { Segment } from "./segment.ts";
import type { WritableStore } from "./store_view.ts";

/** What a command did to the store. */
export interface WriteOutcome {
  /** The revision after the command: a new one if it changed something. */
  revision: number;
  changed: boolean;
}

/**
 * The writes of one command. They share one main revision and are numbered by sub-revision; all
 * become visible together at `end`, because nothing else runs in between. There is no way to abort:
 * a command must be checked before its first write.
 */
export class WriteTxn {
  readonly #store: WritableStore;
  readonly #main: number;
  readonly #operationsBefore: number;
  #changes = 0;
  #open = true;
  readonly #draft: RecordDraft;

  constructor(store: WritableStore, draft: RecordDraft) {
    this.#store = store;
    this.#main = store.revision + 1;
    this.#operationsBefore = operationsOf(store.counts);
    this.#draft = draft;
  }

  /** The revision that a read in this transaction is at: the new one after its first write. */
  get revision(): number {
    return this.#changes > 0 ? this.#main : this.#main - 1;
  }

  /** Reads a range, the transaction's own writes included. */
  range(request: RangeRequest): RangeResult | MvccReason {
    return this.#store.range(request);
  }

  /** The key as it is now, or null. */
  get(key: Uint8Array): KeyValue | null {
    return this.#store.get(key);
  }

  #begin(): RecordDraft {
    assert(this.#open, "A transaction that has ended cannot write");
    const draft = this.#draft;
    draft.main = this.#main;
    draft.sub = this.#changes;
    draft.prevMain =
      draft.prevSub =
      draft.jumpMain =
      draft.jumpSub =
      draft.depth =
        0;
    return draft;
  }

  /** Writes a key. The lease's existence has been checked before; 0n detaches a former lease. */
  put(key: Uint8Array, value: Uint8Array, lease: bigint): void {
    this.#store.counts.puts++;
    this.#store.counts.putBytes += key.length + value.length;
    const { table, tree, log, compactRevision, leases } = this.#store;
    const draft = this.#begin();
    draft.tombstone = false;
    draft.createRevision = this.#main;
    draft.version = 1;
    draft.lease = lease;
    let entry = table.find(key);
    let alive = false;
    let previousLease = NO_LEASE;
    if (entry >= 0) {
      alive = table.foundAlive;
      const segment = table.foundSegment;
      const offset = table.foundOffset;
      if (alive) {
        draft.createRevision = segment.createRevision(offset);
        draft.version = segment.version(offset) + 1;
        previousLease = segment.lease(offset);
        segment.becomesGarbage(this.#main);
      }
      // A tombstone before the compact revision is as good as gone.
      if (alive || segment.main(offset) >= compactRevision) {
        log.link(draft, segment, offset, compactRevision);
      }
    }
    log.append(draft, key, value);
    if (entry < 0) {
      entry = table.insert(key);
      table.set(entry, log.segment, log.offset, true);
      tree.insert(key, entry);
    } else {
      table.set(entry, log.segment, log.offset, true);
      if (!alive) tree.adjustAlive(key, 1);
    }
    this.#changed();
    if (previousLease === lease) return;
    const ownKey = log.segment.key(log.offset);
    if (previousLease !== NO_LEASE) leases.detach(previousLease, ownKey);
    if (lease !== NO_LEASE) leases.attach(lease, ownKey);
  }

  /** Deletes the keys that a key and a range end name, in their order. Gives how many there were. */
  deleteRange(key: Uint8Array, rangeEnd: Uint8Array): number {
    this.#store.counts.deletes++;
    const { table, tree } = this.#store;
    if (isSingleKey(rangeEnd)) {
      const entry = table.find(key);
      if (entry < 0 || !table.foundAlive) return 0;
      this.#delete(entry, table.foundSegment, table.foundOffset);
      return 1;
    }
    const interval = keyInterval(key, rangeEnd);
    if (interval === null) return 0;
    const cursor = tree.range(interval);
    let deleted = 0;
    for (let entry = cursor.next(); entry >= 0; entry = cursor.next()) {
      if (table.alive(entry) === 0) continue;
      const [segment, offset] = [table.segment(entry), table.offset(entry)];
      assert(table.findRecord(segment, offset) === entry, "An entry leads to its own key");
      this.#delete(entry, segment, offset);
      deleted++;
    }
    return deleted;
  }

  /** Deletes the key that the table found last. */
  #delete(entry: number, segment: Segment, offset: number): void {
    const { table, tree, log, compactRevision, leases } = this.#store;
    const draft = this.#begin();
    draft.tombstone = true;
    draft.createRevision = draft.version = 0;
    draft.lease = NO_LEASE;
    log.link(draft, segment, offset, compactRevision);
    segment.becomesGarbage(this.#main);
    const key = segment.key(offset);
    log.append(draft, key, EMPTY_BYTES);
    log.segment.becomesGarbage(this.#main + 1);
    table.set(entry, log.segment, log.offset, false);
    tree.adjustAlive(key, -1);
    this.#changed();
    const lease = segment.lease(offset);
    if (lease !== NO_LEASE) leases.detach(lease, key);
  }

  #changed(): void {
    if (++this.#changes === 1) this.#store.setVisible(this.#main);
  }

  /** Ends the command: its writes become the store's newest revision, and watchers hear of them. */
  end(): WriteOutcome {
    assert(this.#open, "A transaction can end only once");
    this.#open = false;
    const { counts } = this.#store;
    if (operationsOf(counts) - this.#operationsBefore > 1) counts.txns++;
    this.#store.endTxn(this.#changes);
    return { revision: this.revision, changed: this.#changes > 0 };
  }
}

function operationsOf({ ranges, puts, deletes }: OperationCounts): number {
  return ranges + puts + deletes;
}
