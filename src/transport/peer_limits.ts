/** Bounds of the peer protocol beyond those in base, each with its reason. */

import { APPEND_MESSAGE_BYTES_MAX } from "../base/limits.ts";
import { ENTRY_OVERHEAD_BYTES } from "../raft/entry.ts";

/** Messages share a frame up to this size, so that a heartbeat never waits behind a huge one. */
export const FRAME_BYTES_TARGET = 1_048_576;
/** Messages in one frame: bounds what a receiver allocates beyond the frame itself. */
export const FRAME_MESSAGES_MAX = 4_096;
/** Entries in one message: no honest append counts more, because each counts its overhead. */
export const MESSAGE_ENTRIES_MAX: number = APPEND_MESSAGE_BYTES_MAX / ENTRY_OVERHEAD_BYTES;
/** Members in one list of a configuration: etcd's clusters have at most a dozen. */
export const CONFIGURATION_MEMBERS_MAX = 1_024;
/** Bytes handed to a channel and not yet sent; the rest waits in our own queue, where it counts. */
export const CHANNEL_BUFFER_BYTES_MAX = 2 * 1_048_576;
/** How soon to look again whether a full channel has room: channels do not tell. */
export const DRAIN_POLL_MS = 5;
/** Connections that have not yet said who they are; past this the oldest is closed. */
export const STRANGER_CONNECTIONS_MAX = 64;
/** Connections of all kinds that are not yet fully closed; past this none is accepted. */
export const CONNECTIONS_MAX = 512;

/** The times that a transport keeps, in milliseconds. */
export interface PeerTiming {
  /** From the start of a connection to the end of the hello exchange. */
  readonly helloTimeoutMs: number;
  /** After this long without a frame of ours a ping is sent. */
  readonly pingIntervalMs: number;
  /** After this long without a frame of the peer's the connection is given up. */
  readonly silenceTimeoutMs: number;
  /** The delay of the second attempt to dial; the first one is made at once. */
  readonly redialMinMs: number;
  /** The longest delay between two attempts to dial, before jitter. */
  readonly redialMaxMs: number;
  /** How long closing the transport waits for peers to say goodbye. */
  readonly closeWaitMs: number;
}

/** What is used unless the options say otherwise. */
export const DEFAULT_PEER_TIMING: PeerTiming = {
  helloTimeoutMs: 5_000,
  pingIntervalMs: 1_000,
  silenceTimeoutMs: 5_000,
  redialMinMs: 20,
  redialMaxMs: 1_000,
  closeWaitMs: 2_000,
};
