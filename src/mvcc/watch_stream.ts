import { compareBytes } from "../base/bytes.ts";
import { WATCH_QUEUE_RESPONSES_MAX } from "../base/limits.ts";
import { isFromKey, isSingleKey, keyInterval } from "./key_interval.ts";
import type { Event } from "./key_value.ts";
import { readHistory } from "./watch_history.ts";
import type { StoreView } from "./store_view.ts";
import {
  type WatchCancelReason,
  type WatchCreateRequest,
  Watcher,
  type WatcherOwner,
  type WatchResponse,
} from "./watcher.ts";
import type { WatcherIndex } from "./watcher_index.ts";

/** What a stream needs of the hub that opened it. */
export interface StreamHub {
  readonly store: StoreView;
  /** Watchers that have everything up to the store's revision in their queues. */
  readonly synced: WatcherIndex;
  /** Counts events that a stream has given away. */
  noteTaken(events: number): void;
  /** Forgets a stream that was closed. */
  forget(stream: WatchStream): void;
}

/** The watch id of responses that are about no watcher in particular. */
export const NO_WATCH_ID: -1 = -1;
/** Steps through history that one `take` may make when they find nothing. */
const EMPTY_STEPS_MAX = 4;
const NO_EVENTS: readonly Event[] = [];
const ZERO_KEY = new Uint8Array(1);

/**
 * The watchers of one client and one bounded queue of responses for it. The consumer pulls: it calls
 * `take` until that gives null, and again after `onReady`.
 *
 *   synced     gets every commit at once, as long as the queue has room
 *   unsynced   reads history in bounded steps, when the consumer takes and the queue has room;
 *              becomes synced at the end
 *
 * A commit that finds the queue full makes the watcher unsynced from that revision on. So a slow
 * consumer costs neither memory nor anyone else's time, and loses nothing.
 */
export class WatchStream implements WatcherOwner {
  readonly #hub: StreamHub;
  readonly #onReady: () => void;
  readonly #watchers = new Map<number, Watcher>();
  /** IDs of watchers that compaction ended; taken until the client cancels them, as in etcd. */
  readonly #compactedIds = new Set<number>();
  /** Watchers that have history to read. */
  readonly #unsynced = new Set<Watcher>();
  #queue: WatchResponse[] = [];
  #nextId = 0;
  /** Whether the consumer has been told and has not yet found the stream empty. */
  #told = false;
  #closed = false;

  constructor(hub: StreamHub, onReady: () => void) {
    this.#hub = hub;
    this.#onReady = onReady;
  }

  /** Whether `take` may have something. If it gave null and this is true, take again soon. */
  get ready(): boolean {
    return this.#queue.length > 0 || this.#unsynced.size > 0;
  }

  /** Whether the consumer is so late that no more requests of its client should be read. */
  get full(): boolean {
    return this.#queue.length >= WATCH_QUEUE_RESPONSES_MAX;
  }

  /** How many watchers there are. */
  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** How many events wait for the consumer. */
  get pendingEventCount(): number {
    return this.#queue.reduce((sum, { events }) => sum + events.length, 0);
  }

  /** How many watchers are behind. */
  get unsyncedCount(): number {
    return this.#unsynced.size;
  }

  /**
   * Begins a watch; the answer goes through the queue, before all events. Gives the watch id, or
   * {@linkcode NO_WATCH_ID} if the watch was refused.
   */
  create(request: WatchCreateRequest): number {
    const { revision } = this.#hub.store;
    if (request.startRevision < 0) return this.refuse("compacted" satisfies WatchCancelReason);
    const key = request.key.length === 0 ? ZERO_KEY : request.key.slice();
    const { rangeEnd } = request;
    const single = isSingleKey(rangeEnd);
    if (!single && !isFromKey(rangeEnd) && compareBytes(key, rangeEnd) >= 0) {
      return this.refuse("empty range" satisfies WatchCancelReason);
    }
    let id = request.watchId;
    if (id === 0) {
      while (this.#isTaken(this.#nextId)) this.#nextId++;
      id = this.#nextId++;
    } else if (this.#isTaken(id)) {
      return this.refuse("duplicate watch id" satisfies WatchCancelReason);
    }
    const behind = request.startRevision !== 0 && request.startRevision <= revision;
    const next = behind ? request.startRevision : Math.max(revision + 1, request.startRevision);
    const interval = single ? null : keyInterval(key, rangeEnd.slice());
    const watcher = new Watcher(this, id, key, interval, request, next);
    this.#watchers.set(id, watcher);
    this.#push({ ...response(watcher, revision), created: true });
    if (behind) this.#unsynced.add(watcher);
    else this.#hub.synced.add(watcher);
    return id;
  }

  #isTaken(id: number): boolean {
    return this.#watchers.has(id) || this.#compactedIds.has(id);
  }

