import { assert } from "../base/assert.ts";
import type { Stoppable } from "../base/clock.ts";
import { type MemberId, NO_MEMBER } from "../base/ids.ts";
import type { Machine } from "../machine/machine.ts";
import { decodeBatch } from "../machine/command.ts";
import { type Entry, EntryKind } from "../raft/entry.ts";
import type { Message, SnapshotMessage } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import type { Ready, Write } from "../raft/ready.ts";
import type { LogStore } from "../storage/log_store.ts";
import type { PeerMessage } from "../transport/peer_message.ts";
import type { PeerTransport } from "../transport/peer_transport.ts";
import { ReplicaError } from "./errors.ts";
import { type ReplicaOptions, TICKS_PER_HEARTBEAT, type Timing } from "./options.ts";
import { applyConfigurationEntry } from "./membership.ts";
import type { InflightBatch, Proposals } from "./proposals.ts";
import type { ReadBarriers } from "./read_barriers.ts";
import { type FetchedSnapshot, SnapshotFetch } from "./snapshot_fetch.ts";
import { SnapshotKeeper } from "./snapshot_keeper.ts";
import { SnapshotSource } from "./snapshot_source.ts";
import type { ReplicaEvent } from "./status.ts";

/** A batch handed to a leader is handed over again when it has not been applied after this long. */
const RESEND_MS = 1_000;
/** Batches that a follower has with the leader at a time; the rest gathers and makes larger ones. */
const FORWARDED_BATCHES_MAX = 4;

/** How often one turn asks Raft for more before it lets other events through. */
const TURN_ROUNDS_MAX = 8;

/** The parts that the loop drives; see `open.ts` for how they are made. */
export interface LoopParts {
  readonly options: ReplicaOptions;
  readonly timing: Timing;
  readonly raft: RaftNode;
  readonly machine: Machine;
  readonly storage: LogStore;
  readonly transport: PeerTransport;
  readonly proposals: Proposals;
  readonly barriers: ReadBarriers;
  /** The snapshot that the storage holds and the machine was restored from. */
  readonly snapshot: { readonly index: number; readonly term: number };
}

/**
 * The loop of one replica: the only place where Raft, the state machine, storage and transport meet.
 *
 * A turn runs when something has happened (a request, a message, a tick, a finished write) and does
 * all that there is to do at once: requests gathered since the last turn become one entry, one write,
 * one frame for each peer. While a write is under way the next turn's work gathers behind it, so load
 * makes batches larger and turns not slower.
 */
