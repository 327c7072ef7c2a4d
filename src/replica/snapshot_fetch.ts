import type { MemberId } from "../base/ids.ts";
import type { SnapshotMessage } from "../raft/message.ts";
import type { Segment, SnapshotManifest } from "../raft/snapshot.ts";
import type { ChunkAnswer, ManifestAnswer, PeerMessage } from "../transport/peer_message.ts";

/** Pieces asked for at the same time: enough to keep a connection busy, little enough to bound it. */
const CHUNKS_IN_FLIGHT = 4;
/** A request without an answer is made again after this long. */
const RETRY_MS = 1_000;
/** A transfer without any progress for this long is given up; the leader will offer another. */
const GIVE_UP_MS = 10_000;

/** A snapshot whose every byte has arrived. */
export interface FetchedSnapshot {
  /** The leader's message, to be stepped into Raft now that the data is here. */
  readonly message: SnapshotMessage;
  readonly manifest: SnapshotManifest;
  readonly segments: readonly Segment[];
}

const NOT_ASKED = -1;

/** One segment that is being fetched. */
interface Download {
  readonly bytes: Uint8Array;
  /** The offset that an answer is awaited for, or {@linkcode NOT_ASKED}. */
  asked: number;
  /** Bytes received; pieces are taken in order of their offsets only. */
  received: number;
}

/** Sends to the replica that the snapshot comes from. */
type Send = (to: MemberId, messages: readonly PeerMessage[]) => void;

/**
 * A follower's side of a snapshot transfer: pulls the manifest, then the segments that it does not
 * hold yet. Every request may be lost and is made again; segments that arrived are kept by their
 * content, so a transfer that starts over with a newer snapshot resumes where it was.
 */
export class SnapshotFetch {
  readonly #send: Send;
  #message: SnapshotMessage | null = null;
  #manifest: SnapshotManifest | null = null;
  #held = new Map<string, Segment>();
  #missing: { id: string; byteLength: number }[] = [];
  #downloads = new Map<string, Download>();
  #askedMs = 0;
  #progressMs = 0;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Whether a transfer is under way. */
  get isActive(): boolean {
    return this.#message !== null;
  }

  /**
   * A leader offers a snapshot. An offer of the same leader is ignored while a transfer from it makes
   * progress, since leaders offer again and again until the follower has caught up.
   */
  offer(message: SnapshotMessage, nowMs: number): void {
    const current = this.#message;
    if (current !== null && current.from === message.from && current.term === message.term) return;
    if (current !== null && message.term < current.term) return;
    this.#message = message;
    this.#manifest = null;
    this.#missing = [];
    this.#downloads.clear();
    this.#progressMs = nowMs;
    this.#ask(nowMs);
  }

  /** Takes the manifest; `local` are the segments that this replica has anyway. */
  onManifest(
    from: MemberId,
    answer: ManifestAnswer,
    local: () => readonly Segment[],
    nowMs: number,
  ): FetchedSnapshot | null {
    const message = this.#message;
    if (message === null || from !== message.from || answer.index !== message.snapshot.index) {
      return null;
    }
    if (answer.manifest === null || answer.manifest.term !== message.snapshot.term) {
      this.#message = null;
      return null;
    }
    if (this.#manifest !== null) return null;
    this.#manifest = answer.manifest;
    const wanted = new Set(answer.manifest.segments.map(({ id }) => id));
    for (const segment of local()) if (wanted.has(segment.id)) this.#held.set(segment.id, segment);
    for (const id of this.#held.keys()) if (!wanted.has(id)) this.#held.delete(id);
    this.#missing = answer.manifest.segments.filter(({ id }) => !this.#held.has(id));
    this.#progressMs = nowMs;
    this.#ask(nowMs);
    return this.#finished();
  }

  /** Takes a piece of a segment and answers the whole snapshot once it is complete. */
  onChunk(from: MemberId, answer: ChunkAnswer, nowMs: number): FetchedSnapshot | null {
    const message = this.#message;
    if (message === null || from !== message.from || answer.index !== message.snapshot.index) {
      return null;
    }
    if (answer.bytes === null) {
      this.#message = null;
      return null;
    }
    const download = this.#downloads.get(answer.segmentId);
    if (download === undefined || answer.offset !== download.received) return null;
    const end = download.received + answer.bytes.length;
    if (end > download.bytes.length) {
      this.#message = null;
      return null;
    }
    download.bytes.set(answer.bytes, download.received);
    download.received = end;
    this.#progressMs = nowMs;
    if (end === download.bytes.length) {
      this.#downloads.delete(answer.segmentId);
      this.#held.set(answer.segmentId, {
        id: answer.segmentId,
        byteLength: end,
        bytes: download.bytes,
      });
    }
    this.#ask(nowMs);
    return this.#finished();
  }

  /** Asks again for what did not come, and gives a dead transfer up. */
  tick(nowMs: number): void {
    if (this.#message === null) return;
    if (nowMs - this.#progressMs >= GIVE_UP_MS) {
      this.#message = null;
      this.#downloads.clear();
    } else if (nowMs - this.#progressMs >= RETRY_MS && nowMs - this.#askedMs >= RETRY_MS) {
      for (const download of this.#downloads.values()) download.asked = NOT_ASKED;
      this.#ask(nowMs);
    }
  }

  /** Forgets the transfer and what it has brought. */
  clear(): void {
    this.#message = null;
    this.#manifest = null;
    this.#missing = [];
    this.#held.clear();
    this.#downloads.clear();
  }

  #ask(nowMs: number): void {
    const message = this.#message;
    if (message === null) return;
    this.#askedMs = nowMs;
    const { index } = message.snapshot;
    if (this.#manifest === null) {
      this.#send(message.from, [{ type: "manifestRequest", index }]);
      return;
    }
    while (this.#downloads.size < CHUNKS_IN_FLIGHT && this.#missing.length > 0) {
      const { id, byteLength } = this.#missing.shift() as { id: string; byteLength: number };
      if (byteLength === 0) this.#held.set(id, { id, byteLength, bytes: new Uint8Array(0) });
      else {this.#downloads.set(id, {
          bytes: new Uint8Array(byteLength),
          asked: NOT_ASKED,
          received: 0,
        });}
    }
    for (const [segmentId, download] of this.#downloads) {
      if (download.asked === download.received) continue;
      this.#send(message.from, [
        { type: "chunkRequest", index, segmentId, offset: download.received },
      ]);
      download.asked = download.received;
    }
  }

  #finished(): FetchedSnapshot | null {
    const message = this.#message;
    const manifest = this.#manifest;
    if (message === null || manifest === null) return null;
    if (this.#missing.length > 0 || this.#downloads.size > 0) return null;
    const segments: Segment[] = [];
    for (const { id } of manifest.segments) {
      const segment = this.#held.get(id);
      if (segment === undefined) return null;
      segments.push(segment);
    }
    this.clear();
    return { message, manifest, segments };
  }
}
