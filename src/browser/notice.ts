import type { BrowserReplicaStatus } from "./status.ts";

/** What the tabs of one replica tell each other on the channel that they share. */
export type Notice =
  /** A tab wants to hear the status now. */
  | { readonly type: "ask" }
  /** A tab waits for the replica on a link of that name. */
  | { readonly type: "connect"; readonly link: string }
  /** The replica is in the worker of that name, and this is how it is. */
  | { readonly type: "status"; readonly holder: string; readonly status: BrowserReplicaStatus };

/** The channel that all tabs of a replica share. */
export function noticeChannel(name: string): BroadcastChannel {
  return new BroadcastChannel(nameOf(name));
}

/** What a replica's lock, channels and database are called. */
export function nameOf(name: string): string {
  return `kvorum-browser-${name}`;
}