export class Loop {
  readonly #parts: LoopParts;
  readonly #fetch: SnapshotFetch;
  readonly #source = new SnapshotSource();
  readonly #keeper: SnapshotKeeper;
  readonly #ticker: Stoppable;
  /** A snapshot that has been fetched and stepped into Raft, until it is installed. */
  #fetched: FetchedSnapshot | null = null;
  /**
   * The entry that the machine stands at. Safety: reads are served by this and not by Raft's mark,
   * which is ahead while a snapshot is being installed.
   */
  #applied: { index: number; term: number };
  #turnScheduled = false;
  #isWriting = false;
  #stopped = false;
  #failure: Error | null = null;
  #writeDone: Promise<void> = Promise.resolve();

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#applied = parts.snapshot;
    const { options, timing, transport, storage } = parts;
    this.#fetch = new SnapshotFetch((to, messages) => transport.send(to, messages));
    this.#keeper = new SnapshotKeeper(storage, parts.snapshot.index, timing, {
      neededFrom: () => this.#source.neededFrom(options.clock.nowMs()),
      onSaved: (index, compactThrough, byteLength) => {
        if (this.#stopped) return;
        parts.raft.compact(compactThrough);
        this.#emit({ type: "snapshotSaved", index, byteLength });
      },
      onFailed: (error) => this.fail(error),
    });
    const tickMs = timing.heartbeatIntervalMs / TICKS_PER_HEARTBEAT;
    this.#ticker = options.clock.every(tickMs, () => this.#tick());
    this.#meetPeers();
    transport.start({
      onMessages: (from, messages) => this.#receive(from, messages),
      onConnected: (peer) => this.#emit({ type: "peerConnected", peer }),
      onDisconnected: (peer) => {
        parts.raft.reportUnreachable(peer);
        this.#emit({ type: "peerDisconnected", peer });
      },
    });
  }

  /** The failure that stopped the loop, if one did. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Runs a turn when the present event has been handled. */
  schedule(): void {
    if (this.#turnScheduled || this.#stopped) return;
    this.#turnScheduled = true;
    this.#parts.options.clock.defer(() => {
      this.#turnScheduled = false;
      if (this.#stopped) return;
      try {
        this.#turn();
      } catch (error) {
        this.fail(error);
      }
    });
  }

  /** Stops for good: nothing is sent, written or answered any more. */
  fail(error: unknown): void {
    if (this.#stopped) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#halt(new ReplicaError("stopped", `The replica has stopped: ${this.#failure.message}`));
    this.#emit({ type: "failed", error: this.#failure });
  }

  /** Stops in good order and resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#halt(new ReplicaError("stopped", "The replica is closing: ask another one"));
    await this.#parts.transport.close();
    await this.#writeDone;
    await this.#keeper.idle();
  }

  #halt(reason: ReplicaError): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#ticker.stop();
    this.#parts.proposals.rejectAll(reason);
    this.#parts.barriers.rejectAll(reason);
    this.#fetch.clear();
    this.#source.clear();
  }

  #tick(): void {
    if (this.#stopped) return;
    const nowMs = this.#parts.options.clock.nowMs();
    this.#parts.proposals.expire(nowMs);
    this.#parts.barriers.expire(nowMs);
    this.#fetch.tick(nowMs);
    this.#parts.raft.tick();
    this.schedule();
  }

  #turn(): void {
    const { raft, barriers } = this.#parts;
    this.#handOver();
    this.#ask();
    // What is done may make more ready, but a long backlog gives way to timers and messages.
    for (let rounds = 0; !this.#stopped && raft.hasReady(); rounds++) {
      if (rounds === TURN_ROUNDS_MAX) {
        this.#parts.options.clock.after(0, () => this.schedule());
        break;
      }
      this.#do(raft.ready());
    }
    barriers.serve(this.#applied.index);
  }

  /** Hands gathered commands to the leader, and again those that a lost leader may have dropped. */
  #handOver(): void {
    const { raft, proposals } = this.#parts;
    if (raft.leader === NO_MEMBER) return;
    const nowMs = this.#parts.options.clock.nowMs();
    for (const batch of proposals.inflight()) {
      const isNewLeader = batch.sentLeader !== raft.leader || batch.sentTerm !== raft.term;
      const isLate = !raft.isLeader && nowMs - batch.sentMs >= RESEND_MS;
      if ((isNewLeader || isLate) && !this.#handOverBatch(batch, nowMs)) return;
    }
    while (proposals.hasGathered && this.#mayHandOver()) {
      const batch = proposals.nextBatch();
      if (batch === null || !this.#handOverBatch(batch, nowMs)) return;
    }
  }

  /** A leader's batches grow while it writes, a follower's while it has enough with the leader. */
  #mayHandOver(): boolean {
    return this.#parts.raft.isLeader
      ? !this.#isWriting
      : this.#parts.proposals.inflightCount < FORWARDED_BATCHES_MAX;
  }

  /** @returns whether the batch is on its way; if not, a later turn tries again. */
  #handOverBatch(batch: InflightBatch, nowMs: number): boolean {
    const { raft, transport } = this.#parts;
    if (raft.isLeader) {
      if (raft.propose([batch.bytes]) !== "accepted") return false;
    } else {
      transport.send(raft.leader, [{ type: "forward", batch: batch.bytes }]);
    }
    batch.sentLeader = raft.leader;
    batch.sentTerm = raft.term;
    batch.sentMs = nowMs;
    return true;
  }

  /** Asks the leader once for all linearizable reads that wait. */
  #ask(): void {
    const { raft, barriers, options } = this.#parts;
    if (!barriers.wantsRound) return;
    const context = barriers.openRound(options.clock.nowMs());
    if (raft.readIndex(context) !== "accepted") barriers.reopen();
  }

  #do(ready: Ready): void {
    const { raft, barriers } = this.#parts;
    if (ready.roleChange !== null) {
      // An open question to the old leader may never be answered: ask the new one.
      barriers.reopen();
      if (ready.roleChange.role !== "leader") this.#source.clear();
      this.#emit({ type: "leader", ...ready.roleChange });
    }
    this.#send(ready.messages);
    if (ready.write !== null) this.#persist(ready.write);
    for (const { context, index } of ready.reads) barriers.answer(context, index);
    if (ready.committed.length > 0) {
      for (const entry of ready.committed) this.#apply(entry);
      raft.applied(this.#applied.index);
      this.#saveIfDue();
    }
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === "snapshot") this.#pin(message);
      this.#parts.transport.send(message.to, [message]);
    }
  }

  /** Safety: the state machine stands exactly at the message's index; nothing was applied since. */
  #pin({ snapshot }: SnapshotMessage): void {
    if (this.#source.has(snapshot.index)) return;
    this.#source.pin(snapshot, this.#parts.machine.snapshot(), this.#parts.options.clock.nowMs());
  }

  #persist(write: Write): void {
    assert(!this.#isWriting, "One write is under way at a time");
    this.#isWriting = true;
    this.#writeDone = this.#write(write).then(
      () => {
        this.#isWriting = false;
        if (this.#stopped) return;
        this.#send(write.messages);
        this.#parts.raft.written(write);
        this.schedule();
      },
      (error) => {
        this.#isWriting = false;
        this.fail(error);
      },
    );
  }

  #write(write: Write): Promise<void> {
    const batch = { hardState: write.hardState, entries: write.entries };
    if (write.snapshot === null) return this.#parts.storage.append(batch);
    return this.#install(write).then(() => this.#parts.storage.append(batch));
  }

  /** Puts a fetched snapshot in the place of the machine's state and of the stored snapshot. */
  async #install(write: Write): Promise<void> {
    const fetched = this.#fetched;
    assert(
      fetched !== null && fetched.manifest.index === write.snapshot?.index,
      "A snapshot is stepped into Raft only with its data at hand",
    );
    this.#fetched = null;
    await this.#keeper.idle();
    await this.#parts.storage.saveSnapshot(fetched.manifest, fetched.segments);
    if (this.#stopped) return;
    this.#parts.machine.restore(fetched.manifest.header, fetched.segments);
    this.#meetPeers();
    this.#keeper.onInstalled(fetched.manifest.index);
    this.#applied = fetched.manifest;
    this.#emit({
      type: "snapshotInstalled",
      index: fetched.manifest.index,
      from: fetched.message.from,
    });
  }

  #apply(entry: Entry): void {
    const { machine, proposals } = this.#parts;
    this.#keeper.onApplied(entry);
    if (entry.kind === EntryKind.Command) {
      const { origin, incarnation, number, duplicate, results } = machine.apply(entry.data);
      if (!duplicate && proposals.isOurs(origin, incarnation)) proposals.settle(number, results);
    } else if (entry.kind === EntryKind.Configuration) {
      applyConfigurationEntry(entry, this.#parts);
      this.#meetPeers();
    }
    this.#applied = entry;
  }

  #saveIfDue(): void {
    const { raft, machine } = this.#parts;
    const { index, term } = this.#applied;
    if (!this.#keeper.isDue(index)) return;
    this.#keeper.save({ index, term, configuration: raft.configuration }, machine.snapshot());
  }

  #receive(from: MemberId, messages: readonly PeerMessage[]): void {
    if (this.#stopped) return;
    try {
      for (const message of messages) this.#step(from, message);
    } catch (error) {
      this.fail(error);
    }
    this.schedule();
  }

  #step(from: MemberId, message: PeerMessage): void {
    const { raft, transport, options, machine } = this.#parts;
    const nowMs = options.clock.nowMs();
    switch (message.type) {
      case "forward":
        // Safety: what does not decode must never reach the log, where it would stop every replica.
        if (raft.isLeader && isBatch(message.batch)) raft.propose([message.batch]);
        return;
      case "manifestRequest":
        raft.reportSnapshotProgress(from);
        return transport.send(from, [this.#source.manifest(message.index, nowMs)]);
      case "chunkRequest":
        raft.reportSnapshotProgress(from);
        return transport.send(from, [this.#source.chunk(message, nowMs)]);
      case "manifestAnswer": {
        const local = () => machine.snapshot().segments;
        return this.#onFetched(this.#fetch.onManifest(from, message, local, nowMs));
      }
      case "chunkAnswer":
        return this.#onFetched(this.#fetch.onChunk(from, message, nowMs));
      case "call":
      case "callAnswer":
        return;
      case "snapshot":
        if (message.from === from && message.snapshot.index > raft.commit && !this.#fetched) {
          return this.#fetch.offer(message, nowMs);
        }
    }
    if (message.from === from) raft.step(message);
  }

  #onFetched(fetched: FetchedSnapshot | null): void {
    if (fetched === null) return;
    const { raft } = this.#parts;
    raft.step(fetched.message);
    // Raft may have come by the entries in another way meanwhile; then the snapshot is not needed.
    if (raft.status().firstIndex === fetched.manifest.index + 1) this.#fetched = fetched;
  }

  /** Tells the transport who the others are and where. */
  #meetPeers(): void {
    const { machine, transport } = this.#parts;
    const members = machine.members.list();
    transport.setPeers(members.map(({ id, peerUrls }) => ({ id, urls: peerUrls })));
  }

  #emit(event: ReplicaEvent): void {
    this.#parts.options.onEvent?.(event);
  }
}

function isBatch(bytes: Uint8Array): boolean {
  try {
    return decodeBatch(bytes).commands.length > 0;
  } catch {
    return false;
  }
}
