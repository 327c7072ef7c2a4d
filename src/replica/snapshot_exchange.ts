import { assert } from "../base/assert.ts";
import type { MemberId } from "../base/ids.ts";
import type { Machine } from "../machine/machine.ts";
import type { SnapshotMessage } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import type { SnapshotMeta } from "../raft/snapshot.ts";
import type {
  ChunkAnswer,
  ChunkRequest,
  ManifestAnswer,
  ManifestRequest,
} from "../transport/peer_message.ts";
import type { PeerTransport } from "../transport/peer_transport.ts";
import { type FetchedSnapshot, SnapshotFetch } from "./snapshot_fetch.ts";
import { SnapshotSource } from "./snapshot_source.ts";

/** The messages that two replicas exchange about a snapshot's data. */
export type SnapshotDataMessage = ManifestRequest | ManifestAnswer | ChunkRequest | ChunkAnswer;

/** Both sides of snapshot transfers of one replica, and the hand-over to Raft. */
export class SnapshotExchange {
  readonly #raft: RaftNode;
  readonly #machine: Machine;
  readonly #transport: PeerTransport;
  readonly #onStepped: (message: SnapshotMessage) => void;
  readonly #source = new SnapshotSource();
  readonly #fetch: SnapshotFetch;
  /** A snapshot that has been fetched and stepped into Raft, until it is installed. */
  #fetched: FetchedSnapshot | null = null;

  /** @param onStepped Hears of each message that Raft was given, when its data was at hand. */
  constructor(
    raft: RaftNode,
    machine: Machine,
    transport: PeerTransport,
    onStepped: (message: SnapshotMessage) => void,
  ) {
    this.#raft = raft;
    this.#machine = machine;
    this.#transport = transport;
    this.#onStepped = onStepped;
    this.#fetch = new SnapshotFetch((to, messages) => transport.send(to, messages));
  }

  /**
   * Keeps the machine's state for a follower that is being told of it.
   * Safety: the machine stands exactly at the message's index; nothing was applied since.
   */
  pin({ snapshot }: SnapshotMessage, nowMs: number): void {
    if (this.#source.has(snapshot.index)) return;
    this.#source.pin(snapshot, this.#machine.snapshot(), nowMs);
  }

  /** The leader tells this replica to fetch a snapshot. @returns whether that is being done. */
  offer(message: SnapshotMessage, nowMs: number): boolean {
    if (message.snapshot.index <= this.#raft.commit) return false;
    if (this.#fetched === null) this.#fetch.offer(message, nowMs);
    return true;
  }

  /** Takes a message about a snapshot's data. */
  receive(from: MemberId, message: SnapshotDataMessage, nowMs: number): void {
    switch (message.type) {
      case "manifestRequest":
        this.#raft.reportSnapshotProgress(from);
        return this.#transport.send(from, [this.#source.manifest(message.index, nowMs)]);
      case "chunkRequest":
        this.#raft.reportSnapshotProgress(from);
        return this.#transport.send(from, [this.#source.chunk(message, nowMs)]);
      case "manifestAnswer": {
        const local = () => this.#machine.snapshot().segments;
        return this.#step(this.#fetch.onManifest(from, message, local, nowMs));
      }
      case "chunkAnswer":
        return this.#step(this.#fetch.onChunk(from, message, nowMs));
    }
  }

  /** The data of the snapshot that Raft wants installed. */
  take({ index }: SnapshotMeta): FetchedSnapshot {
    const fetched = this.#fetched;
    assert(
      fetched !== null && fetched.manifest.index === index,
      "A snapshot is stepped into Raft only with its data at hand",
    );
    this.#fetched = null;
    return fetched;
  }

  /** The lowest index that a follower is fetching from, or infinity. */
  neededFrom(nowMs: number): number {
    return this.#source.neededFrom(nowMs);
  }

  /** Asks again for what was lost. */
  tick(nowMs: number): void {
    this.#fetch.tick(nowMs);
  }

  /** Lets go of what only a leader needs. */
  stopServing(): void {
    this.#source.clear();
  }

  /** Lets go of everything. */
  clear(): void {
    this.#source.clear();
    this.#fetch.clear();
    this.#fetched = null;
  }

  #step(fetched: FetchedSnapshot | null): void {
    if (fetched === null) return;
    this.#raft.step(fetched.message);
    this.#onStepped(fetched.message);
    // Raft may have come by the entries in another way meanwhile; then the snapshot is not needed.
    if (this.#raft.pendingSnapshot?.index === fetched.manifest.index) this.#fetched = fetched;
  }
}
