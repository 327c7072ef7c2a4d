import { assert } from "../base/assert.ts";
import type { Stoppable } from "../base/clock.ts";
import type { MemberId } from "../base/ids.ts";
import type { Command } from "../machine/command.ts";
import { type Entry, EntryKind } from "../raft/entry.ts";
import type { Message } from "../raft/message.ts";
import type { Ready, Write } from "../raft/ready.ts";
import type { PeerMessage } from "../transport/peer_message.ts";
import { Departure } from "./departure.ts";
import { ReplicaError } from "./errors.ts";
import { HandOver } from "./hand_over.ts";
import { LeaderCalls } from "./leader_calls.ts";
import { LeaseKeeper } from "./lease_keeper.ts";
import { MemberChanges } from "./member_changes.ts";
import type { OpenedParts } from "./open.ts";
import { TICKS_PER_HEARTBEAT } from "./options.ts";
import type { FetchedSnapshot } from "./snapshot_fetch.ts";
import { SnapshotExchange } from "./snapshot_exchange.ts";
import { inSteps, SnapshotKeeper } from "./snapshot_keeper.ts";
import type { ReplicaEvent } from "./status.ts";
import { DEFAULT_UPKEEP, Upkeep } from "./upkeep.ts";

/** How often one turn asks Raft for more before it lets other events through. */
const TURN_ROUNDS_MAX = 8;

/**
 * The loop of one replica: the only place where Raft, the state machine, storage and transport meet.
 *
 * A turn runs when something has happened (a request, a message, a tick, a finished write) and does
 * all that there is to do at once: requests gathered since the last turn become one entry, one write,
 * one frame for each peer. While a write is under way the next turn's work gathers behind it, so load
 * makes batches larger and turns not slower.
 */
export class Loop {
  /** Calls to the leader; others than the loop make them. */
  readonly calls: LeaderCalls;
  /** The lease clock, and the end of leases. */
  readonly leases: LeaseKeeper;
  /** Changes of who takes part; leader only. */
  readonly changes: MemberChanges;
  /** What the store needs without being asked. */
  readonly upkeep: Upkeep;
  readonly #parts: OpenedParts;
  readonly #onEvent: (event: ReplicaEvent) => void;
  readonly #handOver: HandOver;
  readonly #departure: Departure;
  readonly #snapshots: SnapshotExchange;
  readonly #keeper: SnapshotKeeper;
  readonly #ticker: Stoppable;
  /**
   * The entry that the machine stands at. Safety: reads are served by this and not by Raft's mark,
   * which is ahead while a snapshot is being installed.
   */
  #applied: { readonly index: number; readonly term: number };
  #turnScheduled = false;
  #isWriting = false;
  #stopped = false;
  #failure: Error | null = null;
  #writeDone: Promise<void> = Promise.resolve();