  /** Answers a request to watch with "created and canceled" for a reason found elsewhere. */
  refuse(cancelReason: string): typeof NO_WATCH_ID {
    this.#push({
      watchId: NO_WATCH_ID,
      revision: this.#hub.store.revision,
      created: true,
      canceled: true,
      compactRevision: 0,
      cancelReason,
      fragment: false,
      events: NO_EVENTS,
    });
    return NO_WATCH_ID;
  }

  /** Ends a watch. What is queued for it is dropped; an unknown id is passed over in silence. */
  cancel(watchId: number): void {
    const watcher = this.#watchers.get(watchId);
    if (watcher !== undefined) this.#forget(watcher);
    else if (!this.#compactedIds.delete(watchId)) return;
    this.#queue = this.#queue.filter((queued) => queued.watchId !== watchId || queued.created);
    const about = { id: watchId, fragment: false };
    this.#push({ ...response(about, this.#hub.store.revision), canceled: true });
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher.id);
    this.#unsynced.delete(watcher);
    this.#hub.synced.delete(watcher);
  }

  /**
   * Answers a client's request for progress: everything up to the revision in the answer has been
   * queued before it. Without watchers, or while one of them is behind or waits for a revision to
   * come, there is no answer and the client asks again.
   */
  requestProgress(): void {
    if (this.#watchers.size === 0 || this.full) return;
    for (const watcher of this.#watchers.values()) if (!this.#hasProgress(watcher)) return;
    const [first] = this.#watchers.values();
    this.#push({
      ...response(first, this.#hub.store.revision),
      watchId: NO_WATCH_ID,
      fragment: false,
    });
  }

  /** Sends progress to each watcher that asked for it and was quiet since the last call. */
  progressTick(): void {
    for (const watcher of this.#watchers.values()) {
      if (!watcher.progressNotify) continue;
      if (watcher.quiet && this.#hasProgress(watcher) && !this.full) {
        this.#push(response(watcher, this.#hub.store.revision));
      }
      watcher.quiet = true;
    }
  }

  #hasProgress(watcher: Watcher): boolean {
    return !this.#unsynced.has(watcher) && watcher.startRevision <= this.#hub.store.revision;
  }

  /** The next response, or null when there is none now. */
  take(): WatchResponse | null {
    for (let step = 0; step < EMPTY_STEPS_MAX && this.#unsynced.size > 0 && !this.full; step++) {
      const [watcher] = this.#unsynced;
      this.#catchUp(watcher);
      if (this.#queue.length > 0) break;
    }
    const taken = this.#queue.shift() ?? null;
    if (taken === null) this.#told = false;
    else this.#hub.noteTaken(taken.events.length);
    return taken;
  }

  /** One step of an unsynced watcher, which then goes to the end of the line. */
  #catchUp(watcher: Watcher): void {
    const { store } = this.#hub;
    if (watcher.nextRevision < store.compactRevision) {
      this.#forget(watcher);
      this.#compactedIds.add(watcher.id);
      // etcd leaves the header's revision at 0 here.
      const canceled = { ...response(watcher, 0), canceled: true };
      this.#push({ ...canceled, compactRevision: store.compactRevision });
      return;
    }
    const events = readHistory(store, watcher);
    this.#unsynced.delete(watcher);
    if (watcher.nextRevision > store.revision) this.#hub.synced.add(watcher);
    else this.#unsynced.add(watcher);
    if (events.length > 0) this.#send(watcher, store.revision, events);
  }

  #send(watcher: Watcher, revision: number, events: readonly Event[]): void {
    watcher.quiet = false;
    this.#push({ ...response(watcher, revision), events });
  }

  #push(response: WatchResponse): void {
    if (this.#closed) return;
    this.#queue.push(response);
    this.#wake();
  }

  #wake(): void {
    if (this.#told) return;
    this.#told = true;
    this.#onReady();
  }

  /** Takes the events of a commit for a synced watcher, or has it read them later. */
  offer(watcher: Watcher, revision: number, events: readonly Event[]): void {
    if (this.full) {
      watcher.nextRevision = revision;
      this.fallBehind(watcher);
      return;
    }
    watcher.nextRevision = revision + 1;
    this.#send(watcher, revision, events);
  }

  /** Makes a watcher read history from its next revision on. */
  fallBehind(watcher: Watcher): void {
    this.#hub.synced.delete(watcher);
    this.#unsynced.add(watcher);
    this.#wake();
  }

  /** Ends all watches. Nothing more can be taken. */
  close(): void {
    for (const watcher of this.#watchers.values()) this.#forget(watcher);
    this.#queue = [];
    this.#closed = true;
    this.#hub.forget(this);
  }
}

function response(watcher: Pick<Watcher, "id" | "fragment">, revision: number): WatchResponse {
  return {
    watchId: watcher.id,
    revision,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: watcher.fragment,
    events: NO_EVENTS,
  };
}
