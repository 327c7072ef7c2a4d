import type { LeaseId, MemberId } from "../base/ids.ts";
import { type Command, decodeStamp } from "../machine/command.ts";
import { ExpiryQueue } from "../machine/expiry_queue.ts";
import { expireLeaseCommand } from "../machine/lease_command.ts";
import type { Machine } from "../machine/machine.ts";
import { ByteReader } from "../base/byte_reader.ts";
import { type Entry, EntryKind } from "../raft/entry.ts";
import type { Message } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import type { SnapshotMeta } from "../raft/snapshot.ts";
import type { LeaseClockMessage, PeerMessage } from "../transport/peer_message.ts";
import { LeaseClock, type Stamp } from "./lease_clock.ts";

/** Leases ended in one tick, so that the end of many at once does not crowd out the rest. */
const ENDED_PER_TICK = 100;
/**
 * While nothing is written and there are leases, the log gets a stamp this often. Only a cluster that
 * starts from its logs alone needs it.
 */
const STAMP_INTERVAL_MS = 60_000;

/** What a lease has left. */
export interface LeaseTime {
  /** Whole seconds until the lease ends; -1 if there is no such lease. */
  readonly remainingSeconds: number;
  readonly grantedSeconds: number;
}

/** What the keeper needs of the replica that it is part of. */
interface KeeperContext {
  readonly machine: Machine;
  readonly raft: RaftNode;
  nowMs(): number;
  /** Whether this replica leads and has applied an entry of its own term. */
  leads(): boolean;
  proposeAsLeader(commands: readonly Command[]): void;
}

/**
 * Keeps the lease clock, and as leader sees to it that leases end: the clock says when the time of one
 * is over, and the log then ends it on every replica alike.
 */
export class LeaseKeeper {
  readonly #context: KeeperContext;
  readonly #clock: LeaseClock;
  readonly #queue: ExpiryQueue;
  #isOpen = false;
  #stampedMs = 0;

  constructor(context: KeeperContext, clock: LeaseClock) {
    this.#context = context;
    this.#clock = clock;
    this.#queue = new ExpiryQueue(context.machine.leases);
  }

  /** What the lease clock shows: as leader the time itself, else the best that is known of it. */
  clockMs(): number {
    const { raft, nowMs } = this.#context;
    const readingMs = raft.isLeader
      ? this.#clock.lead(raft.term, nowMs())
      : this.#clock.read(nowMs());
    return Math.floor(readingMs);
  }

  /** A message with the leader's reading where it goes to who follows. */
  withReading(message: Message): PeerMessage[] {
    if (message.type !== "append" && message.type !== "heartbeat") return [message];
    return [message, { type: "leaseClock", term: message.term, readingMs: this.clockMs() }];
  }

  /** The leader of the present term has told its reading. */
  told(from: MemberId, { term, readingMs }: LeaseClockMessage): void {
    const { raft, nowMs } = this.#context;
    if (from === raft.leader && term === raft.term) this.#clock.told(term, readingMs, nowMs());
  }

  /** Raft has taken a message, which may have changed the log. */
  stepped(message: Message): void {
    const { raft, nowMs } = this.#context;
    if (message.term !== raft.term) return;
    if (message.type === "append") {
      const { prevIndex, prevTerm, entries } = message;
      const end = entries.at(-1) ?? { index: prevIndex, term: prevTerm };
      if (raft.lastIndex !== end.index || raft.lastTerm !== end.term) return;
      this.#clock.appended(message.term, lastStamp(entries), nowMs());
    } else if (message.type === "snapshot") {
      const isTaken = raft.pendingSnapshot?.index === message.snapshot.index;
      if (isTaken) this.#clock.replaced(message.term);
    }
  }

  /** A snapshot has replaced the machine's state. */
  installed({ term }: SnapshotMeta): void {
    const { machine, nowMs } = this.#context;
    this.#clock.installed(stampOf(term, machine), nowMs());
  }

  /** Follows the replica's role: queues leases when it leads. */
  follow(): void {
    const leads = this.#context.leads();
    if (leads === this.#isOpen) return;
    this.#isOpen = leads;
    if (leads) this.#queue.open();
    else this.#queue.close();
  }

  /** Ends the leases whose time is over. */
  tick(): void {
    const { machine, proposeAsLeader } = this.#context;
    if (!this.#isOpen || machine.leases.size === 0) return;
    const clockMs = this.clockMs();
    const ended = this.#queue.takeOver(clockMs, ENDED_PER_TICK);
    const stampedMs = Math.max(machine.leases.clockMs, this.#stampedMs);
    if (ended.length === 0 && clockMs - stampedMs < STAMP_INTERVAL_MS) return;
    this.#stampedMs = clockMs;
    proposeAsLeader(ended.map(expireLeaseCommand));
  }

  /** What a lease has left, as far as this replica knows. */
  timeOf(id: LeaseId): LeaseTime {
    const lease = this.#context.machine.leases.get(id);
    if (lease === null) return { remainingSeconds: -1, grantedSeconds: 0 };
    const remainingMs = Math.max(0, lease.endsMs - this.clockMs());
    return {
      remainingSeconds: Math.floor(remainingMs / 1_000),
      grantedSeconds: lease.ttlSeconds,
    };
  }
}

/** The lease clock of a replica that starts, from what its storage held. */
export function recoverLeaseClock(
  machine: Machine,
  snapshot: { readonly term: number } | null,
  entries: readonly Entry[],
  nowMs: number,
): LeaseClock {
  return new LeaseClock(lastStamp(entries) ?? stampOf(snapshot?.term ?? 0, machine), nowMs);
}

/** What a machine that was restored from a snapshot of that term knows of the clock. */
function stampOf(term: number, { leases }: Machine): Stamp {
  return { term, readingMs: leases.clockMs };
}

/** The last stamp among these entries. */
function lastStamp(entries: readonly Entry[]): Stamp | null {
  const entry = entries.findLast(({ kind }) => kind === EntryKind.Command);
  if (entry === undefined) return null;
  const { term, data } = entry;
  return { term, readingMs: decodeStamp(new ByteReader(data)) };
}
