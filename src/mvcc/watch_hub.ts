import type { Event } from "./key_value.ts";
import { AT_KEY_BYTES, KEY_BYTES_MASK, RECORD_HEADER_BYTES } from "./record.ts";
import type { MvccStore, StoreListener } from "./store.ts";
import { makeEvent } from "./watch_history.ts";
import { WatchStream } from "./watch_stream.ts";
import type { Watcher } from "./watcher.ts";
import { WatcherIndex } from "./watcher_index.ts";

/** Brings the changes of a store to the watch streams. There is one hub for a store. */
export class WatchHub implements StoreListener {
  readonly store: MvccStore;
  /** Watchers that have everything up to the store's revision in their queues. */
  readonly synced: WatcherIndex = new WatcherIndex();
  readonly #streams = new Set<WatchStream>();
  /** Watchers with pending events of the commit at hand. */
  #touched: Watcher[] = [];

  constructor(store: MvccStore) {
    this.store = store;
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

  /** Matches the records of a commit with the synced watchers. All events of it go out together. */
  onCommit(revision: number): void {
    if (this.synced.size === 0) return;
    const reader = this.store.log.readFrom(revision);
    while (reader.next()) {
      const { segment, offset } = reader;
      const start = offset + RECORD_HEADER_BYTES;
      const keyBytes = segment.view.getUint32(offset + AT_KEY_BYTES, true) & KEY_BYTES_MASK;
      let plain: Event | null = null;
      let withPrevious: Event | null = null;
      this.synced.match(segment.bytes, start, start + keyBytes, (watcher) => {
        if (watcher.nextRevision > revision || !watcher.wants(segment.isTombstone(offset))) return;
        if (watcher.pending.length === 0) this.#touched.push(watcher);
        // Watchers share events, which nobody changes.
        if (watcher.prevKv) {
          withPrevious ??= makeEvent(this.store, segment, offset, true);
          watcher.pending.push(withPrevious);
        } else {
          plain ??= makeEvent(this.store, segment, offset, false);
          watcher.pending.push(plain);
        }
      });
    }
    const touched = this.#touched;
    this.#touched = [];
    for (const watcher of touched) {
      const events = watcher.pending;
      watcher.pending = [];
      watcher.stream.offer(watcher, revision, events);
    }
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
