import type { Event } from "./key_value.ts";
import type { KeyInterval } from "./key_interval.ts";

/** A watch's filter, with etcd's number: no puts. */
export const FILTER_NOPUT = 0;
/** A watch's filter, with etcd's number: no deletes. */
export const FILTER_NODELETE = 1;

/** Ref: etcd rpc.proto WatchCreateRequest. */
export interface WatchCreateRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly startRevision: number;
  readonly progressNotify: boolean;
  readonly filters: readonly number[];
  readonly prevKv: boolean;
  readonly watchId: number;
  readonly fragment: boolean;
}

/** Why a watch ended or never began, when the reason is the store's; "" when there is none to give. */
export type WatchCancelReason = "" | "compacted" | "duplicate watch id" | "empty range";

/** What a stream gives to its consumer, in order. */
export interface WatchResponse {
  watchId: number;
  /** The revision for the response's header. */
  revision: number;
  created: boolean;
  canceled: boolean;
  /** Not 0: the watch was behind this compact revision and is canceled. */
  compactRevision: number;
  /** A {@linkcode WatchCancelReason}, or the text that `WatchStream.refuse` was given. */
  cancelReason: string;
  /** Whether the watcher accepts that the edge cuts a large response into fragments. */
  fragment: boolean;
  /** None in a progress notification. */
  events: readonly Event[];
}

/** Shared, because most watchers have none most of the time; a list of none or one never grows. */
export const NONE_PENDING: Event[] = [];

/** Where the events of a watcher go: its stream. */
export interface WatcherOwner {
  /** Takes the events of a commit for a synced watcher, or has it read them later. */
  offer(watcher: Watcher, revision: number, events: readonly Event[]): void;
  /** Makes a watcher read history from its next revision on. */
  fallBehind(watcher: Watcher): void;
}

/** One watch on a stream. */
export class Watcher {
  readonly stream: WatcherOwner;
  readonly id: number;
  readonly key: Uint8Array;
  /** The watched interval, or null for a single key. */
  readonly interval: KeyInterval | null;
  readonly startRevision: number;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly prevKv: boolean;
  readonly progressNotify: boolean;
  readonly fragment: boolean;
  /** Events before this revision have been queued, or do not concern the watcher. */
  nextRevision: number;
  /** Whether nothing was sent since the last progress tick. */
  quiet = true;
  /** Its place in the list of watchers of the same key or interval, for quick removal. */
  place = -1;
  /** Events of the revision that is being committed. */
  pending: Event[] = NONE_PENDING;

  constructor(
    stream: WatcherOwner,
    id: number,
    key: Uint8Array,
    interval: KeyInterval | null,
    request: WatchCreateRequest,
    nextRevision: number,
  ) {
    this.stream = stream;
    this.id = id;
    this.key = key;
    this.interval = interval;
    this.startRevision = request.startRevision;
    this.noPut = request.filters.includes(FILTER_NOPUT);
    this.noDelete = request.filters.includes(FILTER_NODELETE);
    this.prevKv = request.prevKv;
    this.progressNotify = request.progressNotify;
    this.fragment = request.fragment;
    this.nextRevision = nextRevision;
  }

  /** Whether the filters let a change through. */
  wants(tombstone: boolean): boolean {
    return tombstone ? !this.noDelete : !this.noPut;
  }
}