  constructor(parts: OpenedParts, onEvent: (event: ReplicaEvent) => void) {
    const { options, timing, transport, storage, raft, machine } = parts;
    const { clock } = options;
    this.#parts = parts;
    this.#onEvent = onEvent;
    this.#applied = parts.snapshot;
    this.#handOver = new HandOver(raft, parts.proposals, transport, () => this.leases.clockMs());
    this.#departure = new Departure(raft, clock, (reason) => this.fail(reason));
    this.#snapshots = new SnapshotExchange(raft, machine, transport, (message) => {
      this.leases.stepped(message);
    });
    this.#keeper = new SnapshotKeeper(storage, clock, parts.snapshot.index, timing, {
      neededFrom: () => this.#snapshots.neededFrom(clock.nowMs()),
      onSaved: (index, compactThrough, byteLength) => {
        if (this.#stopped) return;
        raft.compact(compactThrough);
        onEvent({ type: "snapshotSaved", index, byteLength });
      },
      onFailed: (error) => this.fail(error),
    });
    this.changes = new MemberChanges(machine, raft);
    this.calls = new LeaderCalls({
      id: raft.id,
      leader: () => raft.leader,
      nowMs: () => clock.nowMs(),
      send: (to, message) => transport.send(to, [message]),
    }, parts.epoch);
    const duty = {
      machine,
      nowMs: () => clock.nowMs(),
      leads: () => raft.isLeader && this.#applied.term === raft.term && !this.#stopped,
      proposeAsLeader: (commands: readonly Command[]) => this.#proposeAsLeader(commands),
      wait: (delayMs: number) => new Promise<void>((resolve) => clock.after(delayMs, resolve)),
    };
    this.leases = new LeaseKeeper({ ...duty, raft }, parts.leaseClock);
    this.upkeep = new Upkeep({ ...duty, id: raft.id, calls: this.calls, onEvent }, {
      ...DEFAULT_UPKEEP,
      ...options.upkeep,
    });
    const tickMs = timing.heartbeatIntervalMs / TICKS_PER_HEARTBEAT;
    this.#ticker = clock.every(tickMs, () => this.#tick());
    this.#meetPeers();
    transport.start({
      onMessages: (from, messages) => this.#receive(from, messages),
      onConnected: (peer) => onEvent({ type: "peerConnected", peer }),
      onDisconnected: (peer) => {
        raft.reportUnreachable(peer);
        onEvent({ type: "peerDisconnected", peer });
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
    this.#onEvent({ type: "failed", error: this.#failure });
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
    this.calls.rejectAll(reason);
    this.leases.follow();
    this.changes.leadershipLost();
    this.#snapshots.clear();
  }

  #tick(): void {
    if (this.#stopped) return;
    const { proposals, barriers, raft, machine, options } = this.#parts;
    const nowMs = options.clock.nowMs();
    proposals.expire(nowMs);
    barriers.expire(nowMs);
    this.#snapshots.tick(nowMs);
    this.calls.tick();
    raft.tick();
    this.leases.follow();
    this.leases.tick();
    this.upkeep.tick();
    // Space is freed a step with each batch; while nobody writes, empty ones keep that going.
    if (raft.isLeader && machine.isCompacting) this.#proposeAsLeader([]);
    this.schedule();
  }

  #turn(): void {
    const { raft, barriers, options } = this.#parts;
    this.#handOver.run(options.clock.nowMs(), this.#isWriting);
    this.#ask();
    // What is done may make more ready, but a long backlog gives way to timers and messages.
    for (let rounds = 0; !this.#stopped && raft.hasReady(); rounds++) {
      if (rounds === TURN_ROUNDS_MAX) {
        options.clock.after(0, () => this.schedule());
        break;
      }
      this.#do(raft.ready());
    }
    barriers.serve(this.#applied.index);
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
    if (ready.roleChange !== null) this.#changeRole(ready.roleChange);
    this.#send(ready.messages);
    if (ready.write !== null) this.#persist(ready.write);
    for (const { context, index } of ready.reads) barriers.answer(context, index);
    if (ready.committed.length > 0) {
      for (const entry of ready.committed) this.#apply(entry);
      raft.applied(this.#applied.index);
      this.leases.follow();
      this.upkeep.changed();
      this.#saveIfDue();
    }
  }

  #changeRole(change: NonNullable<Ready["roleChange"]>): void {
    // An open question to the old leader may never be answered: ask the new one.
    this.#parts.barriers.reopen();
    this.leases.follow();
    if (change.role !== "leader") {
      this.#snapshots.stopServing();
      this.changes.leadershipLost();
    }
    this.#onEvent({ type: "leader", ...change });
  }

  #send(messages: readonly Message[]): void {
    const { transport, options } = this.#parts;
    for (const message of messages) {
      if (message.type === "snapshot") this.#snapshots.pin(message, options.clock.nowMs());
      transport.send(message.to, this.leases.withReading(message));
    }
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

  async #write({ hardState, entries, snapshot }: Write): Promise<void> {
    if (snapshot !== null) await this.#install(this.#snapshots.take(snapshot));
    await this.#parts.storage.append({ hardState, entries });
  }

  /** Puts a fetched snapshot in the place of the machine's state and of the stored snapshot. */
  async #install({ message, manifest, segments }: FetchedSnapshot): Promise<void> {
    await this.#keeper.idle();
    const { machine, options } = this.#parts;
    await this.#parts.storage.saveSnapshot(manifest, inSteps(segments, options.clock));
    if (this.#stopped) return;
    // A large store takes seconds, while heartbeats want their answers.
    for (const _step of machine.restoreInSteps(manifest.header, segments)) {
      await new Promise<void>((resolve) => options.clock.after(0, resolve));
      if (this.#stopped) return;
    }
    this.#applied = manifest;
    this.leases.installed(manifest);
    this.#keeper.onInstalled(manifest.index);
    this.upkeep.changed();
    this.#meetPeers();
    this.#onEvent({ type: "snapshotInstalled", index: manifest.index, from: message.from });
  }

  #apply(entry: Entry): void {
    const { machine, proposals } = this.#parts;
    this.#keeper.onApplied(entry);
    if (entry.kind === EntryKind.Command) {
      const { origin, incarnation, number, duplicate, results } = machine.apply(entry.data);
      if (!duplicate && proposals.isOurs(origin, incarnation)) proposals.settle(number, results);
    } else if (entry.kind === EntryKind.Configuration) {
      this.changes.apply(entry);
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
    const nowMs = this.#parts.options.clock.nowMs();
    switch (message.type) {
      case "forward":
        return this.#handOver.take(message.batch);
      case "manifestRequest":
      case "manifestAnswer":
      case "chunkRequest":
      case "chunkAnswer":
        return this.#snapshots.receive(from, message, nowMs);
      case "call":
        this.calls.onCall(from, message).catch((error) => this.fail(error));
        return;
      case "callAnswer":
        return this.calls.onAnswer(message);
      case "leaseClock":
        return this.leases.told(from, message);
      case "snapshot":
        if (message.from === from && this.#snapshots.offer(message, nowMs)) return;
    }
    // Safety: nobody speaks for another replica.
    if (message.from !== from) return;
    this.#parts.raft.step(message);
    this.leases.stepped(message);
  }

  #proposeAsLeader(commands: readonly Command[]): void {
    this.#handOver.proposeAsLeader(commands);
    this.schedule();
  }

  /**
   * Tells the transport who the others are and where, and notices when this replica is one of them
   * no more.
   */
  #meetPeers(): void {
    const { machine, transport, raft } = this.#parts;
    const members = machine.members.list();
    transport.setPeers(members.map(({ id, peerUrls }) => ({ id, urls: peerUrls })));
    if (machine.members.wasRemoved(raft.id) && this.#departure.begin()) {
      this.#onEvent({ type: "removed" });
    }
  }
}
