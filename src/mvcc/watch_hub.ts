import type { Event } from "./key_value.ts";
import { RECORD_HEADER_BYTES } from "./record.ts";
import type { Segment } from "./segment.ts";
import type { MvccStore, StoreListener } from "./store.ts";
import { makeEvent } from "./watch_history.ts";
import { type StreamHub, WatchStream } from "./watch_stream.ts";
import { NONE_PENDING, type Watcher } from "./watcher.ts";
import { WatcherIndex } from "./watcher_index.ts";

/** Brings the changes of a store to the watch streams. There is one hub for a store. */
export class WatchHub implements StoreListener, StreamHub {
  readonly store: MvccStore;
  /** Watchers that have everything up to the store's revision in their queues. */
  readonly synced: WatcherIndex;
  readonly #streams = new Set<WatchStream>();
  /** Watchers of the record at hand. */
  readonly #found: Watcher[] = [];
  /** Watchers with pending events of the commit at hand. */
  #touched: Watcher[] = [];
  #takenEvents = 0;

  constructor(store: MvccStore) {
    this.store = store;
    this.synced = new WatcherIndex(store.hashSeed);
    store.listener = this;
  }

  /**
   * Opens a stream. `onReady` is called when the stream has something after the consumer found it
   * empty; it may be called in the middle of a commit and should only note that there is work.
   */
  openStream(onReady: () => void): WatchStream {
    const stream = new WatchStream(this, onReady);
    this.#streams.add(stream);
    return stream;
  }

  /** How many streams are open. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** How many watchers there are. */
  get watcherCount(): number {
    let count = 0;
    for (const stream of this.#streams) count += stream.watcherCount;
    return count;
  }

  /** How many watchers are behind and read history. */
  get unsyncedCount(): number {
    let count = 0;
    for (const stream of this.#streams) count += stream.unsyncedCount;
    return count;
  }

  /** How many events wait in the streams. */
  get pendingEventCount(): number {
    let count = 0;
    for (const stream of this.#streams) count += stream.pendingEventCount;
    return count;
  }

  /** How many events the streams have given away. */
  get takenEventCount(): number {
    return this.#takenEvents;
  }

  noteTaken(events: number): void {
    this.#takenEvents += events;
  }

  /** Matches the records of a commit with the synced watchers. All events of it go out together. */
  onCommit(revision: number, changes: number): void {
    if (this.synced.size === 0) return;
    const { log } = this.store;
    if (changes === 1) {
      const tail = log.tail;
      this.#match(tail, tail.offsetAt(tail.count - 1));
    } else {
      const reader = log.readFrom(revision);
      while (reader.next()) this.#match(reader.segment, reader.offset);
    }
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    this.#touched = [];
    for (const watcher of touched) {
      const events = watcher.pending;
      watcher.pending = NONE_PENDING;
      watcher.stream.offer(watcher, revision, events);
    }
  }

  #match(segment: Segment, offset: number): void {
    const start = offset + RECORD_HEADER_BYTES;
    const end = start + segment.keyBytes(offset);
    const found = this.#found;
    this.synced.match(segment.bytes, start, end, found);
    if (found.length === 0) return;
    // Watchers share events and lists of one event, which nobody changes.
    let plain: Event[] | null = null;
    let withPrevious: Event[] | null = null;
    const revision = segment.main(offset);
    const tombstone = segment.isTombstone(offset);
    for (const watcher of found) {
      if (watcher.nextRevision > revision || !watcher.wants(tombstone)) continue;
      const events: Event[] = watcher.prevKv
        ? withPrevious ??= [makeEvent(this.store, segment, offset, true)]
        : plain ??= [makeEvent(this.store, segment, offset, false)];
      if (watcher.pending.length === 0) {
        this.#touched.push(watcher);
        watcher.pending = events;
      } else if (watcher.pending.length === 1) watcher.pending = [watcher.pending[0], events[0]];
      else watcher.pending.push(events[0]);
    }
    found.length = 0;
  }

  /** Has the watchers read what a snapshot brought, from the last revision that they saw. */
  onRestore(revisionBefore: number): void {
    for (const watcher of this.synced.all()) {
      if (watcher.nextRevision <= revisionBefore) watcher.nextRevision = revisionBefore + 1;
      if (watcher.nextRevision <= this.store.revision) watcher.stream.fallBehind(watcher);
    }
  }

  /** Forgets a stream that was closed. */
  forget(stream: WatchStream): void {
    this.#streams.delete(stream);
  }
}
