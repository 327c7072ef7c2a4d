import type { Event, KeyValue } from "../../proto/key_value.ts";
import type { WatchResponse } from "../../proto/watch.ts";

/** What an event costs beside its keys and values, at most. */
const EVENT_OVERHEAD_BYTES = 96;

/**
 * A response in pieces of about `bytesMax` bytes, in order; all but the last say that more follows. A
 * single event is never cut. Ref: etcd v3rpc/watch.go, sendFragments.
 */
export function fragmentsOf(response: WatchResponse, bytesMax: number): WatchResponse[] {
  const pieces: Event[][] = [];
  let piece: Event[] = [];
  let byteLength = 0;
  for (const event of response.events) {
    const eventBytes = bytesOf(event);
    if (piece.length > 0 && byteLength + eventBytes >= bytesMax) {
      pieces.push(piece);
      piece = [];
      byteLength = 0;
    }
    piece.push(event);
    byteLength += eventBytes;
  }
  if (pieces.length === 0) return [response];
  pieces.push(piece);
  return pieces.map((events, i) => ({ ...response, events, fragment: i < pieces.length - 1 }));
}

function bytesOf({ kv, prevKv }: Event): number {
  return EVENT_OVERHEAD_BYTES + bytesOfKeyValue(kv) + bytesOfKeyValue(prevKv);
}

function bytesOfKeyValue(kv: KeyValue | undefined): number {
  return kv === undefined ? 0 : kv.key.length + kv.value.length;
}
