import { mergeField, readMessage } from "./codec.ts";
import { HEADER } from "./header.ts";
import type { ResponseHeader } from "./header.ts";
import { Event } from "./key_value.ts";
import {
  bool,
  bytes,
  enumeration,
  int64,
  int64Clamped,
  message,
  MessageSchema,
  oneof,
  repeated,
  string,
} from "./schema.ts";
import type { WireReader } from "./wire_reader.ts";

/** Which events a watch leaves out. */
export const WatchFilter = { NOPUT: 0, NODELETE: 1 } as const;

/** Begins to watch one key or the keys in `[key, rangeEnd)`. */
export interface WatchCreateRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  /** The first revision of interest; zero means the next one. */
  startRevision: number;
  /** Asks for an empty response now and then while nothing happens. */
  progressNotify: boolean;
  /** Each one of {@linkcode WatchFilter}. */
  filters: number[];
  prevKv: boolean;
  /** The watch's name on its stream; zero lets the server choose. */
  watchId: number;
  /** Allows that a large response is cut into several. */
  fragment: boolean;
}

/** The schema of {@linkcode WatchCreateRequest}. */
export const WatchCreateRequest: MessageSchema<WatchCreateRequest> = new MessageSchema<
  WatchCreateRequest
>("etcdserverpb.WatchCreateRequest", {
  key: bytes(1),
  rangeEnd: bytes(2),
  startRevision: int64Clamped(3),
  progressNotify: bool(4),
  filters: repeated(enumeration(5, WatchFilter)),
  prevKv: bool(6),
  watchId: int64(7),
  fragment: bool(8),
});

/** Ends a watch. */
export interface WatchCancelRequest {
  watchId: number;
}

/** The schema of {@linkcode WatchCancelRequest}. */
export const WatchCancelRequest: MessageSchema<WatchCancelRequest> = new MessageSchema<
  WatchCancelRequest
>("etcdserverpb.WatchCancelRequest", { watchId: int64(1) });

/** Asks how far the stream's watches have come. */
export type WatchProgressRequest = Record<never, never>;

/** The schema of {@linkcode WatchProgressRequest}. */
export const WatchProgressRequest: MessageSchema<WatchProgressRequest> = new MessageSchema<
  WatchProgressRequest
>("etcdserverpb.WatchProgressRequest", {});

/** What a client says on a watch stream: at most one property is present. */
export interface WatchRequest {
  createRequest?: WatchCreateRequest;
  cancelRequest?: WatchCancelRequest;
  progressRequest?: WatchProgressRequest;
}

const REQUEST_UNION = "request_union";

/** The schema of {@linkcode WatchRequest}. */
export const WatchRequest: MessageSchema<WatchRequest> = new MessageSchema<WatchRequest>(
  "etcdserverpb.WatchRequest",
  {
    createRequest: oneof(REQUEST_UNION, message(1, () => WatchCreateRequest)),
    cancelRequest: oneof(REQUEST_UNION, message(2, () => WatchCancelRequest)),
    progressRequest: oneof(REQUEST_UNION, message(3, () => WatchProgressRequest)),
  },
);

/** What a server says on a watch stream. */
export interface WatchResponse {
  header?: ResponseHeader;
  watchId: number;
  /** The watch has begun; the first response of each watch. */
  created: boolean;
  /** The watch has ended; the last response of each watch. */
  canceled: boolean;
  /** Not zero if the watch ended because its revision was compacted. */
  compactRevision: number;
  cancelReason: string;
  /** More of the same revisions follows in the next response. */
  fragment: boolean;
  events: Event[];
}

/** The schema of {@linkcode WatchResponse}. */
export const WatchResponse: MessageSchema<WatchResponse> = new MessageSchema<WatchResponse>(
  "etcdserverpb.WatchResponse",
  {
    header: HEADER,
    watchId: int64(2),
    created: bool(3),
    canceled: bool(4),
    compactRevision: int64(5),
    cancelReason: string(6),
    fragment: bool(7),
    events: repeated(message(11, () => Event)),
  },
  { zero, merge },
);

function zero(): WatchResponse {
  return {
    watchId: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events: [],
  };
}

function merge(response: WatchResponse, reader: WireReader): void {
  while (reader.hasMore) {
    const tag = reader.tag();
    if (tag === 0x5a) response.events.push(readMessage(Event, reader));
    else mergeField(WatchResponse, response, tag, reader);
  }
}
