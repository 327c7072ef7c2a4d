import { compareBytes, equalBytes } from "../base/bytes.ts";
import { type Event, EVENT_DELETE, EVENT_PUT, type KeyValue } from "./key_value.ts";
import { AT_PREV_MAIN, AT_PREV_SUB } from "./record.ts";
import { RecordKeyValue } from "./record_key_value.ts";
import type { Segment } from "./segment.ts";
import type { StoreView } from "./store_view.ts";
import type { Watcher } from "./watcher.ts";

/** One response holds the events of at most this many revisions, as in etcd. */
const BATCH_REVISIONS_MAX = 1000;
/** One response ends after this many bytes of values, but never within a revision. */
const BATCH_BYTES = 1_048_576;
/** One step reads at most about this many records of the log, so that it takes some milliseconds. */
const SCAN_RECORDS = 50_000;
/** How far back one step follows the chain of a single key before it rather reads the log. */
const CHAIN_RECORDS = 4_000;

interface Place {
  readonly segment: Segment;
  readonly offset: number;
}

/**
 * Reads what a watcher has missed, one bounded step of it, and moves its `nextRevision` on. The
 * watcher is up to date when that is past the store's revision. It must not be behind compaction.
 */
export function readHistory(store: StoreView, watcher: Watcher): Event[] {
  const chain = watcher.interval === null ? placesOfKey(store, watcher) : null;
  const batch = new HistoryBatch(store, watcher);
  if (chain !== null) {
    for (let i = chain.length - 1; i >= 0; i--) {
      if (!batch.add(chain[i].segment, chain[i].offset)) return batch.events;
    }
    watcher.nextRevision = store.revision + 1;
    return batch.events;
  }
  const { key, interval } = watcher;
  const reader = store.log.readFrom(watcher.nextRevision);
  for (let records = 0; reader.next(); records++) {
    const { segment, offset } = reader;
    if (records >= SCAN_RECORDS && batch.endsBefore(segment.main(offset))) return batch.events;
    const recordKey = segment.key(offset);
    const matches = interval === null
      ? equalBytes(recordKey, key)
      : compareBytes(recordKey, interval.start) >= 0 &&
        (interval.end === null || compareBytes(recordKey, interval.end) < 0);
    if (matches && !batch.add(segment, offset)) return batch.events;
    batch.passed(segment.main(offset));
  }
  watcher.nextRevision = store.revision + 1;
  return batch.events;
}

/** The records of a watcher's key that it has missed, the newest first; null if there are many. */
function placesOfKey(store: StoreView, watcher: Watcher): Place[] | null {
  const { log, table } = store;
  const places: Place[] = [];
  const entry = table.find(watcher.key);
  if (entry < 0) return places;
  let segment = table.segment(entry);
  let offset = table.offset(entry);
  while (segment.main(offset) >= watcher.nextRevision) {
    if (places.length === CHAIN_RECORDS) return null;
    places.push({ segment, offset });
    if (!findPrevious(store, segment, offset)) break;
    segment = log.segment;
    offset = log.offset;
  }
  return places;
}

/** Whether the log still has the record before this one of the same key; the log says where. */
function findPrevious(store: StoreView, segment: Segment, offset: number): boolean {
  const main = segment.view.getFloat64(offset + AT_PREV_MAIN, true);
  if (main === 0) return false;
  return store.log.find(main, segment.view.getUint32(offset + AT_PREV_SUB, true));
}

/** Gathers events until a response is full, without ever splitting a revision. */
class HistoryBatch {
  readonly events: Event[] = [];
  readonly #store: StoreView;
  readonly #watcher: Watcher;
  #lastRevision = 0;
  #passedRevision = 0;
  #revisions = 0;
  #bytes = 0;

  constructor(store: StoreView, watcher: Watcher) {
    this.#store = store;
    this.#watcher = watcher;
  }

  /** Takes a change; false when the response is full and the watcher goes on with this revision. */
  add(segment: Segment, offset: number): boolean {
    const main = segment.main(offset);
    if (main !== this.#lastRevision) {
      if (this.#revisions === BATCH_REVISIONS_MAX || this.#bytes >= BATCH_BYTES) {
        this.#watcher.nextRevision = main;
        return false;
      }
      this.#lastRevision = main;
      this.#revisions++;
    }
    if (!this.#watcher.wants(segment.isTombstone(offset))) return true;
    this.#bytes += segment.valueBytes(offset);
    this.events.push(makeEvent(this.#store, segment, offset, this.#watcher.prevKv));
    return true;
  }

  passed(main: number): void {
    this.#passedRevision = main;
  }

  /** Whether a step may end before a record of this revision; if so the watcher goes on with it. */
  endsBefore(main: number): boolean {
    if (main === this.#passedRevision) return false;
    this.#watcher.nextRevision = main;
    return true;
  }
}

/** The event that a record stands for. */
export function makeEvent(
  store: StoreView,
  segment: Segment,
  offset: number,
  withPrevious: boolean,
): Event {
  const type = segment.isTombstone(offset) ? EVENT_DELETE : EVENT_PUT;
  const kv = new RecordKeyValue(segment, offset);
  const prevKv = withPrevious ? previousKeyValue(store, segment, offset) : null;
  return prevKv === null ? { type, kv } : { type, kv, prevKv };
}

/**
 * The key as it was one revision before a record: nothing if the record created the key, or if that
 * revision is compacted, even where the bytes are still there.
 */
function previousKeyValue(store: StoreView, segment: Segment, offset: number): KeyValue | null {
  const { log } = store;
  const main = segment.main(offset);
  if (segment.createRevision(offset) === main || main - 1 < store.compactRevision) return null;
  do {
    if (!findPrevious(store, segment, offset)) return null;
    segment = log.segment;
    offset = log.offset;
  } while (segment.main(offset) === main);
  return segment.isTombstone(offset) ? null : new RecordKeyValue(segment, offset);
}
